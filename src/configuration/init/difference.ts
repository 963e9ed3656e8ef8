import type { Item } from "./item.ts";

/** Lines around a change. */
const AROUND = 3;

/**
 * What would change in a file, as a patch that `git apply` takes: one hunk, from the first line that differs
 * to the last. Empty for a file that stays as it is. https://git-scm.com/docs/diff-format
 */
export function differenceText(item: Item): string {
  const { path, before, after, executable } = item;
  if (after === undefined) return "";
  const mode = executable ? "100755" : "100644";
  const head = [`diff --git a/${path} b/${path}`];
  if (before === undefined) head.push(`new file mode ${mode}`);
  else if (item.wasExecutable !== executable) {
    head.push(`old mode ${item.wasExecutable === true ? "100755" : "100644"}`, `new mode ${mode}`);
  }
  const hunk = before === after ? [] : [`--- ${before === undefined ? "/dev/null" : `a/${path}`}`];
  if (before !== after) hunk.push(`+++ b/${path}`, ...hunkOf(linesOf(before ?? ""), linesOf(after)));
  return [...head, ...hunk, ""].join("\n");
}

function hunkOf(old: readonly string[], now: readonly string[]): string[] {
  const limit = Math.min(old.length, now.length);
  let head = 0;
  while (head < limit && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < limit - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const from = Math.max(0, head - AROUND);
  const [oldEnd, newEnd] = [old.length - tail, now.length - tail];
  const below = Math.min(AROUND, tail);
  return [
    `@@ -${rangeOf(from, oldEnd + below - from)} +${rangeOf(from, newEnd + below - from)} @@`,
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...old.slice(head, oldEnd).map((line) => `-${line}`),
    ...now.slice(head, newEnd).map((line) => `+${line}`),
    ...old.slice(oldEnd, oldEnd + below).map((line) => ` ${line}`),
  ];
}

function rangeOf(from: number, count: number): string {
  return `${count === 0 ? from : from + 1},${count}`;
}

/** A last line without an end is another line than the same with one, and a patch says so below it. */
function linesOf(text: string): string[] {
  if (text === "") return [];
  if (text.endsWith("\n")) return text.slice(0, -1).split("\n");
  return `${text}\n\\ No newline at end of file`.split(/\n(?!\\ No newline at end of file$)/);
}
