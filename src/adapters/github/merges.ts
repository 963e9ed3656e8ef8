import * as z from "zod";
import type { MergeMethods } from "../../ports/pull-request-event.ts";

/**
 * How a repository merges, where GitHub says so: of `GET /repos` to who may push, and to a job's own token
 * not always; of a pull request's base also to others. https://docs.github.com/rest/pulls/pulls
 */
export const merging = {
  allow_merge_commit: z.boolean().optional(),
  allow_squash_merge: z.boolean().optional(),
  allow_rebase_merge: z.boolean().optional(),
  squash_merge_commit_message: z.string().optional(),
};

/** Undefined where the answer leaves it out. */
export function mergesOf(facts: z.infer<z.ZodObject<typeof merging>>): MergeMethods | undefined {
  if (facts.allow_squash_merge === undefined) return undefined;
  return {
    merge: facts.allow_merge_commit === true,
    squash: facts.allow_squash_merge,
    rebase: facts.allow_rebase_merge === true,
    keepsCommits: facts.squash_merge_commit_message === "COMMIT_MESSAGES",
  };
}
