import { HoldfastError, isHoldfastError } from "../kernel/errors.ts";
import { printableLine } from "../kernel/printable.ts";
import { qualifiedName, quoteIdentifier } from "../kernel/sql.ts";
import type { CopyStep, RawText, RowScript, RowStep, SequenceStep } from "../archive/row-script.ts";
import type { DatabaseSession } from "../ports/database.ts";
import type { Named } from "./live-tables.ts";
import { Untouched } from "./untouched.ts";

/** A large object's bytes go to the server in pieces of at least this many; pg_restore writes 16 kB at a time. */
const PIECE_SIZE = 1024 * 1024;

/** INV_WRITE: https://www.postgresql.org/docs/current/lo-interfaces.html */
const FOR_WRITING = 131072;

/** Carries out the steps of a script in one session. Statements are made here; of the script only names, numbers and bytes are used. */
export class RowLoader {
  readonly #session: DatabaseSession;
  readonly #allowed: ReadonlySet<string>;
  readonly #sequences: SequenceStep[] = [];
  #encoding = "UTF8";
  #object: { readonly oid: string; offset: number; pieces: Buffer[]; size: number } | undefined;

  /** @param tables the only ones that may be written */
  constructor(session: DatabaseSession, tables: readonly Named[]) {
    this.#session = session;
    this.#allowed = new Set(tables.map(({ schema, name }) => qualifiedName(schema, name)));
  }

  /** Everything but the sequences' values. What the script's program wrote ahead is not carried out after an abort. */
  async load(script: RowScript, signal: AbortSignal): Promise<void> {
    for await (const step of script.steps()) {
      signal.throwIfAborted();
      this.#encoding = script.encoding;
      if (step.step !== "bytes") await this.#finishObject();
      await this.#take(step);
    }
    await this.#finishObject();
  }

  /**
   * Sets what {@link load} met. setval itself is not undone by a rollback, so each sequence is restarted first: that gives it new
   * storage within the transaction, and a rollback goes back to the old one.
   *
   * https://www.postgresql.org/docs/current/sql-altersequence.html
   */
  async setSequences(): Promise<void> {
    for (const { sequence, value, called } of this.#sequences) {
      const name = await this.#text(sequence);
      try {
        const [found] = await this.#session.query<{ sql: string }>(
          `SELECT format('%I.%I', n.nspname, c.relname) AS sql FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = $1::regclass`, [name],
        );
        await this.#session.query(`ALTER SEQUENCE ${found!.sql} RESTART`);
        await this.#session.query("SELECT setval($1::regclass, $2::int8, $3::bool)", [found!.sql, value, called]);
      } catch (error) {
        throw new Untouched(error, `setting sequence ${printableLine(name)}`);
      }
    }
  }

  async #take(step: RowStep): Promise<void> {
    switch (step.step) {
      case "copy":
        await this.#copy(step);
        return;
      case "sequence":
        this.#sequences.push(step);
        return;
      case "large-object":
        // Written over from its beginning it would keep its old end.
        await this.#session.query(
          `SELECT lo_truncate(fd, 0), lo_close(fd) FROM (SELECT lo_open($1::text::oid, ${FOR_WRITING}) AS fd OFFSET 0) AS opened`, [step.oid],
        );
        this.#object = { oid: step.oid, offset: 0, pieces: [], size: 0 };
        return;
      case "bytes":
        await this.#write(step.bytes);
        return;
    }
  }

  async #copy({ schema, table, columns, rows }: CopyStep): Promise<void> {
    const name = qualifiedName(await this.#text(schema), await this.#text(table));
    if (!this.#allowed.has(name)) throw notPlanned(name);
    const names: string[] = [];
    for (const column of columns ?? []) names.push(quoteIdentifier(await this.#text(column)));
    const list = columns === undefined ? "" : ` (${names.join(", ")})`;
    try {
      await this.#session.copyFrom(`COPY ${name}${list} FROM STDIN WITH (FORMAT text, ENCODING '${this.#encoding}')`, rows);
    } catch (error) {
      const remedy = "The target's table does not take the backup's rows as it stands: change it, or restore the whole backup.";
      throw new Untouched(error, `filling ${printableLine(name)}`, isHoldfastError(error, "database.query") ? remedy : undefined);
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const object = this.#object;
    if (object === undefined) throw new HoldfastError("tool.failed", "pg_restore wrote bytes of no large object", { hint: "Update the PostgreSQL client programs." });
    object.pieces.push(bytes);
    object.size += bytes.length;
    if (object.size >= PIECE_SIZE) await this.#flush();
  }

  async #finishObject(): Promise<void> {
    await this.#flush();
    this.#object = undefined;
  }

  async #flush(): Promise<void> {
    const object = this.#object;
    if (object === undefined || object.size === 0) return;
    await this.#session.query("SELECT lo_put($1::text::oid, $2::int8, $3::bytea)", [object.oid, object.offset, Buffer.concat(object.pieces)]);
    object.offset += object.size;
    object.pieces = [];
    object.size = 0;
  }

  /** Bytes of the script as text. The server knows every encoding it ever wrote; where nothing is to convert it is not asked. */
  async #text(raw: RawText): Promise<string> {
    if (this.#encoding === "UTF8" || raw.every((byte) => byte < 0x80)) return raw.toString("utf8");
    const [row] = await this.#session.query<{ text: string }>("SELECT convert_from($1::bytea, $2) AS text", [raw, this.#encoding]);
    return row!.text;
  }
}

/** Rows that land in a table which was not emptied would be there twice. */
function notPlanned(name: string): HoldfastError {
  return new HoldfastError("refused.outside-scope", `the archive puts rows into ${printableLine(name)}, which is not among the tables to be filled`, {
    hint: "Where rows are dumped through a partitioned table (hash partitions on an enum), name all of its partitions together.",
  });
}
