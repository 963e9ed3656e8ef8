/** Lines around a change. */
const AROUND = 3;

/**
 * What would change in a file, as a patch has it: one hunk from the first line that differs to the last.
 * `before` is undefined for a file that is new.
 */
export function differenceText(path: string, before: string | undefined, after: string): string {
  const [old, now] = [linesOf(before ?? ""), linesOf(after)];
  const limit = Math.min(old.length, now.length);
  let head = 0;
  while (head < limit && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < limit - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const from = Math.max(0, head - AROUND);
  const [oldEnd, newEnd] = [old.length - tail, now.length - tail];
  const below = Math.min(AROUND, tail);
  const counts = [oldEnd + below - from, newEnd + below - from] as const;
  return [
    `--- ${before === undefined ? "/dev/null" : `a/${path}`}`,
    `+++ b/${path}`,
    `@@ -${rangeOf(from, counts[0])} +${rangeOf(from, counts[1])} @@`,
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...old.slice(head, oldEnd).map((line) => `-${line}`),
    ...now.slice(head, newEnd).map((line) => `+${line}`),
    ...old.slice(oldEnd, oldEnd + below).map((line) => ` ${line}`),
    "",
  ].join("\n");
}

function rangeOf(from: number, count: number): string {
  return `${count === 0 ? 0 : from + 1},${count}`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
