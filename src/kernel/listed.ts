/** Names shown before "and n more". */
const NAMES_MAX = 5;

/** Names in a sentence, the first of many; each as it is to be shown. */
export function listed(names: readonly string[], max = NAMES_MAX): string {
  const more = names.length - max;
  return `${names.slice(0, max).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
