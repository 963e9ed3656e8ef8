import type { ArtifactRecord } from "../../../../nouns/catalog/manifest.ts";
import type { ProjectEntries } from "../users/entries.ts";
import type { RowsSource } from "./load-rows.ts";
import type { WhoseRows } from "../archive/whose-rows.ts";

/** Where the rows of a project come from and go to. */
export function rowsSource(artifact: ArtifactRecord, entries: ProjectEntries, rows: WhoseRows): RowsSource {
  const sequences = rows.stagedSequences;
  return {
    artifact,
    entries: entries.rows,
    own: rows.own,
    beside: rows.stagedTables,
    kindOf: (schema, table) => rows.staged(schema, table),
    computedOf: (schema, table) => rows.computed(schema, table),
    isDerived: (schema, table) => rows.isDerived(schema, table),
    isStagedSequence: (sql) => sequences.has(sql),
  };
}
