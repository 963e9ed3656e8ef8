/** How GitHub merges pull requests of a repository, as far as an event tells. */
export interface MergeMethods {
  readonly merge: boolean;
  readonly squash: boolean;
  readonly rebase: boolean;
  /** Whether a squash writes the commits' messages below the title. */
  readonly keepsCommits: boolean;
}

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
  /** Undefined where the event does not tell. */
  readonly merges: MergeMethods | undefined;
}
