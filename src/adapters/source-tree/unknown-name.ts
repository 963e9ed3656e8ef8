import { nearest } from "../../kernel/suggest.ts";
import type { GitAnswer } from "./git.ts";
import { NO_COMMIT } from "./way-out.ts";

/**
 * Why git knows no commit of a name, with the branch or tag whose name is nearest. Asked quietly git gives no
 * reason.
 */
export async function whyUnknown(
  ask: (args: readonly string[]) => Promise<GitAnswer>,
  revision: string,
  why: string,
): Promise<string> {
  if (!why.startsWith("git ended with")) return why;
  const kinds = ["refs/heads", "refs/remotes", "refs/tags"];
  const refs = await ask(["for-each-ref", "--format=%(refname:short)", ...kinds]);
  const names = refs.ok ? refs.out.toString("utf8").split("\n").filter(Boolean) : [];
  if (refs.ok && names.length === 0 && !(await ask(["rev-parse", "--verify", "--quiet", "HEAD"])).ok) {
    return NO_COMMIT;
  }
  const near = nearest(revision, names);
  const meant = near === undefined || near === revision ? "" : `; did you mean ${near}?`;
  return `it knows no commit of that name${meant}`;
}
