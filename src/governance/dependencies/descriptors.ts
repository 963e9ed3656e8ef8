/** `name@range` of yarn taken apart; undefined where it is none. */
export function descriptorOf(text: string): { readonly name: string; readonly range: string } | undefined {
  const at = text.indexOf("@", 1);
  if (at === -1) return undefined;
  return { name: text.slice(0, at), range: text.slice(at + 1) };
}

/** The name under which `npm:other@^1.0.0` was published; undefined where the range is no alias. */
export function aliased(range: string): string | undefined {
  return /^npm:((?:@[^/@]+\/)?[^/@]+)@/.exec(range)?.[1];
}
