/**
 * Writes a whole number for people, in groups of three: `1,234`. Not by `toLocaleString`: its first call
 * loads the tables of all languages, which takes a sixth of the time in which `list` starts.
 */
export function grouped(count: number): string {
  let rest = String(Math.abs(count));
  let groups = "";
  for (; rest.length > 3; rest = rest.slice(0, -3)) groups = `,${rest.slice(-3)}${groups}`;
  return `${count < 0 ? "-" : ""}${rest}${groups}`;
}

/** Writes a number with its noun for people: `1 table`, `1,234 rows`. The plural is the noun with an s. */
export function quantity(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
