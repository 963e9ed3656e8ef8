import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import { qualifiedName } from "../../../postgres/quoting.ts";
import { together } from "../../../kernel/together.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { readNumbers, type Numbers } from "./object-numbers.ts";
import { allPieces, countPieces, pieceQuery, type Counted, type Piece } from "./pieces.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { ReadAs, recordedAs } from "./column-types.ts";
import type { ContentRecord, TableRecord } from "../record.ts";
import { rowHashNamed, type RowHash } from "./row-hash.ts";
import { ROW_HASH } from "../row-hash-names.ts";
import { planLocks, TableLocks, type LockPlan } from "./table-locks.ts";
import { readShapes, type HashedTable } from "./table-shapes.ts";
import { onAbort } from "../../../kernel/on-abort.ts";
import { orAbort } from "../../../kernel/or-abort.ts";

export { fingerprintLargeObjects } from "./large-objects.ts";

/** Opens a session, until `stop` says that nobody waits for it any more. */
export type OpenSession = (stop?: AbortSignal) => Promise<DatabaseSession>;

/** How to fingerprint. */
export interface FingerprintOptions {
  /** Sessions that work side by side, at most. */
  readonly jobs: number;
  /**
   * Those after the first count nothing until this has resolved. They are opened and take their locks at
   * once: later a login may have ended, and a schema change that waits for the dump would be in front of
   * their locks. Default: they count from the beginning.
   */
  readonly moreSessions?: Promise<void>;
  readonly signal: AbortSignal;
  /** Tables that have no rows here to be read (`unloggedOnStandby`). */
  readonly withoutRows?: readonly { readonly schema: string; readonly name: string }[];
  /** Called once for every finished table. */
  readonly onTable?: () => void;
  /** Called with the bytes on the disk of what was counted, a piece of a table at a time. */
  readonly onBytes?: (bytes: number) => void;
  /** Told once for every session that the server had no room for, and why: the others do its work. */
  readonly onFewer?: (why: HoldfastError) => void;
  /**
   * Called for a table whose rows may have had another fingerprint at the source although they are equal, and
   * why.
   */
  readonly onDoubt?: (table: TableRecord, why: string) => void;
  /**
   * Tables as recorded elsewhere: of each only the columns that the record names are hashed, if it names any.
   */
  readonly columnsOf?: readonly TableRecord[];
  /**
   * How a column's whole numbers were hashed elsewhere, if it had such; for columns that are of another
   * type by now.
   */
  readonly recordedAs?: ReturnType<typeof recordedAs>;
  /** Called for a table with names of objects in its rows, see {@link Numbers}. */
  readonly onNumbers?: (table: TableRecord, numbers: Numbers) => void;
  /** Called for a table with columns that were left out for that. */
  readonly onSurplus?: (table: TableRecord, columns: readonly string[]) => void;
}

/**
 * Counts, and for proof `content` hashes as the inventory's `algorithm` says, the rows of every ordinary
 * table of an inventory.
 *
 * @param open gives a session with {@link PINNED_SETTINGS} inside a transaction that sees the inventory's
 * snapshot; all are closed at the end
 * @returns the inventory's tables with `rows`, `fingerprint` and `columns` filled in
 * @throws the signal's reason when aborted; the statements under way are cancelled on the server
 */
export async function fingerprintTables(
  open: OpenSession,
  inventory: ContentRecord,
  options: FingerprintOptions,
): Promise<TableRecord[]> {
  const wanted = withRows(inventory.tables, options);
  if (inventory.proof === "none" || wanted.length === 0) return inventory.tables;
  const hash =
    inventory.proof === "content" ? (rowHashNamed(inventory.algorithm) ?? rowHashNamed(ROW_HASH)) : undefined;
  await using sessions = new Sessions(open);
  const shapes = (await readShapes(await sessions.add(), wanted)).map(recordedColumns(hash, wanted, options));
  const bytes = new Map(wanted.map((table) => [qualifiedName(table.schema, table.name), table.bytes]));
  const counted = shapes.map((shape): Counted => ({
    shape,
    bytes: bytes.get(qualifiedName(shape.schema, shape.name)) ?? 0,
    pieces: 1,
    rows: 0n,
    sum: 0n,
    columns: [],
  }));
  countPieces(counted);
  const plan = await planLocks(sessions.first, counted, options.jobs);
  const queue = allPieces(counted);
  const workers = Math.max(1, Math.min(options.jobs, queue.length));
  const { onFewer } = options;
  // A pooler that has no session left lets us wait for one; nobody waits longer than there is work.
  const done = new AbortController();
  const worker =
    (index: number) =>
    async (signal: AbortSignal): Promise<void> => {
      const session = index === 0 ? sessions.first : await sessions.addIfFree(signal, done.signal, onFewer);
      if (session === undefined) return;
      const begin = (): Promise<boolean> =>
        index === 0 ? Promise.resolve(true) : isToCount(session, { ...options, signal }, done.signal);
      await work(session, plan, queue, hash, { ...options, signal, begin });
      done.abort(new Error("the others have done its work"));
    };
  await together(
    options.signal,
    Array.from({ length: workers }, (_, index) => worker(index)),
  );
  if (hash !== undefined) await tellNumbers(sessions.first, inventory, counted, options);
  return fillIn(inventory.tables, counted, hash, options);
}

