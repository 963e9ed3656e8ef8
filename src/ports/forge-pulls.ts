import type { Answer } from "./answer.ts";
import type { MergeMethods } from "./merges.ts";

/** A pull request as the forge has it now. */
export interface ForgePull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  /** Whose it is; `ghost` where the account is gone. */
  readonly author: string;
  readonly isDraft: boolean;
  readonly isOpen: boolean;
  readonly isMerged: boolean;
  readonly head: {
    readonly branch: string;
    readonly commit: string;
    /** `owner/name` in lower case; undefined of a fork that is gone. */
    readonly repository: string | undefined;
  };
  readonly base: { readonly branch: string };
  /** How many commits it has, also where the forge lists fewer. */
  readonly commits: number;
  /** How the repository that it is merged in merges; undefined where the forge leaves it out. */
  readonly merges: MergeMethods | undefined;
  /** Whether it conflicts with its base; undefined while the forge has not worked it out. */
  readonly conflicts: boolean | undefined;
  /** Where people read it. */
  readonly url: string;
}

/** A pull request in the list of those of one branch into another. */
export interface PullBetween {
  readonly number: number;
  readonly url: string;
  readonly isOpen: boolean;
  readonly isMerged: boolean;
  /** The newest commit of its branch, or the one that it had when it was closed. */
  readonly commit: string;
}

/** What a pull request is opened with: branches of this repository. */
export interface NewPull {
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
}

/** A commit of a pull request. */
export interface ForgeCommit {
  readonly id: string;
  readonly message: string;
  readonly parents: readonly string[];
}

/** A pull request in a merge queue. */
export interface QueuedPull {
  readonly number: number;
  readonly commit: string;
}

/**
 * The number in the name of a branch that a merge queue has made, which nobody else may make:
 * `gh-readonly-queue/<base>/pr-<number>-<commit>`
 */
export function numberInQueue(branch: string): number | undefined {
  const number = /^gh-readonly-queue\/.+\/pr-(\d+)-[0-9a-f]{7,64}$/.exec(branch)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** Pull requests of a repository: the laws are those of `Forge`. Opening one is never repeated by itself. */
export interface ForgePulls {
  pull(number: number): Promise<Answer<ForgePull>>;
  /** The oldest first; of more than 250 the forge lists no more. */
  commitsOf(number: number): Promise<Answer<readonly ForgeCommit[]>>;
  /**
   * What stands in the merge queue of a branch: of each pull request the commit with which everything up to
   * it would be merged.
   */
  queued(branch: string): Promise<Answer<readonly QueuedPull[]>>;
  /** Numbers of the pull requests that a commit belongs to, or came with. */
  ofCommit(commit: string): Promise<Answer<readonly number[]>>;
  /** Those of one branch of this repository into another, open or not, the newest first. */
  between(branches: {
    readonly head: string;
    readonly base: string;
  }): Promise<Answer<readonly PullBetween[]>>;
  /** @throws forge.refused where there is an open one of these branches, or nothing to merge */
  open(pull: NewPull): Promise<{ readonly number: number; readonly url: string }>;
  /** Overwrites a pull request's description. */
  describe(number: number, body: string): Promise<void>;
}
