import { displayName } from "../../../../postgres/display-name.ts";
import type { ContentRecord, TableRecord } from "../../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { PlatformRowsForeseen } from "./foresee.ts";
import type { Staged } from "./staged.ts";

/**
 * Tables that extensions of the user's keep for him (`pg_extension_config_dump`): the extension makes the
 * table, perhaps with rows of its own, and the backup's rows come to lie beside these.
 */

/**
 * Of which staged tables the extension is none of these, so that they are there only when it has been made.
 */
export function comesWithExtension(
  content: ContentRecord,
  isThere: (extension: string) => boolean,
): (staged: Staged) => boolean {
  const extensions = new Map(content.tables.map((table) => [displayName(table), table.extension]));
  return ({ schema, name, kind }) => {
    const extension = extensions.get(displayName({ schema, name }));
    return kind === "extension" && extension !== undefined && !isThere(extension);
  };
}

/** The extensions that the target has. */
export async function extensionsThere(session: DatabaseSession): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>("SELECT extname::text AS name FROM pg_extension");
  return new Set(rows.map(({ name }) => name));
}

/**
 * The tables as they are compared with the target's. Of one that an extension keeps and that holds further
 * rows there, the backup's were held against the target's before the commit, as those of the platform's
 * tables were: their number and sum say nothing then. What an extension holds besides, and no dump, is
 * compared as everywhere.
 */
export function withoutFurther(
  tables: readonly TableRecord[],
  foreseen: readonly PlatformRowsForeseen[],
): TableRecord[] {
  const further = new Set(
    foreseen
      .filter(({ kind, further: count }) => kind === "extension" && count > 0)
      .map(({ table }) => table),
  );
  return tables.map((table): TableRecord => {
    if (table.ofExtension !== true || !further.has(`${table.schema}.${table.name}`)) return table;
    const { columns: _, ...rest } = table;
    return { ...rest, rows: null, fingerprint: null };
  });
}
