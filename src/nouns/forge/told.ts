import { HoldfastError } from "../../kernel/errors.ts";
import type { Answer, Hidden } from "../../ports/answer.ts";

/**
 * What was found, or an error that names the missing permission: what could not be asked about is neither
 * there nor well.
 *
 * @param what `pull request #7`
 * @param orElse what else than a permission may be missing, and what to do then
 * @throws forge.untold
 */
export function told<T>(answer: Answer<T>, what: string, orElse?: string): T {
  if (answer.kind === "found") return answer.value;
  if (answer.kind === "hidden") throw notShown(answer, what, orElse);
  throw notShown({ kind: "hidden", why: "it is not there", permission: "Metadata: read" }, what);
}

/**
 * The same, but that it may truly not be there.
 *
 * @throws forge.untold
 */
export function toldOrAbsent<T>(answer: Answer<T>, what: string): T | undefined {
  return answer.kind === "absent" ? undefined : told(answer, what);
}

function notShown({ why, permission }: Hidden, what: string, orElse?: string): HoldfastError {
  return new HoldfastError("forge.untold", `GitHub does not show ${what} to this token: ${why}`, {
    hint:
      `Give the token '${permission}'; in a workflow the job needs \`permissions:\` with ` +
      `\`${permission.toLowerCase().replace(/ /g, "-").replace(":-", ": ")}\`.` +
      (orElse === undefined ? "" : ` ${orElse}`),
  });
}
