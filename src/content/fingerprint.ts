import { HoldfastError, isHoldfastError } from "../kernel/errors.ts";
import { qualifiedName } from "../kernel/sql.ts";
import { together } from "../kernel/together.ts";
import type { DatabaseSession } from "../ports/database.ts";
import type { ContentRecord, TableRecord } from "./record.ts";
import { rowHash } from "./row-hash.ts";
import { readShapes, type TableShape } from "./table-shapes.ts";

export { fingerprintLargeObjects } from "./large-objects.ts";

/** How to fingerprint. */
export interface FingerprintOptions {
  /** Sessions that work side by side. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  /** Called once for every finished table. */
  readonly onTable?: () => void;
}

/** Bytes of a table that one statement reads: small enough that all sessions finish together. */
const PIECE_BYTES = 64 * 1024 * 1024;
/** Up to this many tables every session locks them all at once; more could exhaust the server's lock table. */
const LOCKED_TABLES_MAX = 2000;
const LOCK_BATCH = 250;

/** A part of a table: `start` ≤ page < `end`; open ends are undefined. */
interface Piece {
  readonly table: Counted;
  readonly start: number | undefined;
  readonly end: number | undefined;
}

interface Counted {
  readonly shape: TableShape;
  pieces: number;
  rows: bigint;
  sum: bigint;
}

/**
 * Counts, and for proof `content` hashes, the rows of every ordinary table of an inventory.
 *
 * @param open gives a session with {@link PINNED_SETTINGS} inside a transaction that sees the inventory's snapshot; all are closed at the end
 * @returns the inventory's tables with `rows` and `fingerprint` filled in
 * @throws the signal's reason when aborted; the statements under way are cancelled on the server
 */
export async function fingerprintTables(open: () => Promise<DatabaseSession>, inventory: ContentRecord, options: FingerprintOptions): Promise<TableRecord[]> {
  const wanted = inventory.tables.filter((table) => table.kind === "table");
  if (inventory.proof === "none" || wanted.length === 0) return inventory.tables;
  await using sessions = new Sessions(open);
  const shapes = await readShapes(await sessions.add(), wanted);
  const counted = shapes.map((shape) => ({ shape, pieces: 0, rows: 0n, sum: 0n }));
  const queue = divide(counted, wanted);
  const worker = (index: number) => async (signal: AbortSignal): Promise<void> => {
    const session = index === 0 ? sessions.first : await sessions.add();
    await lockAll(session, shapes);
    await work(session, queue, inventory.proof === "content", signal, options.onTable);
  };
  const workers = Math.max(1, Math.min(options.jobs, queue.length));
  await together(options.signal, Array.from({ length: workers }, (_, index) => worker(index)));
  return fillIn(inventory.tables, counted, inventory.proof === "content");
}

/** The sessions of one run. They are closed together: a lock given up early would let a table be rewritten between two pieces of it. */
class Sessions implements AsyncDisposable {
  readonly #open: () => Promise<DatabaseSession>;
  readonly #all: DatabaseSession[] = [];

  constructor(open: () => Promise<DatabaseSession>) {
    this.#open = open;
  }

  async add(): Promise<DatabaseSession> {
    const session = await this.#open();
    this.#all.push(session);
    return session;
  }

  get first(): DatabaseSession {
    return this.#all[0]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((session) => session.close()));
  }
}

/** Largest tables first, in pieces, so that the last statements to finish are short. */
function divide(counted: readonly Counted[], tables: readonly TableRecord[]): Piece[] {
  const bytes = new Map(tables.map((table) => [qualifiedName(table.schema, table.name), table.bytes]));
  const bytesOf = (table: Counted): number => bytes.get(qualifiedName(table.shape.schema, table.shape.name)) ?? 0;
  const pieces: Piece[] = [];
  for (const table of [...counted].sort((a, b) => bytesOf(b) - bytesOf(a))) {
    const { blocks, divisible } = table.shape;
    table.pieces = divisible ? Math.max(1, Math.min(blocks, Math.ceil(bytesOf(table) / PIECE_BYTES))) : 1;
    for (let index = 0; index < table.pieces; index += 1) {
      const edge = (at: number): number | undefined => (at === 0 || at === table.pieces ? undefined : Math.floor((blocks * at) / table.pieces));
      pieces.push({ table, start: edge(index), end: edge(index + 1) });
    }
  }
  return pieces;
}

