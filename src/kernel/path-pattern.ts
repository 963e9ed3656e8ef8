/**
 * Whether a path or the name of a package fits a pattern: `*` is anything but `/`, `**` anything; a `*`
 * alone is everything. The time it takes grows with both lengths and no faster, since either may come from
 * a stranger.
 */
export function fits(pattern: string, value: string): boolean {
  if (pattern === "*") return true;
  const parts = pattern
    .replace(/^\.\//, "")
    .replace(/\/$/, "")
    .split(/(\*\*\/|\*\*|\*)/)
    .filter((part) => part !== "")
    // The same sign once more says nothing new.
    .filter((part, at, all) => !part.startsWith("*") || part !== all[at - 1]);
  // Places in the value that the parts so far can end at.
  let ends = new Set([0]);
  for (const part of parts) {
    ends = new Set([...reached(part, value, ends)]);
    if (ends.size === 0) return false;
  }
  return ends.has(value.length);
}

function* reached(part: string, value: string, starts: ReadonlySet<number>): Iterable<number> {
  if (!part.startsWith("*")) {
    for (const start of starts) if (value.startsWith(part, start)) yield start + part.length;
    return;
  }
  const first = Math.min(...starts);
  let open = false;
  for (let at = first; at <= value.length; at += 1) {
    if (part === "*" && at > first && value[at - 1] === "/") open = false;
    if (starts.has(at)) open = true;
    // `**/` stands for whole folders, or for none.
    if (open && (part !== "**/" || starts.has(at) || value[at - 1] === "/")) yield at;
  }
}
