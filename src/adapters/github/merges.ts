import * as z from "zod";

/**
 * How a repository merges, where GitHub says so: of `GET /repos` to who may push, and to a job's own token
 * not always; of a pull request's base also to others. https://docs.github.com/rest/pulls/pulls
 */
export const merging = {
  allow_merge_commit: z.boolean().optional(),
  allow_squash_merge: z.boolean().optional(),
  allow_rebase_merge: z.boolean().optional(),
  squash_merge_commit_title: z.string().optional(),
  squash_merge_commit_message: z.string().optional(),
};
