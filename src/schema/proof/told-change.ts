const SHOWN_MAX = 160;

/** What stands before the first difference of two long texts, so that a reader finds the place. */
const BEFORE_MAX = 40;

/**
 * `was 5 and is 7`: two texts in so many words that a reader sees in what they differ; undefined: not
 * set.
 */
export function toldChange(was: string | undefined, is: string | undefined): string {
  const [before, now] = [was, is].map((text) => text?.replace(/\s+/g, " ").trim());
  if (before === undefined || now === undefined) return `was ${shown(before, 0)} and is ${shown(now, 0)}`;
  if (before === now) return `differs in white space alone: ${shown(now, 0)}`;
  const isLong = Math.max(before.length, now.length) > SHOWN_MAX;
  const from = isLong ? placeOf(before, now) : 0;
  return `was ${shown(before, from)} and is ${shown(now, from)}`;
}

/** The beginning of the word in which two texts part, and something before it. */
function placeOf(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  if (at <= BEFORE_MAX) return 0;
  return one.lastIndexOf(" ", at - BEFORE_MAX) + 1;
}

function shown(text: string | undefined, from: number): string {
  if (text === undefined) return "not set";
  const end = text.length - from > SHOWN_MAX ? "…" : "";
  return `${from === 0 ? "" : "…"}${text.slice(from, from + SHOWN_MAX)}${end}`;
}
