import type { MergeMethods } from "./merges.ts";

/**
 * The pull request that a job runs for, as the event that began it says:
 * https://docs.github.com/webhooks/webhook-events-and-payloads#pull_request
 */
export interface PullRequestEvent {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly head: { readonly branch: string; readonly commit: string };
  readonly base: { readonly branch: string };
  readonly author: string;
  readonly isDraft: boolean;
  /** Whether the run was started again: its event is as old as the run, and the text may be another now. */
  readonly isRerun: boolean;
  /** Undefined where the event does not tell. */
  readonly merges: MergeMethods | undefined;
}

/**
 * A merge group: what a merge queue wants to know of before it merges. It names no pull request but in its
 * branch: https://docs.github.com/webhooks/webhook-events-and-payloads#merge_group
 */
export interface MergeGroupEvent {
  /** The group's own branch, without `refs/heads/`. */
  readonly branch: string;
  /** Everything in the group, merged as it will be. */
  readonly commit: string;
  readonly base: {
    /** Without `refs/heads/`. */
    readonly branch: string;
    /** What the group stands on; not on the branch yet where another group is before it. */
    readonly commit: string;
  };
}
