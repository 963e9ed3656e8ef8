import { openArtifact } from "../../../copy/artifacts/artifact.ts";
import { interruptible } from "../../../copy/artifacts/interruptible.ts";
import type { LoadContext } from "../../../copy/artifacts/load.ts";
import { RowScript } from "../../../copy/artifacts/row-script.ts";
import type { ArtifactRecord } from "../../../../nouns/catalog/manifest.ts";
import type { TableRecord } from "../../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { HoldfastError } from "../../../../kernel/errors.ts";
import { qualifiedName } from "../../../../postgres/quoting.ts";
import { isNamed } from "../../../copy/artifacts/toc-names.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { RowLoader, type SequenceValue } from "../../rows/row-loader.ts";
import type { StagedKind } from "../archive/whose-rows.ts";
import { asText, makeStaged, type Staged } from "./staged.ts";
import { readTableShapes, type TableShape } from "./table-shape.ts";

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
  /** Tables whose rows do not go straight in, as far as {@link kindOf} gives them a kind. */
  readonly beside: readonly TableRecord[];
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
 * Loads the rows of an archive inside a transaction: those of the restore's own tables into them, all others
 * into temporary tables beside theirs. A check or domain may ask for rows of another table, which an archive
 * does not say: what was refused is tried again after the others, as long as that helps. Reads the archive to
 * its end, so that its hash was checked when this returns.
 */
export async function loadRows(
  session: DatabaseSession,
  source: RowsSource,
  context: LoadContext,
  label: string,
): Promise<LoadedRows> {
  const loading = new Loading(session, source, context, label);
  await loading.run();
  if (loading.staged.length > 0) {
    await session.query(`ANALYZE ${loading.staged.map(({ temporary }) => temporary).join(", ")}`);
  }
  return loading;
}

const REMEDY =
  "The backup's own table does not take the backup's own rows: a check, domain or computed column of it " +
  "asks for what is not there. Mend it at the source and back up again, or use --into database.";

/** Rows of one table that were refused: which part of them, where they come in several. */
interface RefusedRows {
  readonly schema: string;
  readonly name: string;
  readonly part: number;
  readonly error: HoldfastError;
}

class Loading implements LoadedRows {
  readonly staged: Staged[] = [];
  readonly sequences: SequenceValue[] = [];
  readonly #session: DatabaseSession;
  readonly #source: RowsSource;
  readonly #context: LoadContext;
  readonly #label: string;
  #shapes: ReadonlyMap<string, TableShape> | undefined;

  constructor(session: DatabaseSession, source: RowsSource, context: LoadContext, label: string) {
    this.#session = session;
    this.#source = source;
    this.#context = context;
    this.#label = label;
  }

  async run(): Promise<void> {
    const { entries } = this.#source;
    let refused = await this.#round(entries, undefined);
    while (refused.length > 0) {
      const again = await this.#round(entriesOf(entries, refused), refused);
      if (again.length === refused.length && !again.some((one) => this.#isStaged(one))) throw again[0]!.error;
      refused = again;
    }
  }

  /** @param only what alone is loaded */
  async #round(
    entries: readonly TocEntry[],
    only: readonly RefusedRows[] | undefined,
  ): Promise<readonly RefusedRows[]> {
    const { log, store, identities, signal, tools, toolSet } = this.#context;
    const refused: RefusedRows[] = [];
    const parts = new Map<string, number>();
    const loader = new RowLoader(this.#session, this.#source.own, {
      remedy: REMEDY,
      table: async (schema, name, columns) => await this.#beside(schema, name, columns),
      sequence: (sequence) => this.#takeSequence(sequence),
      load: async (schema, name, copy) => {
        const key = qualifiedName(schema, name);
        const part = (parts.get(key) ?? 0) + 1;
        parts.set(key, part);
        if (
          only !== undefined &&
          !only.some((one) => one.schema === schema && one.name === name && one.part === part)
        ) {
          return;
        }
        const error = await refusal(this.#session, copy, "database.query");
        if (error === undefined) return;
        const loosened = await this.#loosen(schema, name, error);
        for (let each = loosened ? 1 : part; each <= part; each += 1) {
          refused.push({ schema, name, part: each, error });
        }
      },
    });
    const { artifact } = this.#source;
    const progress = log.progress(this.#label, "bytes", artifact.stored.size);
    try {
      const archive = openArtifact(interruptible(store, signal), artifact, identities, (bytes) =>
        progress.add(bytes),
      );
      await loader.load(
        new RowScript(tools.script({ tools: toolSet, archive, sections: ["data"], entries, signal })),
        signal,
      );
      if (only === undefined) await loader.setSequences();
    } finally {
      progress.done();
    }
    return refused;
  }

  /** The temporary table for rows that do not go straight in. */
  async #beside(schema: string, name: string, columns: readonly string[]): Promise<string | undefined> {
    const kind = this.#source.kindOf(schema, name);
    if (kind === undefined) return undefined;
    // Rows of one table may come in several parts.
    const known = this.staged.find((one) => one.schema === schema && one.name === name);
    const one =
      known ??
      (await makeStaged(
        this.#session,
        {
          schema,
          name,
          kind,
          computed: this.#source.computedOf(schema, name),
          derived: this.#source.isDerived(schema, name),
          shape: await this.#shapeOf(schema, name),
        },
        columns,
        this.staged.length + 1,
      ));
    if (known === undefined) this.staged.push(one);
    return one.temporary;
  }

  /** Those of all tables that may come are read when the first of them does. */
  async #shapeOf(schema: string, name: string): Promise<TableShape | undefined> {
    this.#shapes ??= new Map(
      (await readTableShapes(this.#session, this.#source.beside)).map((shape) => [
        qualifiedName(shape.schema, shape.name),
        shape,
      ]),
    );
    return this.#shapes.get(qualifiedName(schema, name));
  }

  #takeSequence(sequence: SequenceValue): boolean {
    const isStaged = this.#source.isStagedSequence(sequence.sql);
    if (isStaged) this.sequences.push(sequence);
    return isStaged;
  }

  #isStaged({ schema, name }: Pick<RefusedRows, "schema" | "name">): boolean {
    return this.staged.some((one) => one.schema === schema && one.name === name);
  }

  /** What the target's types do not take is kept as text, so that it can be said what of it that is. */
  async #loosen(schema: string, name: string, error: HoldfastError): Promise<boolean> {
    const at = this.staged.findIndex((one) => one.schema === schema && one.name === name);
    if (at < 0) return false;
    if (this.staged[at]!.isText) throw error;
    this.staged[at] = await asText(this.#session, this.staged[at]!);
    return true;
  }
}

/**
 * Of these, those with the refused rows; all that hold rows where that cannot be told: rows of partitions may
 * be of the table that they divide.
 */
function entriesOf(entries: readonly TocEntry[], refused: readonly RefusedRows[]): readonly TocEntry[] {
  const withRows = entries.filter(({ type }) => type === "TABLE DATA");
  const named = withRows.filter((entry) => refused.some((one) => isNamed(entry, one)));
  return refused.every((one) => one.part === 1 && named.some((entry) => isNamed(entry, one)))
    ? named
    : withRows;
}
