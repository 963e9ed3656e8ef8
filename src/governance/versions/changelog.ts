import semver from "semver";
import { HoldfastError } from "../../kernel/errors.ts";
import { blocksOf, endsSection, isOf, type Block } from "./changelog-layout.ts";
import { selfContained } from "./release-notes.ts";
import type { TextPlace } from "./version-text.ts";

/** What a changelog begins with that there was none of. */
const TITLE = "# Changelog";

/** How it is called in errors. */
const CHANGELOG = "the changelog";

/**
 * Puts a release's notes into a changelog: above the releases that are older, below those that are newer,
 * title, introduction and what is not released yet; in the place of its section, where it has one. The same
 * notes again change nothing.
 *
 * @param text the changelog; undefined where there is none
 * @param notes their first line is a heading with the version
 * @throws input.malformed where it is not; source.unreadable where the changelog cannot be read
 */
export function withSection(text: string | undefined, notes: string): string {
  const { version, markdown } = selfContained(notes);
  if (text === undefined || /^\uFEFF?\s*$/.test(text)) return `${TITLE}\n\n${markdown}\n`;
  const newline = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const section = markdown.replaceAll("\n", newline);
  const blocks = blocksOf(text, CHANGELOG);
  const place = placeOf(blocks, version);
  if (place === undefined) {
    const at = placeForNew(blocks, text, version);
    const before = withBlankLine(text.slice(0, at), newline);
    const after = text.slice(at);
    const result = before + section + newline + (after === "" ? "" : newline) + after;
    // At the end, and what stands before it has none: then its heading is none.
    const found = blocks.some((block) => isRelease(block) && block.start >= at)
      ? before.length
      : placeOf(blocksOf(result, CHANGELOG), version)?.start;
    if (found !== before.length) throw endless();
    return result;
  }
  if (isThere(text, section, place)) return text;
  const rest = text.slice(place.end);
  // What the new notes end in might take what follows for its own, without a blank line between.
  const isClose = rest.trim() !== "" && !/^(?:\r\n|\n|\r(?!\n))[ \t]*(?:\r\n|\n|\r(?!\n))/.test(rest);
  return text.slice(0, place.start) + section + (isClose ? newline : "") + rest;
}

/**
 * The section of a version, as it is written, without blank lines around; undefined where there is none.
 *
 * @throws source.unreadable
 */
export function sectionOf(text: string, version: string): string | undefined {
  const place = placeOf(blocksOf(text, CHANGELOG), version);
  return place === undefined ? undefined : text.slice(place.start, place.end).trim();
}

/** Links at the end of notes may be taken for those of the document, and stand behind the place then. */
function isThere(text: string, section: string, { start, end }: TextPlace): boolean {
  const behind = start + section.length;
  return (
    text.startsWith(section, start) && behind >= end && /^(?:[\r\n]|$)/.test(text.slice(behind, behind + 1))
  );
}

/** From its heading, or the anchor before that, to the end of the last block that is its own. */
function placeOf(blocks: readonly Block[], version: string): TextPlace | undefined {
  const at = blocks.findIndex(({ title }) => isOf(title, version));
  if (at === -1) return undefined;
  const next = blocks.findIndex((block, index) => index > at && endsSection(blocks[at]!, block));
  // Links behind it may be those of the whole document; an anchor belongs to the heading behind it.
  const own = blocks.slice(at, next === -1 ? undefined : firstOf(blocks, next));
  const last = own.findLast(({ kind }) => kind !== "definition");
  return { start: blocks[firstOf(blocks, at)]!.start, end: last!.end };
}

/** The index of a release's heading, or of its anchor just before. */
function firstOf(blocks: readonly Block[], at: number): number {
  const [anchor, title] = [blocks[at - 1]?.name, blocks[at]?.title];
  return title?.of === "release" && anchor?.replace(/^v/, "") === title.version ? at - 1 : at;
}

function isRelease({ title }: Block): boolean {
  return title?.of === "release";
}

/** Before the first release that is older; else at the end, before the links of the document. */
function placeForNew(blocks: readonly Block[], text: string, version: string): number {
  const first = blocks.findIndex(({ title }) => title?.of === "release" && !isNewer(title.version, version));
  if (first !== -1) return blocks[firstOf(blocks, first)]!.start;
  const last = blocks.findLastIndex(({ kind }) => kind !== "definition");
  return blocks[last + 1]?.start ?? text.length;
}

/** The fix of an older line stands below what is newer; of a title such as `1.3` that is 1.3.0. */
function isNewer(written: string, version: string): boolean {
  const other = semver.parse(written) ?? semver.coerce(written);
  return other !== null && semver.gt(other, version);
}

/** With a blank line at its end, where there is something before it. */
function withBlankLine(before: string, newline: string): string {
  const lines = /(?:\r\n|\n|\r){0,2}$/.exec(before)![0].match(/\r\n|\n|\r/g)?.length ?? 0;
  return /^\uFEFF?$/.test(before) ? before : before + newline.repeat(2 - lines);
}

function endless(): HoldfastError {
  return new HoldfastError("input.malformed", "the changelog ends in code or in a comment that has no end", {
    hint: "End it, with ``` or with -->: no heading behind it would be one.",
  });
}
