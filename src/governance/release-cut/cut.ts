import type { BranchAtForge } from "../versions/stable-branch.ts";

/** A release that is to have its branch and its pull request. */
export interface Cut {
  readonly version: string;
  /** The commit that it is cut from; of a release branch that is there what it is on. */
  readonly from: BranchAtForge;
  /** What its branch may be called; the first is what one is made as. */
  readonly names: readonly string[];
  /** Whether the branch has to be there already. */
  readonly isLine: boolean;
  /** The branch that it will be merged into. */
  readonly stable: BranchAtForge;
  /** Its notes as the commits of the branch ask for them, or why they ask for something else. */
  notesAt(commit: string): Promise<CutNotes>;
}

export type CutNotes =
  { readonly kind: "notes"; readonly notes: string } | { readonly kind: "other"; readonly why: string };

/** What a commit is called that brings a release's files. */
export function headerOf(version: string): string {
  return `chore(release): ${version}`;
}
