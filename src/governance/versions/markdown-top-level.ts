import { fromMarkdown } from "mdast-util-from-markdown";
import { HoldfastError } from "../../kernel/errors.ts";
import { withinTime } from "../../kernel/within-time.ts";
import type { TextPlace } from "./version-text.ts";

/** A block that stands in no other, whole lines of it. */
export interface TopLevelBlock extends TextPlace {
  /** In the words of https://github.com/syntax-tree/mdast. */
  readonly type: string;
  /** Of a heading, from 1; 0 of anything else. */
  readonly depth: number;
}

/** A changelog of ten thousand releases is read in seconds; what was made for it takes hours. */
const READING_MS = 90_000;

/** Characters that are read at once: the parser's time grows with the square of the number of blocks. */
const PIECE = 20_000;

/**
 * Of Markdown only the blocks are read: what stands within a line decides nothing here, and reading it takes
 * most of the time.
 */
const BLOCKS_ONLY = {
  disable: {
    null: [
      "attention",
      "autolink",
      "characterEscape",
      "characterReference",
      "codeText",
      "hardBreakEscape",
      "htmlText",
      "labelEnd",
      "labelStartImage",
      "labelStartLink",
    ],
  },
};

/**
 * Blocks of a document without a byte order mark, in order.
 *
 * @param what it is, for errors
 * @param piece characters that are read at once; the blocks are the same
 * @throws source.unreadable where it takes too long, or is nested too deep
 */
export function topLevelOf(text: string, what: string, piece = PIECE): readonly TopLevelBlock[] {
  try {
    const read = withinTime(READING_MS, () => readInPieces(text, piece));
    if (read !== undefined) return read.value;
  } catch (error) {
    // Nested deeper than the parser can go.
    if (!(error instanceof RangeError)) throw error;
  }
  throw new HoldfastError("source.unreadable", `the headings of ${what} cannot be found: it takes too long`, {
    hint: "Look for what is nested hundreds of times, and take it out.",
  });
}

/**
 * A block is whole where another one begins behind it; so the last of a piece is read again, with the next
 * piece. Pieces end at blank lines, because the parts of a paragraph are told apart at its end; definitions,
 * and what follows one, begin as parts of one.
 */
function readInPieces(text: string, piece: number): TopLevelBlock[] {
  const blocks: TopLevelBlock[] = [];
  let [from, size] = [0, piece];
  for (;;) {
    const to = blankLineAfter(text, from + size);
    const found = blocksIn(text.slice(from, to), from);
    if (to === text.length) return [...blocks, ...found];
    let last = found.pop();
    while (found.at(-1)?.type === "definition") last = found.pop();
    blocks.push(...found);
    if (found.length === 0) size *= 2;
    else [from, size] = [last!.start, piece];
  }
}

/** Where a blank line ends, there or behind; else the end. */
function blankLineAfter(text: string, at: number): number {
  const blank = /(?:\r\n|\n|\r(?!\n))[ \t]*(?:\r\n|\n|\r(?!\n))/g;
  blank.lastIndex = at;
  return blank.exec(text) === null ? text.length : blank.lastIndex;
}

function blocksIn(text: string, before: number): TopLevelBlock[] {
  return fromMarkdown(text, { extensions: [BLOCKS_ONLY] }).children.map((node) => ({
    type: node.type,
    depth: node.type === "heading" ? node.depth : 0,
    start: before + lineStart(text, node.position!.start.offset!),
    end: before + node.position!.end.offset!,
  }));
}

/** Of a block that is indented, where its line begins. */
function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : Math.max(text.lastIndexOf("\n", at - 1), text.lastIndexOf("\r", at - 1)) + 1;
}
