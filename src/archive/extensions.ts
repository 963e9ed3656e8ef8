import type { ExtensionRecord } from "../content/record.ts";
import type { DatabaseSession } from "../ports/database.ts";
import type { TocEntry } from "../ports/dump-tools.ts";

/** Extensions of the manifest that this server cannot install, whatever the version. */
export async function unavailableExtensions(session: DatabaseSession, extensions: readonly ExtensionRecord[]): Promise<readonly ExtensionRecord[]> {
  const rows = await session.query<{ name: string }>(
    "SELECT name::text AS name FROM pg_catalog.pg_available_extensions UNION SELECT extname::text FROM pg_catalog.pg_extension",
  );
  const available = new Set(rows.map((row) => row.name));
  return extensions.filter((extension) => !available.has(extension.name));
}

/**
 * Leaves out what cannot work: the unavailable extensions and their comments. What depends on them fails by itself and is reported, so that
 * nothing is left out in silence.
 */
export function withoutExtensions(entries: readonly TocEntry[], unavailable: readonly ExtensionRecord[]): readonly TocEntry[] {
  const names = new Set(unavailable.map((extension) => extension.name));
  return entries.filter((entry) => {
    const [, ...words] = entry.rest.split(" ");
    if (entry.type === "EXTENSION") return !names.has(words[0] ?? "");
    return !(entry.type === "COMMENT" && words[0] === "EXTENSION" && names.has(words[1] ?? ""));
  });
}
