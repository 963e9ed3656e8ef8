import semver from "semver";
import { topLevelOf } from "./markdown-top-level.ts";
import type { TextPlace } from "./version-text.ts";

/** A block at the top level of a document, whole lines of it. */
export interface Block extends TextPlace {
  readonly kind: "heading" | "definition" | "anchor" | "other";
  /** Of a heading, from 1; 0 of anything else. */
  readonly depth: number;
  /** What a heading stands for; undefined of any other. */
  readonly title: Title | undefined;
  /** Of an anchor, what links call it. */
  readonly name?: string | undefined;
}

/** What a heading is to a changelog: of a release, or of what is not released yet. */
export type Title =
  /** `1.3.0` as it is written; also what is none of ours, such as `1.3`, which no version equals. */
  { readonly of: "release"; readonly version: string } | { readonly of: "unreleased" };

/**
 * Blocks of a document, in order. Headings in code, comments, lists and quotations are none of its own.
 *
 * @param what it is, for errors
 * @throws source.unreadable where it takes too long, or is nested too deep
 */
export function blocksOf(text: string, what: string): readonly Block[] {
  // The parser leaves a byte order mark out, and counts places without it.
  const mark = text.startsWith("\uFEFF") ? 1 : 0;
  const body = text.slice(mark);
  return topLevelOf(body, what).map(({ type, depth, start, end }) => {
    const written = body.slice(start, end);
    const place = { start: start + mark, end: end + mark };
    if (type === "heading") return { kind: "heading", depth, title: titleOf(headingText(written)), ...place };
    const [, name] = ANCHOR.exec(written) ?? [];
    const kind = type === "definition" ? "definition" : name === undefined ? "other" : "anchor";
    return { kind, depth: 0, title: undefined, name, ...place };
  });
}

/** What older tools wrote above a heading. */
const ANCHOR = /^<a (?:name|id)="([^"\r\n]*)"><\/a>\s*$/;

/** Without the marks that make it one: those before it, or the line below. */
function headingText(written: string): string {
  const lines = written.split(/\r\n|\n|\r/);
  return lines.length === 1 ? written.trim().replace(/^#{1,6}/, "") : lines.slice(0, -1).join(" ");
}

/** `[1.3.0](…) (2026-11-28)`, `v1.3.0`, `[1.3.0] - 2026-11-28`, `1.3.0 / 2026-11-28`, `Version 1.3.0`. */
function titleOf(heading: string): Title | undefined {
  const text = heading
    .slice(0, 1000)
    .trim()
    .replace(/^<a [^>]*><\/a>\s*/, "")
    .replace(/^(?:version|release)\s+/i, "")
    .replace(/^[[*_`]+/, "");
  if (/^unreleased\b/i.test(text)) return { of: "unreleased" };
  const [whole = "", written] = /^v?(\d+(?:\.\d+)+(?:[-+][\w.+-]*)?)(?!\w)/i.exec(text) ?? [];
  if (written === undefined) return undefined;
  // `1.5 times faster` is a heading of something else.
  const isWhole = semver.parse(written) !== null || !/^\s*\p{L}/u.test(text.slice(whole.length));
  return isWhole ? { of: "release", version: written } : undefined;
}

/**
 * Whether a heading ends the section of another. A release of any level does, since majors, minors and
 * patches may be of different ones; of other headings those above it: patches stand on the level of their own
 * parts.
 */
export function endsSection(heading: Block, block: Block): boolean {
  return block.kind === "heading" && (block.title !== undefined || block.depth < heading.depth);
}

/** Whether a heading's version is this one; build metadata makes no other. */
export function isOf(title: Title | undefined, version: string): boolean {
  if (title?.of !== "release") return false;
  return title.version === version || semver.parse(title.version)?.version === version;
}
