import type { DatabaseSession } from "../../ports/database.ts";
import type { Statement } from "../script/script.ts";
import { OwnTables } from "./own-tables.ts";

/**
 * Lock modes of tables, the weakest first:
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
export const LOCK_MODES = [
  "AccessShareLock",
  "RowShareLock",
  "RowExclusiveLock",
  "ShareUpdateExclusiveLock",
  "ShareLock",
  "ShareRowExclusiveLock",
  "ExclusiveLock",
  "AccessExclusiveLock",
] as const;
export type LockMode = (typeof LOCK_MODES)[number];

/** What one statement does to tables that others may be using. */
export interface StatementImpact {
  readonly line: number;
  /** Its first words. */
  readonly statement: string;
  readonly milliseconds: number;
  readonly tables: readonly TableImpact[];
}

/** What it does to one table. */
export interface TableImpact {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  /** The strongest lock it newly takes; undefined where it had that one already. */
  readonly lock: LockMode | undefined;
  /** What waits for it meanwhile. */
  readonly blocks: "nothing" | "schema changes" | "writes" | "reads and writes";
  /** Every row is written again, into a new file. */
  readonly rewrites: boolean;
  /** Every row is read. */
  readonly scans: boolean;
  /** The script made the table itself, so nobody else uses it yet. */
  readonly isNew: boolean;
}

/** What a lock keeps others from. */
export function blockedBy(lock: LockMode | undefined): TableImpact["blocks"] {
  switch (lock) {
    case undefined:
    case "AccessShareLock":
    case "RowShareLock":
    case "RowExclusiveLock":
      return "nothing";
    case "ShareUpdateExclusiveLock":
      return "schema changes";
    case "ShareLock":
    case "ShareRowExclusiveLock":
    case "ExclusiveLock":
      return "writes";
    case "AccessExclusiveLock":
      return "reads and writes";
  }
}

interface Row {
  readonly oid: string;
  readonly name: string;
  readonly modes: string[];
  readonly file: string | null;
  readonly scans: string;
}

type Existing = Pick<Row, "oid" | "name" | "file" | "scans">;

/**
 * Tables that this session holds locks on, with the file that holds their rows and the number of times that
 * all of these were read.
 */
const look = (kinds: string): string => `
  SELECT c.oid::text AS oid,
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
         pg_catalog.array_agg(DISTINCT l.mode) AS modes, pg_catalog.pg_relation_filenode(c.oid)::text AS file,
         coalesce(pg_catalog.max(x.seq_scan), 0)::text AS scans
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_stat_xact_all_tables x ON x.relid = c.oid
   WHERE l.pid = pg_catalog.pg_backend_pid()
     AND l.locktype = 'relation'
     AND l.granted
     AND c.relkind IN (${kinds})
     AND c.relpersistence <> 't'
     AND n.nspname <> 'information_schema'
     AND n.nspname !~ '^pg_'
     AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   GROUP BY c.oid, c.relname, n.nspname
`;
const LOOK = look("'r', 'p', 'm'");
/** A sequence that was moved is in no other lock's way, so it is looked for once. */
const LOOK_AT_END = look("'r', 'p', 'm', 'S'");

/**
 * Every table, and every sequence. Despite its name the view counts what this session has not reported yet,
 * which is also of transactions before.
 */
const EXISTING = `
  SELECT c.oid::text AS oid,
         pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
         pg_catalog.pg_relation_filenode(c.oid)::text AS file, coalesce(x.seq_scan, 0)::text AS scans
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_stat_xact_all_tables x ON x.relid = c.oid
   WHERE c.relkind IN ('r', 'p', 'm', 'S') AND c.oid >= 16384
`;

/** Statements that take nothing from anybody, and may be many. */
const QUIET = new Set(["VariableSetStmt", "CommentStmt"]);
/**
 * Statements whose locks are those of any application, unless a function or a trigger that they call does
 * more: what they do beyond that is theirs, and not the next one's.
 */
const ROWS_ONLY = new Set(["InsertStmt", "UpdateStmt", "DeleteStmt", "SelectStmt", "MergeStmt"]);

/**
 * Statements of which it is enough to look at the last of several: rows are written a hundred thousand times
 * in a seed file.
 */
export const isRowsOnly = ({ type }: Statement): boolean => /^(?:Insert|Update|Delete|Merge)Stmt$/.test(type);

/**
 * Watches what a script's statements do to tables, inside of one open transaction: nothing is guessed
 * from the text.
 *
 * @param elapsed monotonic milliseconds
 */
