/**
 * Settings whose values are lists of names (pg_dump's variable_is_guc_list_quote): each name is a literal
 * of its own.
 */
export const LIST_SETTINGS: ReadonlySet<string> = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/**
 * Splits the stored value of a list setting such as search_path into its elements, as the server's
 * SplitGUCList does: commas separate, double quotes hold an element together, a doubled quote stands for one.
 * What is no proper list comes back as one element, never as SQL.
 */
export function splitListSetting(value: string): string[] {
  if (value.trim() === "") return [];
  const elements: string[] = [];
  const element = /\s*(?:"((?:[^"]|"")*)"\s*|([^\s",][^",]*)?)(,|$)/y;
  for (;;) {
    const match = element.exec(value);
    if (match === null) return [value];
    elements.push(match[1]?.replaceAll('""', '"') ?? match[2]?.trimEnd() ?? "");
    if (match[3] === "") return elements;
  }
}