/**
 * Waits until a session after the first is to count. One that is lost meanwhile is none that is needed: the
 * others do its work, and the first holds all locks.
 *
 * @returns false if it counts nothing
 * @throws the signal's reason
 */
async function isToCount(
  session: DatabaseSession,
  { moreSessions, signal, onFewer }: Pick<FingerprintOptions, "moreSessions" | "signal" | "onFewer">,
  done: AbortSignal,
): Promise<boolean> {
  if (moreSessions === undefined) return true;
  try {
    await orAbort(AbortSignal.any([signal, done, session.lost]), moreSessions);
    // A connection that somebody on the way has forgotten says so now, and not in the middle of a table.
    await session.query("SELECT 1");
    return !done.aborted;
  } catch (error) {
    signal.throwIfAborted();
    if (done.aborted) return false;
    if (!isHoldfastError(error, "database.unreachable", "database.lost")) throw error;
    onFewer?.(error);
    return false;
  }
}

/** Tables whose rows are read. */
export function withRows(
  tables: readonly TableRecord[],
  { withoutRows = [] }: Pick<FingerprintOptions, "withoutRows">,
): readonly TableRecord[] {
  const without = new Set(withoutRows.map(displayName));
  return tables.filter((table) => table.kind === "table" && !without.has(displayName(table)));
}

async function tellNumbers(
  session: DatabaseSession,
  { tables, algorithm }: Pick<ContentRecord, "tables" | "algorithm">,
  counted: readonly Counted[],
  { onNumbers }: FingerprintOptions,
): Promise<void> {
  if (onNumbers === undefined || !algorithm.startsWith(ROW_HASH)) return;
  const shapes = new Map(counted.map(({ shape }) => [qualifiedName(shape.schema, shape.name), shape]));
  for (const table of tables) {
    const shape = shapes.get(qualifiedName(table.schema, table.name));
    const numbers = shape === undefined ? undefined : await readNumbers(session, shape);
    if (numbers !== undefined && numbers.size > 0) onNumbers(table, numbers);
  }
}

/**
 * Leaves out the columns that a record does not name; a hash goes by a column's place among those that count.
 */
function recordedColumns(
  hash: RowHash | undefined,
  tables: readonly TableRecord[],
  { columnsOf, onSurplus, recordedAs: typeOf }: FingerprintOptions,
): (shape: HashedTable) => HashedTable {
  const recorded = new Map(
    (columnsOf ?? []).map((table) => [qualifiedName(table.schema, table.name), table.columns]),
  );
  const byName = new Map(tables.map((table) => [qualifiedName(table.schema, table.name), table]));
  return (shape) => {
    const name = qualifiedName(shape.schema, shape.name);
    const columns = recorded.get(name);
    if (columns === undefined || hash === undefined) return shape;
    const known = new Set(columns.map(([column]) => column));
    const surplus = hash.columns(shape.columns).filter((column) => !known.has(column));
    if (surplus.length > 0) onSurplus?.(byName.get(name)!, surplus);
    const here = shape.columns.filter((column) => known.has(column.name));
    return {
      ...shape,
      columns: here.map((column) => ({ ...column, ...given(typeOf?.(shape, column.name)) })),
    };
  };
}

function given(readAs: ReadAs | undefined): { readonly readAs?: ReadAs } {
  return readAs === undefined ? {} : { readAs };
}

/**
 * The sessions of one run. They are closed together: a lock given up early would let a table be rewritten
 * between two pieces of it.
 */
class Sessions implements AsyncDisposable {
  readonly #open: OpenSession;
  readonly #all: DatabaseSession[] = [];

  constructor(open: OpenSession) {
    this.#open = open;
  }

  async add(stop?: AbortSignal): Promise<DatabaseSession> {
    const session = await this.#open(stop);
    this.#all.push(session);
    return session;
  }

