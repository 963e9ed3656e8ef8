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
/**
 * With its colon, as the specification and the parser from 7.1 have it; one before that takes any line which
 * begins with the words, and so a sentence that was wrapped there.
 */
const NOTE = /^[\s|*]*BREAKING[ -]CHANGE:/i;
const OLD_NOTE = /^[\s|*]*BREAKING[ -]CHANGE\s/i;
/** What people write for it, and nothing reads: in the plural, behind a dash, within marks. */
const NEARLY_NOTE = /^[\s|*>_-]*BREAKING[ -]CHANGES?[*_]*:/i;
const REVERT = /^Revert[:\s]/i;
const REVERTED = /This reverts commit \w*\./i;

const PATCHES = new Set(["fix", "perf", "revert"]);

/** Reads a whole message, or a title alone. Line endings may be anybody's. */
export function readMessage(text: string): ReadMessage {
  const lines = text.trim().split(/\r?\n/);
  const [header = ""] = lines;
  // Neither takes another end of a line, and both would try every bracket of a long line to find out.
  const isLine = !/[\r\u2028\u2029]/.test(header);
  const marked = isLine ? BREAKING_HEADER.exec(header) : null;
  const [, type = "", scope, subject] = marked ?? (isLine ? HEADER.exec(header) : null) ?? [];
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

/** A line that is nearly a footer BREAKING CHANGE. */
export interface NearNote {
  readonly line: string;
  /** Whether some tools take it for one all the same: those that want no colon. */
  readonly isRead: boolean;
}

/** The first of a message; undefined where there is none, and where the message is breaking anyway. */
export function nearNote(text: string): NearNote | undefined {
  if (readMessage(text).breaking) return undefined;
  for (const line of text.trim().split(/\r?\n/).slice(1)) {
    if (NEARLY_NOTE.test(line)) return { line, isRead: false };
    if (OLD_NOTE.test(line)) return { line, isRead: true };
  }
  return undefined;
}

/** The greater of two. */
export function greater(one: Impact, other: Impact): Impact {
  return IMPACTS.indexOf(one) >= IMPACTS.indexOf(other) ? one : other;
}

/** Whether the message is one that git makes for a later `rebase --autosquash`. */
export function isFixup({ header }: ReadMessage): boolean {
  return /^(?:fixup|squash|amend)! /.test(header);
}
