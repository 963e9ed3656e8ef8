import { printableLine } from "../../../kernel/printable.ts";
import type { LockedPackage } from "../lock.ts";
import { addressOf } from "../origin.ts";
import { eachVersion, type Rule } from "./rule.ts";
import { before } from "../../../kernel/cut.ts";

/** See its texts. */
export const RESOLVED_MISMATCH: Rule = {
  name: "resolved-mismatch",
  severity: "error",
  about: "state",
  problem:
    "An entry of the lock file bears the name and version of one package and the address of another. " +
    "What is installed is what the address says.",
  solution:
    "Let the package manager write the lock file anew. An alias (`npm:other@1`) is no mismatch: the " +
    "lock names the other.",
  find: ({ locks }) =>
    eachVersion(locks).flatMap(({ locked, lock }) => {
      const other = otherThan(locked);
      if (other === undefined) return [];
      return [
        {
          subject: locked.name,
          file: lock.file,
          line: locked.line,
          message:
            `'${printableLine(locked.name)}' ${printableLine(locked.version ?? "")} has the address of ` +
            `'${printableLine(other).slice(0, 150)}'`,
          fix: "Take the entry out, install again, and look at who changed the lock file.",
        },
      ];
    }),
};

/** What the address is of; undefined where it fits or is not built as registries build them. */
function otherThan({ name, version, resolved, origin }: LockedPackage): string | undefined {
  if (resolved === null || origin !== "registry" || version === null) return undefined;
  const path = addressOf(resolved)?.path ?? "";
  const at = path.indexOf("/-/");
  if (at === -1) return undefined;
  const file = path.slice(at + 3);
  // Registries leave out what stands behind a plus, and some have the scope again before the file.
  const expected = `${name.slice(name.indexOf("/") + 1)}-${before(version, "+")}.tgz`;
  const fits = path.slice(0, at).endsWith(`/${name}`) && (file === expected || file.endsWith(`/${expected}`));
  return fits ? undefined : path.slice(1);
}