  /**
   * Another one, unless the server has none left: those that are there do its work then.
   *
   * @param done nobody needs it any more
   * @param onFewer told why there is none
   */
  async addIfFree(
    signal: AbortSignal,
    done: AbortSignal,
    onFewer: ((why: HoldfastError) => void) | undefined,
  ): Promise<DatabaseSession | undefined> {
    // Only until it is there: then it has work of its own.
    const opening = new AbortController();
    const leave = (): void => opening.abort(done.reason);
    using _leaving = onAbort(done, leave);
    try {
      return await this.add(AbortSignal.any([signal, opening.signal]));
    } catch (error) {
      if (done.aborted && !signal.aborted) return undefined;
      if (signal.aborted || !isHoldfastError(error, "database.unreachable", "database.lost")) throw error;
      onFewer?.(error);
      return undefined;
    }
  }

  get first(): DatabaseSession {
    return this.#all[0]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((session) => session.close()));
  }
}

async function work(
  session: DatabaseSession,
  plan: LockPlan,
  queue: Piece[],
  hash: RowHash | undefined,
  {
    signal,
    onTable,
    onBytes,
    begin,
  }: Pick<FingerprintOptions, "signal" | "onTable" | "onBytes"> & {
    /** Waits until this session is to count; false if nothing is left to be counted then. */
    readonly begin: () => Promise<boolean>;
  },
): Promise<void> {
  const cancel = (): void => void session.cancel().catch(() => undefined);
  const locks = new TableLocks(session, plan);
  const kept = new Set(plan.kept);
  using _cancelling = onAbort(signal, cancel);
  try {
    signal.throwIfAborted();
    await locks.takeKept();
    if (!(await begin())) return;
    for (let piece = queue.shift(); piece !== undefined; piece = queue.shift()) {
      signal.throwIfAborted();
      await locks.makeRoomFor(piece.table, kept.has(piece.table));
      await count(session, piece, hash);
      onBytes?.(piece.bytes);
      if (piece.table.pieces === 0) onTable?.();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function count(session: DatabaseSession, piece: Piece, hash: RowHash | undefined): Promise<void> {
  const { table } = piece;
  const [row] = await session
    .query<{ rows: string; sum: string; columns: string[] }>(pieceQuery(piece, hash))
    .catch((error: unknown) => {
      throw naming(table, error);
    });
  table.rows += BigInt(row!.rows);
  table.sum += BigInt(row!.sum);
  table.columns = row!.columns.map((sum, index) => BigInt(sum) + (table.columns[index] ?? 0n));
  table.pieces -= 1;
}

/**
 * A table that can be used but not counted: planning a query looks into the functions of its indexes, and one
 * that names its tables without a schema finds none here. It would find none in pg_restore either
 * (https://www.postgresql.org/docs/release/10.3/, CVE-2018-1058).
 */
function naming({ shape }: Counted, error: unknown): unknown {
  if (!isHoldfastError(error, "database.query") || !/SQLSTATE 42(?:P01|883|704)/.test(error.message)) {
    return error;
  }
  return new HoldfastError(
    "database.query",
    `${qualifiedName(shape.schema, shape.name)} cannot be counted: ${error.message}`,
    {
      hint:
        "An index or rule of this table probably calls a function that names tables, " +
        "types or functions without their schema, so that no restore could make it again; " +
        "mend it with ALTER FUNCTION … SET search_path, or back up with --proof none until then.",
      cause: error,
    },
  );
}

function fillIn(
  tables: readonly TableRecord[],
  counted: readonly Counted[],
  hash: RowHash | undefined,
  options: FingerprintOptions,
): TableRecord[] {
  const results = new Map(
    counted.map((table) => [qualifiedName(table.shape.schema, table.shape.name), table]),
  );
  const wanted = new Set(withRows(tables, options));
  return tables.map((table) => {
    if (!wanted.has(table)) return table;
    const result = results.get(qualifiedName(table.schema, table.name));
    if (result === undefined) {
      throw new HoldfastError(
        "database.changing",
        `table ${qualifiedName(table.schema, table.name)} was dropped while it was being measured`,
        {
          hint: "Somebody changed the schema at the same time; run again.",
        },
      );
    }
    const filled = { ...table, rows: Number(result.rows) };
    if (hash === undefined) return filled;
    const doubt = hash.doubt(result.shape.columns);
    if (doubt !== undefined) options.onDoubt?.(table, doubt);
    return {
      ...filled,
      fingerprint: result.sum.toString(),
      ...columnSums(hash.columns(result.shape.columns), result.columns),
    };
  });
}

function columnSums(names: readonly string[], sums: readonly bigint[]): Pick<TableRecord, "columns"> {
  return names.length === 0
    ? {}
    : { columns: names.map((name, index) => [name, (sums[index] ?? 0n).toString()]) };
}
