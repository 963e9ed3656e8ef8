/** What a squash is called: the pull request's title, or of a pull request with one commit its header. */
export type SquashTitle = "pr-title" | "commit-or-pr-title";

/** What a squash writes below that. */
export type SquashBody = "commits" | "description" | "other";

/** How GitHub merges pull requests of a repository, as far as it tells. */
export interface MergeMethods {
  readonly merge: boolean;
  readonly squash: boolean;
  readonly rebase: boolean;
  /** Undefined where it does not tell, which it does only to some. */
  readonly squashTitle: SquashTitle | undefined;
  readonly squashBody: SquashBody | undefined;
}

/** The same in GitHub's words: https://docs.github.com/rest/repos/repos#get-a-repository */
export interface MergeSettings {
  readonly allow_merge_commit?: boolean | undefined;
  readonly allow_squash_merge?: boolean | undefined;
  readonly allow_rebase_merge?: boolean | undefined;
  readonly squash_merge_commit_title?: string | undefined;
  readonly squash_merge_commit_message?: string | undefined;
}

const TITLES: Readonly<Record<string, SquashTitle>> = {
  PR_TITLE: "pr-title",
  COMMIT_OR_PR_TITLE: "commit-or-pr-title",
};
const BODIES: Readonly<Record<string, SquashBody>> = {
  COMMIT_MESSAGES: "commits",
  PR_BODY: "description",
  BLANK: "other",
};

/** Undefined where ways of merging are left out. */
export function mergesOf(told: MergeSettings): MergeMethods | undefined {
  if (told.allow_squash_merge === undefined) return undefined;
  return {
    merge: told.allow_merge_commit === true,
    squash: told.allow_squash_merge,
    rebase: told.allow_rebase_merge === true,
    squashTitle: TITLES[told.squash_merge_commit_title ?? ""],
    squashBody: BODIES[told.squash_merge_commit_message ?? ""],
  };
}
