/**
 * What a commit asks of the next version: https://semver.org,
 * https://www.conventionalcommits.org/en/v1.0.0/
 */
export type Impact = "none" | "patch" | "minor" | "major";

/** From the least to the most. */
export const IMPACTS: readonly Impact[] = ["none", "patch", "minor", "major"];

/** A message as Conventional Commits reads it. */
export interface ReadMessage {
  readonly header: string;
  /** Undefined where the header is no conventional one. */
  readonly type: string | undefined;
  readonly scope: string | undefined;
  readonly subject: string | undefined;
  /** By `!`, or by a footer BREAKING CHANGE. */
  readonly breaking: boolean;
  /** Git's own `Revert "…"` and `Reapply "…"`, or the type of that name with git's words. */
  readonly isRevert: boolean;
  readonly impact: Impact;
}

/**
 * The patterns of the preset `conventionalcommits` of conventional-changelog, which releases are made with:
 * https://github.com/conventional-changelog/conventional-changelog. Its parser is not asked: it looks for
 * issues too, by patterns that a line of 60 kB keeps busy for hours. The tests hold both together.
 */
const HEADER = /^(\w*)(?:\((.*)\))?!?: (.*)$/;
/** Asked first, so that of two colons the one behind a mark counts. */
const BREAKING_HEADER = /^(\w*)(?:\((.*)\))?!: (.*)$/;
const NOTE = /^[\s|*]*BREAKING[ -]CHANGE[:\s]/i;
const REVERT = /^Revert[:\s]/i;
const REVERTED = /This reverts commit \w*\./i;

const PATCHES = new Set(["fix", "perf", "revert"]);

/** Reads a whole message, or a title alone. Line endings may be anybody's. */
export function readMessage(text: string): ReadMessage {
  const lines = text.trim().split(/\r?\n/);
  const [header = ""] = lines;
  const marked = BREAKING_HEADER.exec(header);
  const [, type = "", scope, subject] = marked ?? HEADER.exec(header) ?? [];
  const breaking = marked !== null || lines.some((line, at) => at > 0 && NOTE.test(line));
  const isRevert = /^Re(?:vert|apply) "/.test(header) || (REVERT.test(header) && REVERTED.test(text));
  const known = type === "" ? undefined : type.toLowerCase();
  return {
    header,
    type: known,
    scope,
    subject: subject === "" ? undefined : subject,
    breaking,
    isRevert,
    impact: impactOf(known, breaking, isRevert),
  };
}

function impactOf(type: string | undefined, breaking: boolean, isRevert: boolean): Impact {
  if (breaking) return "major";
  if (type === "feat") return "minor";
  return isRevert || (type !== undefined && PATCHES.has(type)) ? "patch" : "none";
}

/** The greater of two. */
export function greater(one: Impact, other: Impact): Impact {
  return IMPACTS.indexOf(one) >= IMPACTS.indexOf(other) ? one : other;
}

/** Whether the message is one that git makes for a later `rebase --autosquash`. */
export function isFixup({ header }: ReadMessage): boolean {
  return /^(?:fixup|squash|amend)! /.test(header);
}
