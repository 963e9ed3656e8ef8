import { isOurs } from "../versions/made-by.ts";

/** A release that is to be true at the forge, all of it. */
export interface Release {
  readonly version: string;
  readonly tag: string;
  /** Hash of the commit that it is made of. */
  readonly commit: string;
  readonly isPrerelease: boolean;
  /** Whether the branch that others begin from has to get it. */
  readonly mergesBack: boolean;
  /** Hash of the commit that asked for it; undefined where its branch's name did. */
  readonly because: string | undefined;
  /** Worked out when it is asked for. */
  story(): Promise<ReleaseStory>;
}

/** What a release tells of itself. */
export interface ReleaseStory {
  /** Markdown. */
  readonly notes: string;
  /** Version before it; undefined of the first. */
  readonly previous: string | undefined;
}

/** What the lines of a tag's message begin with that name the files which belong to the release. */
export const ATTACHED = "Attached: ";

/** Files that a tag's message names. */
export function attachedBy(message: string | undefined): readonly string[] {
  const lines = isOurs(message) ? message!.split("\n") : [];
  return lines.filter((line) => line.startsWith(ATTACHED)).map((line) => line.slice(ATTACHED.length).trim());
}
