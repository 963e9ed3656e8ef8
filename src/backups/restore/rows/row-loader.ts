import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { qualifiedName, quoteIdentifier } from "../../../postgres/quoting.ts";
import type { CopyStep, RawText, RowScript, RowStep, SequenceStep } from "../../copy/artifacts/row-script.ts";
import type { ByteStream } from "../../../kernel/streams.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { NamedTable } from "./live-tables.ts";
import { Untouched } from "../care/untouched.ts";

/**
 * A large object's bytes go to the server in pieces of at least this many; pg_restore writes 16 kB at a time.
 */
const PIECE_SIZE = 1024 * 1024;

/** INV_WRITE: https://www.postgresql.org/docs/current/lo-interfaces.html */
const FOR_WRITING = 131072;

/** What goes another way than into the table, or the sequence, of its name. */
export interface Elsewhere {
  /** Where the rows of a table go, as SQL names a relation; undefined for the table itself. */
  readonly table: (schema: string, table: string, columns: readonly string[]) => Promise<string | undefined>;
  /** Hears of a sequence's value and says whether it sees to it. */
  readonly sequence: (sequence: SequenceValue) => boolean;
  /** Carries out the loading of one table's rows, or leaves it. */
  readonly load: (schema: string, table: string, copy: () => Promise<void>) => Promise<void>;
  /** What to do about rows that are refused. */
  readonly remedy: string;
}

const REMEDY =
  "The target's table does not take the backup's rows as it stands: change it, or restore the whole backup.";

/** The table is emptied before: only rows of the backup can be alike. */
const DOUBLED =
  "Two rows of the backup itself are alike by it, so the source did not hold it: find them there, keep " +
  "one of each and back up again; or drop the rule at the target, if that is wanted.";

function remedyFor({ message }: HoldfastError): string {
  // Unique and exclusion violations, in whatever language the server speaks.
  return /SQLSTATE (?:23505|23P01)/.test(message) ? DOUBLED : REMEDY;
}

/** The value of a sequence in a backup. */
export interface SequenceValue {
  /** Schema and name as SQL has them. */
  readonly sql: string;
  /** Decimal. */
  readonly value: string;
  readonly called: boolean;
}

/**
 * Carries out the steps of a script in one session. Statements are made here; of the script only names,
 * numbers and bytes are used.
 */
export class RowLoader {
  readonly #session: DatabaseSession;
  readonly #allowed: ReadonlySet<string>;
  readonly #elsewhere: Elsewhere | undefined;
  readonly #sequences: SequenceStep[] = [];
  #encoding = "UTF8";
  #object: { readonly oid: string; offset: number; pieces: Buffer[]; size: number } | undefined;

  /** @param tables the only ones that may be written */
  constructor(session: DatabaseSession, tables: readonly NamedTable[], elsewhere?: Elsewhere) {
    this.#session = session;
    this.#elsewhere = elsewhere;
    this.#allowed = new Set(tables.map(({ schema, name }) => qualifiedName(schema, name)));
  }

  /**
   * Everything but the sequences' values. What the script's program wrote ahead is not carried out
   * after an abort.
   */
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
   * Sets what {@link load} met. setval itself is not undone by a rollback, so each sequence is restarted
   * first: that gives it new storage within the transaction, and a rollback goes back to the old one.
   *
   * https://www.postgresql.org/docs/current/sql-altersequence.html
   */
  async setSequences(): Promise<void> {
    for (const { sequence, value, called } of this.#sequences) {
      const name = await this.#text(sequence);
      if (this.#elsewhere?.sequence({ sql: name, value, called }) === true) continue;
      try {
        const [found] = await this.#session.query<{ sql: string }>(
          `
            SELECT format('%I.%I', n.nspname, c.relname) AS sql
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.oid = $1::regclass
          `,
          [name],
        );
        await this.#session.query(`ALTER SEQUENCE ${found!.sql} RESTART`);
        await this.#session.query("SELECT setval($1::regclass, $2::int8, $3::bool)", [
          found!.sql,
          value,
          called,
        ]);
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
          `
            SELECT lo_truncate(fd, 0), lo_close(fd)
              FROM (SELECT lo_open($1::text::oid, ${FOR_WRITING}) AS fd OFFSET 0) AS opened
          `,
          [step.oid],
        );
        this.#object = { oid: step.oid, offset: 0, pieces: [], size: 0 };
        return;
      case "bytes":
        await this.#write(step.bytes);
        return;
    }
  }

  async #copy({ schema, table, columns, rows }: CopyStep): Promise<void> {
    const own = [await this.#text(schema), await this.#text(table)] as const;
    const name = qualifiedName(...own);
    const names: string[] = [];
    for (const column of columns ?? []) names.push(await this.#text(column));
    const elsewhere = await this.#elsewhere?.table(...own, names);
    if (elsewhere === undefined && !this.#allowed.has(name)) throw notPlanned(name);
    const list = columns === undefined ? "" : ` (${names.map(quoteIdentifier).join(", ")})`;
    const copy = async (): Promise<void> => {
      try {
        await this.#session.copyFrom(
          `COPY ${elsewhere ?? name}${list} FROM STDIN WITH (FORMAT text, ENCODING '${this.#encoding}')`,
          leavingRest(rows),
        );
      } catch (error) {
        const remedy = isHoldfastError(error, "database.query")
          ? (this.#elsewhere?.remedy ?? remedyFor(error))
          : undefined;
        throw new Untouched(error, `filling ${printableLine(name)}`, remedy);
      }
    };
    await (this.#elsewhere === undefined ? copy() : this.#elsewhere.load(...own, copy));
  }

  async #write(bytes: Buffer): Promise<void> {
    const object = this.#object;
    if (object === undefined) {
      throw new HoldfastError("tool.failed", "pg_restore wrote bytes of no large object", {
        hint: "Update the PostgreSQL client programs.",
      });
    }
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
    await this.#session.query("SELECT lo_put($1::text::oid, $2::int8, $3::bytea)", [
      object.oid,
      object.offset,
      Buffer.concat(object.pieces),
    ]);
    object.offset += object.size;
    object.pieces = [];
    object.size = 0;
  }

  /**
   * Bytes of the script as text. The server knows every encoding it ever wrote; where nothing is to convert
   * it is not asked.
   */
  async #text(raw: RawText): Promise<string> {
    if (this.#encoding === "UTF8" || raw.every((byte) => byte < 0x80)) return raw.toString("utf8");
    const [row] = await this.#session.query<{ text: string }>("SELECT convert_from($1::bytea, $2) AS text", [
      raw,
      this.#encoding,
    ]);
    return row!.text;
  }
}

/** Rows of which the last may be left unread, for the script to pass over. */
async function* leavingRest(rows: ByteStream): ByteStream {
  const iterator = rows[Symbol.asyncIterator]();
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

/** Rows that land in a table which was not emptied would be there twice. */
function notPlanned(name: string): HoldfastError {
  return new HoldfastError(
    "refused.outside-scope",
    `the archive puts rows into ${printableLine(name)}, which is not among the tables to be filled`,
    {
      hint:
        "Where rows are dumped through a partitioned table (hash partitions on an enum), name all " +
        "of its partitions together.",
    },
  );
}
