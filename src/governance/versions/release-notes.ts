import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { blocksOf, endsSection, type Block } from "./changelog-layout.ts";

/** Notes of a release that stand by themselves. */
export interface ReleaseNotes {
  readonly version: string;
  /** Trimmed, with `\n` between lines. */
  readonly markdown: string;
}

const NOTES = "the notes of the release";

/** A heading that must be seen behind notes. */
const BEHIND = "# Behind";

/**
 * Notes as they may stand in a changelog: whatever commits say in them, the releases below stay releases. A
 * heading that would end the section is none any more, and code or HTML that has no end gets one.
 *
 * @throws input.malformed where they do not begin with the heading of a version; source.unreadable
 */
export function selfContained(notes: string): ReleaseNotes {
  const text = notes
    .replace(/\r\n|\r/g, "\n")
    .replace(/^\uFEFF/, "")
    .trim();
  const blocks = blocksOf(text, NOTES);
  const [first] = blocks;
  if (first?.title?.of !== "release" || first.start !== 0) throw headless(text);
  return { version: first.title.version, markdown: closed(withoutEnds(withoutAnchors(text, blocks))) };
}

/** What stands at their end would be that of the release below. */
function withoutAnchors(text: string, blocks: readonly Block[]): string {
  const last = blocks.findLast(({ kind }) => kind !== "anchor")!;
  return text.slice(0, last.end);
}

/** What is escaped may make a heading of the line before: so often is looked again. */
const ROUNDS_MAX = 20;

function withoutEnds(notes: string): string {
  let text = notes;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const [first, ...rest] = blocksOf(text, NOTES);
    const ends = rest.filter((block) => endsSection(first!, block));
    if (ends.length === 0) return text;
    // From the end, so that what stands before keeps its place.
    for (const { start, end } of ends.reverse()) {
      const place = start + placeOfMarks(text.slice(start, end));
      text = `${text.slice(0, place)}\\${text.slice(place)}`;
    }
  }
  throw endless();
}

/** Of `##`, or of the line below that makes a heading of what is above. */
function placeOfMarks(heading: string): number {
  const below = heading.lastIndexOf("\n") + 1;
  return below + /^ */.exec(heading.slice(below))![0].length;
}

/** With an end for the code or HTML that they end in. */
function closed(text: string): string {
  const tried = [text, ...endings(text).map((ending) => `${text}\n${ending}`)];
  const whole = tried.find(
    (each) => blocksOf(`${each}\n\n${BEHIND}`, NOTES).at(-1)?.start === each.length + 2,
  );
  if (whole === undefined) throw endless();
  return whole;
}

/** Of fences those that are there, since a longer one ends a shorter. */
function endings(text: string): string[] {
  const fences = [...text.matchAll(/^ {0,3}(`{3,}|~{3,})/gm)].map(([, fence]) => fence!);
  const longest = (sign: string): string =>
    fences.filter((fence) => fence.startsWith(sign)).sort((a, b) => b.length - a.length)[0] ?? sign.repeat(3);
  return [longest("`"), longest("~"), "-->", "?>", "]]>", ">", "</pre></script></style></textarea>"];
}

function headless(text: string): HoldfastError {
  const shown = printableLine((text.split("\n", 1)[0] ?? "").slice(0, 100));
  return new HoldfastError(
    "input.malformed",
    `the notes of the release begin with '${shown}', and not with the heading of a version`,
    { hint: "Begin them as a changelog does: ## 1.3.0 (2026-11-28)" },
  );
}

function endless(): HoldfastError {
  return new HoldfastError("input.malformed", "the notes of the release do not end by themselves", {
    hint: "Look for a comment or a block of code without an end in the messages of its commits.",
  });
}
