import type { Migration } from "../folder/migration.ts";
import type { HistoryEntry } from "../history/entry.ts";
import type { PreparedScript } from "../script/prepare.ts";

/** One migration that will be applied. */
export interface PlannedMigration {
  readonly migration: Migration;
  readonly forward: PreparedScript;
  /** What an earlier run had begun. */
  readonly begun: HistoryEntry | undefined;
}