export class ImpactWatch {
  readonly #session: DatabaseSession;
  readonly #elapsed: () => number;
  readonly #seen = new Map<string, Row>();
  readonly #impacts: StatementImpact[] = [];
  readonly #touched = new Set<string>();
  readonly #written = new Set<string>();
  readonly #read = new Set<string>();
  readonly #own = new OwnTables();
  #since: number;
  /**
   * Object id of every table that was there before → the file that held its rows, and how often all of them
   * had been read.
   */
  #existing: ReadonlyMap<string, Existing> = new Map();

  constructor(session: DatabaseSession, elapsed: () => number) {
    this.#session = session;
    this.#elapsed = elapsed;
    this.#since = elapsed();
  }

  get impacts(): readonly StatementImpact[] {
    return this.#impacts;
  }

  /**
   * Tables that were there before, as `schema.table`, whose rows or definition the script may have changed;
   * and sequences that it moved, dropped or wrote anew.
   */
  get touched(): readonly string[] {
    return [...this.#touched];
  }

  /** Those of them whose rows the script writes. */
  get written(): readonly string[] {
    return [...this.#written];
  }

  /** Tables that were there before which it only reads. */
  get read(): readonly string[] {
    return [...this.#read].filter((name) => !this.#touched.has(name));
  }

  /** To be called before the first statement. */
  async begin(): Promise<void> {
    const rows = await this.#session.query<Existing>(EXISTING);
    this.#existing = new Map(rows.map((row) => [row.oid, row]));
    for (const row of await this.#session.query<Row>(LOOK)) this.#seen.set(row.oid, row);
    this.#since = this.#elapsed();
  }

  readonly after = async (statement: Statement): Promise<void> => {
    const milliseconds = this.#elapsed() - this.#since;
    if (this.#own.isAlone(statement)) {
      const words = firstWords(statement.text);
      this.#impacts.push({ line: statement.line, statement: words, milliseconds, tables: [] });
    } else if (!QUIET.has(statement.type)) {
      const found = (await this.#session.query<Row>(LOOK)).flatMap((row) => this.#compare(row));
      const rowsOnly = ROWS_ONLY.has(statement.type);
      const tables = rowsOnly ? found.filter(isMoreThanRows) : found;
      if (!rowsOnly || tables.length > 0) {
        const words = firstWords(statement.text);
        this.#impacts.push({ line: statement.line, statement: words, milliseconds, tables });
      }
    }
    this.#since = this.#elapsed();
  };

  /** To be called after the last one: locks of statements that change rows alone are looked at here. */
  async end(): Promise<void> {
    for (const row of await this.#session.query<Row>(LOOK_AT_END)) this.#touch(row);
    const left = new Map((await this.#session.query<Existing>(EXISTING)).map((row) => [row.oid, row.file]));
    // The catalogs do not show a lock on what is dropped; a sequence that begins anew has a new file.
    for (const { oid, name, file } of this.#existing.values()) {
      if (!left.has(oid) || left.get(oid) !== file) this.#touched.add(name);
    }
  }

  #compare(row: Row): TableImpact[] {
    const before = this.#seen.get(row.oid);
    this.#seen.set(row.oid, row);
    this.#touch(row);
    const isNew = !this.#existing.has(row.oid);
    const [lock, held] = [strongest(row.modes), before === undefined ? undefined : strongest(before.modes)];
    const last = before ?? this.#existing.get(row.oid);
    const rewrites = !isNew && row.file !== last?.file;
    const scans = Number(row.scans) > Number(last?.scans ?? 0);
    const stronger = lock !== held;
    if (!stronger && !rewrites && !scans) return [];
    const effective = lock ?? held;
    return [
      {
        table: row.name,
        lock: stronger ? lock : undefined,
        blocks: blockedBy(effective),
        rewrites,
        scans,
        isNew,
      },
    ];
  }

  /** By the name that it had before the script. */
  #touch(row: Row): void {
    const name = this.#existing.get(row.oid)?.name;
    if (name === undefined) return;
    if (row.modes.includes("RowExclusiveLock")) this.#written.add(name);
    if (row.modes.some((mode) => mode === "RowExclusiveLock" || mode === "AccessExclusiveLock")) {
      this.#touched.add(name);
    }
    if (row.modes.some((mode) => mode === "AccessShareLock" || mode === "RowShareLock")) {
      this.#read.add(name);
    }
  }
}

const isMoreThanRows = ({ lock, blocks, rewrites }: TableImpact): boolean =>
  rewrites || (lock !== undefined && blocks !== "nothing");

function strongest(modes: readonly string[]): LockMode | undefined {
  return LOCK_MODES.findLast((mode) => modes.includes(mode));
}

const WORDS_MAX = 90;

/** One line of a statement, for reports. */
export function firstWords(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > WORDS_MAX ? `${line.slice(0, WORDS_MAX - 1)}…` : line;
}