/**
 * Takes the weakest lock on every table before reading the first: later, behind a schema change that waits for the dump, this
 * session would wait for that change, and both for each other's end.
 */
async function lockAll(session: DatabaseSession, shapes: readonly TableShape[]): Promise<void> {
  if (shapes.length > LOCKED_TABLES_MAX) return;
  for (let start = 0; start < shapes.length; start += LOCK_BATCH) {
    const names = shapes.slice(start, start + LOCK_BATCH).map((shape) => `ONLY ${qualifiedName(shape.schema, shape.name)}`);
    await session.query(`LOCK TABLE ${names.join(", ")} IN ACCESS SHARE MODE`);
  }
}

async function work(session: DatabaseSession, queue: Piece[], content: boolean, signal: AbortSignal, onTable: (() => void) | undefined): Promise<void> {
  const cancel = (): void => void session.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) {
      signal.throwIfAborted();
      const [row] = await session.query<{ rows: string; sum: string }>(pieceQuery(piece, content)).catch((error: unknown) => {
        throw naming(piece.table, error);
      });
      piece.table.rows += BigInt(row!.rows);
      piece.table.sum += BigInt(row!.sum);
      piece.table.pieces -= 1;
      if (piece.table.pieces === 0) onTable?.();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/**
 * A table that can be used but not counted: planning a query looks into the functions of its indexes, and one that names its tables without a schema
 * finds none here. It would find none in pg_restore either (https://www.postgresql.org/docs/release/10.3/, CVE-2018-1058).
 */
function naming({ shape }: Counted, error: unknown): unknown {
  if (!isHoldfastError(error, "database.query") || !/SQLSTATE 42(?:P01|883|704)/.test(error.message)) return error;
  return new HoldfastError("database.query", `${qualifiedName(shape.schema, shape.name)} cannot be counted: ${error.message}`, {
    hint:
      "An index or rule of this table probably calls a function that names tables, types or functions without their schema, so that no restore could make it again; " +
      "mend it with ALTER FUNCTION … SET search_path, or back up with --proof none until then.",
    cause: error,
  });
}

function pieceQuery({ table, start, end }: Piece, content: boolean): string {
  const { shape } = table;
  const sum = content ? `coalesce(sum(${rowHash(shape.columns)}), 0)` : "0";
  const range = [...(start === undefined ? [] : [`ctid >= '(${start},0)'::tid`]), ...(end === undefined ? [] : [`ctid < '(${end},0)'::tid`])];
  const where = range.length > 0 ? `WHERE ${range.join(" AND ")}` : shape.condition;
  return `SELECT count(*)::text AS rows, (${sum})::text AS sum FROM ONLY ${qualifiedName(shape.schema, shape.name)} ${where}`;
}

function fillIn(tables: readonly TableRecord[], counted: readonly Counted[], content: boolean): TableRecord[] {
  const results = new Map(counted.map((table) => [qualifiedName(table.shape.schema, table.shape.name), table]));
  return tables.map((table) => {
    if (table.kind !== "table") return table;
    const result = results.get(qualifiedName(table.schema, table.name));
    if (result === undefined) {
      throw new HoldfastError("database.changing", `table ${qualifiedName(table.schema, table.name)} was dropped while it was being measured`, {
        hint: "Somebody changed the schema at the same time; run again.",
      });
    }
    return { ...table, rows: Number(result.rows), fingerprint: content ? result.sum.toString() : null };
  });
}
