/**
 * Cuts that a pattern would make in the square of a text's length: `/x+$/` begins anew at every `x` of a long
 * row of them, and texts may come from strangers.
 */

/** A text without these characters at its end. */
export function withoutTrailing(text: string, characters: string): string {
  let to = text.length;
  while (to > 0 && characters.includes(text[to - 1]!)) to -= 1;
  return text.slice(0, to);
}

/** What stands before the first of these characters; the whole text where it has none of them. */
export function before(text: string, ...characters: readonly string[]): string {
  const places = characters.map((each) => text.indexOf(each)).filter((at) => at !== -1);
  return places.length === 0 ? text : text.slice(0, Math.min(...places));
}

/** A folder's path without slashes behind it; the root stays itself. */
export function folderPath(path: string): string {
  return path.slice(0, 1) + withoutTrailing(path.slice(1), "/");
}
