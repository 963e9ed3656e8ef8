import { openArtifact } from "../../archive/artifact.ts";
import { interruptible } from "../../archive/interruptible.ts";
import type { LoadContext } from "../../archive/load.ts";
import { RowScript } from "../../archive/row-script.ts";
import type { ArtifactRecord } from "../../catalog/manifest.ts";
import type { TableRecord } from "../../content/record.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { TocEntry } from "../../ports/dump-tools.ts";
import { RowLoader, type SequenceValue } from "../row-loader.ts";
import { makeStaged, type Staged, type StagedKind } from "./staged.ts";

/** Rows that were loaded, and those that lie beside their tables. */
export interface LoadedRows {
  readonly staged: readonly Staged[];
  /** Values of the sequences of staged tables. */
  readonly sequences: readonly SequenceValue[];
}

/** What is loaded from where. */
export interface RowsSource {
  readonly artifact: ArtifactRecord;
  /** Rows and sequences, in the archive's order. */
  readonly entries: readonly TocEntry[];
  /** Tables that are the restore's alone: their rows go straight in. */
  readonly own: readonly TableRecord[];
  /** What becomes of the rows of any other table. */
  readonly kindOf: (schema: string, table: string) => StagedKind | undefined;
  /** Columns of it that the platform fills itself, with the expressions. */
  readonly computedOf: (schema: string, table: string) => ReadonlyMap<string, string>;
  /** Whether the rows of such a table follow from others. */
  readonly isDerived: (schema: string, table: string) => boolean;
  /** Sequences of staged tables, as SQL has them. */
  readonly isStagedSequence: (sql: string) => boolean;
}

/**
 * Loads the rows of an archive inside a transaction: those of the restore's own tables into them, all others into temporary tables beside
 * theirs. Reads the archive to its end, so that its hash was checked when this returns.
 */
export async function loadRows(session: DatabaseSession, source: RowsSource, context: LoadContext, label: string): Promise<LoadedRows> {
  const staged: Staged[] = [];
  const sequences: SequenceValue[] = [];
  const progress = context.log.progress(label, "bytes", source.artifact.stored.size);
  const loader = new RowLoader(session, source.own, {
    table: async (schema, name, columns) => {
      const kind = source.kindOf(schema, name);
      if (kind === undefined) return undefined;
      // Rows of one table may come in several parts.
      const known = staged.find((one) => one.schema === schema && one.name === name);
      const one = known ?? await makeStaged(session, { schema, name, kind, computed: source.computedOf(schema, name), derived: source.isDerived(schema, name) }, columns, staged.length + 1);
      if (known === undefined) staged.push(one);
      return one.temporary;
    },
    sequence: (sequence) => {
      const isStaged = source.isStagedSequence(sequence.sql);
      if (isStaged) sequences.push(sequence);
      return isStaged;
    },
  });
  try {
    const archive = openArtifact(interruptible(context.store, context.signal), source.artifact, context.identities, (bytes) => progress.add(bytes));
    const script = context.tools.script({ tools: context.toolSet, archive, sections: ["data"], entries: source.entries, signal: context.signal });
    await loader.load(new RowScript(script), context.signal);
    await loader.setSequences();
  } finally {
    progress.done();
  }
  for (const { temporary } of staged) await session.query(`ANALYZE ${temporary}`);
  return { staged, sequences };
}
