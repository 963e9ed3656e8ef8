import { CommitParser } from "conventional-commits-parser";

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
  /** Git's own: `Revert "…"`, with the hash of what it takes back where that is told. */
  readonly revert: { readonly header: string; readonly hash: string | undefined } | undefined;
  readonly impact: Impact;
}

/**
 * As the preset `conventionalcommits` of conventional-changelog reads messages, which the releases are made
 * with: https://github.com/conventional-changelog/conventional-changelog
 */
export const PARSER_OPTIONS = {
  headerPattern: /^(\w*)(?:\((.*)\))?!?: (.*)$/,
  breakingHeaderPattern: /^(\w*)(?:\((.*)\))?!: (.*)$/,
  headerCorrespondence: ["type", "scope", "subject"],
  noteKeywords: ["BREAKING CHANGE", "BREAKING-CHANGE"],
  revertPattern: /^(?:Revert|revert:)\s"?([\s\S]+?)"?\s*This reverts commit (\w*)\./i,
  revertCorrespondence: ["header", "hash"],
  issuePrefixes: ["#"],
};

const parser = new CommitParser(PARSER_OPTIONS);
const PATCHES = new Set(["fix", "perf", "revert"]);

/** Reads a whole message, or a title alone. Line endings may be anybody's. */
export function readMessage(text: string): ReadMessage {
  const message = text.replaceAll("\r\n", "\n").trim();
  const header = message.split("\n")[0] ?? "";
  if (message === "") return blank(header);
  const read = parser.parse(message);
  const type = read["type"]?.toLowerCase();
  const reverted = /^Revert "(.*)"$/s.exec(header)?.[1];
  const revert =
    read.revert !== null || reverted !== undefined
      ? { header: read.revert?.["header"] ?? reverted ?? "", hash: read.revert?.["hash"] ?? undefined }
      : undefined;
  const breaking = read.notes.length > 0;
  return {
    header,
    type: type === "" ? undefined : type,
    scope: read["scope"] ?? undefined,
    subject: read["subject"] ?? undefined,
    breaking,
    revert,
    impact: impactOf(type, breaking, revert !== undefined),
  };
}

function blank(header: string): ReadMessage {
  return {
    header,
    type: undefined,
    scope: undefined,
    subject: undefined,
    breaking: false,
    revert: undefined,
    impact: "none",
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
