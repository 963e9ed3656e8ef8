import { createHash } from "node:crypto";

/**
 * What is ours says so, with a hash of itself: whatever was changed by hand since is somebody's, and is left.
 */

const MARK = /^# made by `holdfast init`, ([0-9a-f]{16}): .*$/m;
const TEXT = "it keeps this up to date; take the line away to make the file yours";

/** A whole file with its mark, which stands below a line `#!…`. */
export function marked(content: string): string {
  const [first = "", ...rest] = content.split("\n");
  const mark = `# made by \`holdfast init\`, ${hashOf(content)}: ${TEXT}`;
  return first.startsWith("#!") ? [first, mark, ...rest].join("\n") : `${mark}\n${content}`;
}

/** Whose a whole file is. */
export function ownerOf(text: string): "ours" | "changed" | "other" {
  const plain = withoutReturns(text);
  const found = MARK.exec(plain);
  if (found === null) return "other";
  const rest = plain.slice(0, found.index) + plain.slice(found.index + found[0].length + 1);
  return hashOf(rest) === found[1] ? "ours" : "changed";
}

const BEGIN = /^# >>> holdfast init, ([0-9a-f]{16})$/m;
const END = "# <<< holdfast init";

/** Lines of ours among somebody else's. */
export function block(content: string): string {
  return `# >>> holdfast init, ${hashOf(content)}\n${content}${END}\n`;
}

/** Where our lines are in a file, and what surrounds them. */
export interface FoundBlock {
  readonly before: string;
  readonly after: string;
  readonly owner: "ours" | "changed";
}

/** Undefined where there are none; a block that does not end is somebody's change. */
export function findBlock(text: string): FoundBlock | undefined {
  const found = BEGIN.exec(text);
  if (found === null) return undefined;
  const start = found.index + found[0].length + 1;
  const end = text.indexOf(`${END}\n`, start);
  if (end === -1) return { before: text, after: "", owner: "changed" };
  const content = text.slice(start, end);
  return {
    before: text.slice(0, found.index),
    after: text.slice(end + END.length + 1),
    owner: hashOf(content) === found[1] ? "ours" : "changed",
  };
}

/** Whether two texts are the same but for their line ends, which git may have changed. */
export function isSame(one: string, other: string): boolean {
  return withoutReturns(one) === withoutReturns(other);
}

function withoutReturns(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

function hashOf(text: string): string {
  return createHash("sha256").update(withoutReturns(text)).digest("hex").slice(0, 16);
}
