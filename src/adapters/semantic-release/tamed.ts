/** Nobody writes as much; of more the beginning and the end are enough, where the header and footers are. */
const MESSAGE_MAX = 20_000;
const LINE_MAX = 1_000;
/** The longest name that a reference to an issue may have before its `#`. */
const WORD_MAX = 100;

/**
 * A commit's message as the parser of conventional commits can read it in reasonable time: it looks for
 * references to issues by a pattern whose time grows with the cube of a word's length, and a line of 60 kB
 * keeps it busy for days. Addresses stay whole, since it looks for nothing in them.
 * https://github.com/conventional-changelog/conventional-changelog/tree/master/packages/conventional-commits-parser
 */
export function tamed(message: string): string {
  return cut(message, MESSAGE_MAX)
    .split("\n")
    .map((line) => line.slice(0, LINE_MAX).replace(/\S{101,}/g, shortWord))
    .join("\n");
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most / 2)}\n${text.slice(-most / 2)}`;
}

function shortWord(word: string): string {
  return word.includes("://") ? word : `${word.slice(0, WORD_MAX)}…`;
}
