/**
 * Splits the stored value of a list setting such as search_path into its elements, as the server's SplitGUCList does: commas separate, double quotes
 * hold an element together, a doubled quote stands for one. What is no proper list comes back as one element, never as SQL.
 */
export function splitListSetting(value: string): string[] {
  if (value.trim() === "") return [];
  const elements: string[] = [];
  const element = /\s*(?:"((?:[^"]|"")*)"|([^",]*?))\s*(,|$)/y;
  for (;;) {
    const match = element.exec(value);
    if (match === null) return [value];
    elements.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "") return elements;
  }
}
