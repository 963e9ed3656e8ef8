import { HoldfastError } from "../../kernel/errors.ts";
import type { Answer } from "../../ports/forge.ts";

/**
 * What was found, or an error that names the missing permission: a pull request that could not be asked about
 * has not passed.
 *
 * @param what `pull request #7`
 * @throws forge.untold
 */
export function told<T>(answer: Answer<T>, what: string): T {
  if (answer.kind === "found") return answer.value;
  const hidden = answer.kind === "hidden" ? answer : { why: "it is not there", permission: "Metadata: read" };
  throw new HoldfastError("forge.untold", `GitHub does not show ${what} to this token: ${hidden.why}`, {
    hint:
      `Give the token '${hidden.permission}'; in a workflow the job needs ` +
      "`permissions:` with `contents: read` and `pull-requests: read`.",
  });
}
