import { isNamed } from "../../../copy/artifacts/toc-names.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { readDefaults, type Defaults } from "./defaults.ts";
import type { ProjectEntries } from "../users/entries.ts";
import { comesWithExtension, extensionsThere } from "./extension-tables.ts";
import { foreseeStaged, type Foreseen } from "./foresee.ts";
import { loadRows } from "./load-rows.ts";
import type { ProjectArchive } from "../archive/project-archive.ts";
import { rowsSource } from "./rows-source.ts";

/** What was foreseen of rows of the platform's tables, and by which defaults of their columns. */
export interface RehearsedRows {
  readonly foreseen: Foreseen;
  readonly defaults: Defaults;
}

/**
 * What would become of the rows of the platform's tables. Only temporary tables are written, and these
 * are taken back.
 */
export async function rehearseRows(
  session: DatabaseSession,
  archive: ProjectArchive,
  entries: ProjectEntries,
): Promise<RehearsedRows> {
  const { context, rowsIn, definitionsIn, contents, rows, content } = archive;
  await session.query("BEGIN READ WRITE");
  try {
    const source = rowsSource(rowsIn, entries, rows);
    const staging = {
      ...source,
      own: [],
      entries: source.entries.filter(
        (entry) => entry.type === "TABLE DATA" && rows.stagedTables.some((table) => isNamed(entry, table)),
      ),
    };
    const { staged } = await loadRows(session, staging, context, "looking at rows of the platform's tables");
    const defaults = await readDefaults(context, definitionsIn, contents, staged);
    const there = await extensionsThere(session);
    return {
      foreseen: await foreseeStaged(
        session,
        staged,
        defaults,
        comesWithExtension(content, (name) => there.has(name)),
      ),
      defaults,
    };
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}
