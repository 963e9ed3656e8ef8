/** Writes a number with its noun for people: `1 table`, `1,234 rows`. The plural is the noun with an s. */
export function quantity(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
