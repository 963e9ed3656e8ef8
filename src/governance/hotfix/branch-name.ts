import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";

const LENGTH_MAX = 200;

/** Why git takes no branch of that name: https://git-scm.com/docs/git-check-ref-format */
function wrongWith(name: string): string | undefined {
  if (name.length > LENGTH_MAX) return `is longer than ${LENGTH_MAX} letters`;
  // Characters that control something, a blank, and those that git gives a meaning of their own.
  const [bad] = /[\u0000-\u0020\u007F~^:?*[\\]/.exec(name) ?? [];
  if (bad !== undefined) return `has ${JSON.stringify(bad)}, which no branch may have`;
  if (name.includes("..") || name.includes("@{")) return "has .. or @{, which no branch may have";
  if (name.endsWith(".")) return "ends in a full stop";
  const parts = name.split("/");
  if (parts.some((part) => part === "")) return "begins or ends with /, or has two of them together";
  return parts.some((part) => part.startsWith(".") || part.startsWith("-") || part.endsWith(".lock"))
    ? "has a part that begins with . or - or ends in .lock"
    : undefined;
}

/**
 * The branch of a hotfix by its name, which may have the prefix already.
 *
 * @throws input.malformed
 */
export function hotfixBranch(name: string, prefix: string): string {
  const branch = name.startsWith(prefix) ? name : prefix + name;
  const wrong = branch === prefix ? "is empty" : wrongWith(branch);
  if (wrong === undefined) return branch;
  throw new HoldfastError(
    "input.malformed",
    `the name of the hotfix, ${printableLine(name.slice(0, 100))}, ${wrong}`,
    {
      hint: "Name it in a few words with hyphens, such as lost-carts.",
    },
  );
}
