import { anyOf } from "./pattern.ts";

/** Columns a text takes in a terminal: wide East Asian characters and emoji two, combining marks none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Cuts a text to at most `columns` columns, with `…` where something is missing. */
export function cutToWidth(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let cut = "";
  let width = 0;
  for (const character of text) {
    const next = characterWidth(character);
    if (width + next > columns - 1) break;
    cut += character;
    width += next;
  }
  return columns <= 0 ? "" : `${cut}…`;
}

/** Fills with spaces up to `columns` columns. */
export function padToWidth(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - textWidth(text)));
}

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const TWO_COLUMNS = anyOf(
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3]$/u,
  /^[\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]$/u,
  /^[\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]$/u,
);

function characterWidth(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return TWO_COLUMNS.test(character) ? 2 : 1;
}

/**
 * Folds at spaces so that no line is wider than `columns`; a word that is wider alone is broken. Never empty.
 */
export function foldToWidth(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (textWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
    while (textWidth(line) > columns) {
      const head = headOf(line, columns);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

/** As many characters as fit, and at least one. */
function headOf(text: string, columns: number): string {
  let head = "";
  for (const character of text) {
    if (head !== "" && textWidth(head + character) > columns) break;
    head += character;
  }
  return head;
}
