import type { Answer } from "./answer.ts";

/** An issue of a repository. */
export interface ForgeIssue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  /** Whether a program, or somebody who belongs to the repository, has opened it. */
  readonly isOurs: boolean;
  /** Where people read it. */
  readonly url: string;
}

/** What an issue is opened with. */
export interface IssueText {
  readonly title: string;
  readonly body: string;
}

/**
 * Issues of a repository. Laws beside those of `Forge`: opening one and commenting are never repeated
 * once the request may have arrived; pull requests, which GitHub lists among issues, are none.
 */
export interface ForgeIssues {
  /** All that are open, or all there are, and have the label, the oldest first. */
  labelled(label: string, states: "open" | "all"): Promise<Answer<readonly ForgeIssue[]>>;
  /** Makes the label where there is none of that name. */
  ensureLabel(label: { readonly name: string; readonly text: string }): Promise<void>;
  open(text: IssueText, label: string): Promise<ForgeIssue>;
  /** Overwrites title and text. */
  rewrite(number: number, text: IssueText): Promise<void>;
  comment(number: number, body: string): Promise<void>;
  /** Whether what it was about is done, or it was not needed. */
  close(number: number, why: "completed" | "not-planned"): Promise<void>;
}
