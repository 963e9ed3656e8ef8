import type { ByteStream } from "../kernel/streams.ts";
import type { DatabaseAddress } from "./database.ts";

/**
 * One installed set of PostgreSQL client programs, found by its versioned path (never through
 * Debian's pg_wrapper).
 */
export interface ToolSet {
  readonly major: number;
  /** As the program prints it, for example `15.18`. */
  readonly version: string;
  readonly binDir: string;
}

/**
 * Of the installed sets the one whose major version is the given one, or the next newer one that is there; of
 * several minor releases of it the newest.
 *
 * @param sets newest first
 */
export function nearestSet(sets: readonly ToolSet[], major: number): ToolSet | undefined {
  const fitting = sets.filter((set) => set.major >= major);
  return fitting.find((set) => set.major === fitting.at(-1)?.major);
}

/** What pg_dump is asked for; see https://www.postgresql.org/docs/current/app-pgdump.html */
export interface DumpRequest {
  readonly tools: ToolSet;
  readonly address: DatabaseAddress;
  /**
   * Exported snapshot id (`pg_export_snapshot()`), so that all dumps and fingerprints see the same instant.
   */
  readonly snapshot: string;
  readonly sections: "schema" | "data" | "full";
  /** Schema names taken literally (the adapter quotes them as patterns); empty = all. */
  readonly includeSchemas: readonly string[];
  readonly excludeSchemas: readonly string[];
  /**
   * Tables and sequences that are not even locked, names taken literally; what stands on them goes with them.
   */
  readonly excludeRelations?: readonly { readonly schema: string; readonly name: string }[];
  /** Sequences whose definitions are dumped and whose values are not even read. */
  readonly excludeValues?: readonly { readonly schema: string; readonly name: string }[];
  readonly lockWaitMs: number;
  /** Settings for pg_dump's session. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Hears of every warning, in pg_dump's own words: one text each, with its detail and hint. */
  readonly onWarning?: (text: string) => void;
}

/**
 * What an archive says of an entry, field by field; in a listing blanks and line breaks within names cannot
 * be told from those between them.
 */
export interface TocNames {
  /** Undefined for what no schema holds. */
  readonly schema: string | undefined;
  /**
   * The object's name; of what stands on a table the table's name, a blank, and its own; of functions with
   * the types of their arguments; of comments and rights what they are of, as `COLUMN t."a b"`.
   */
  readonly tag: string;
  /** Empty for none. */
  readonly owner: string;
}

/** One line of an archive's table of contents (`pg_restore --list`). */
export interface TocEntry {
  /**
   * The raw line, usable in a `--use-list` file; begins with the entry's dump id, a number of the
   * archive's own.
   */
  readonly line: string;
  /** Entry type such as `TABLE`, `TABLE DATA`, `FK CONSTRAINT`. */
  readonly type: string;
  /** Everything after the type: `schema name owner`, ambiguous where names hold spaces. */
  readonly rest: string;
  /** The same field by field; absent where the archive's version is not known. */
  readonly names?: TocNames;
  /** Number of the entry in its archive. */
  readonly id: string;
  /**
   * Object id of the system catalog the object stands in (1259 is pg_class); "0" where the entry is a part of
   * another one's object.
   */
  readonly catalog: string;
  /** The object's id at the source; "0" for grants, comments and the like. */
  readonly oid: string;
  /** Numbers of the entries this one comes after: its table, its schema, what it names. */
  readonly needs: readonly string[];
}

/** What an archive holds of the database itself, which pg_restore writes only with `--create`. */
export interface DatabaseEntries {
  /** The source database's name; empty, as its owner, where the archive holds no database. */
  readonly name: string;
  readonly owner: string;
  /**
   * Settings, connection limit and marks (`DATABASE PROPERTIES`), rights, comment, security labels: SQL as
   * pg_dump wrote it.
   */
  readonly definitions: readonly { readonly type: string; readonly sql: string }[];
  /** How a backslash in a plain literal is to be read: `standard_conforming_strings` of the source. */
  readonly standardStrings: boolean;
}

/** What pg_restore is asked for; see https://www.postgresql.org/docs/current/app-pgrestore.html */
export interface LoadRequest {
  readonly tools: ToolSet;
  readonly address: DatabaseAddress;
  /** A stream (one connection) or the path of a plain archive file (may use several). */
  readonly archive: ByteStream | { readonly path: string };
  readonly jobs: number;
  readonly sections?: readonly ("pre-data" | "data" | "post-data")[];
  /** Entries to restore, in order; everything when absent. */
  readonly entries?: readonly TocEntry[];
  /** Do not set the original owners. */
  readonly noOwner?: boolean;
  /** Do not restore GRANTs. */
  readonly noPrivileges?: boolean;
  /** Options that are left out where a definition sets options of a column; by one connection. */
  readonly withoutColumnOptions?: readonly string[];
  /** Settings for pg_restore's sessions, for example `session_replication_role=replica`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Hears of every warning but the count of errors, in pg_restore's own words. */
  readonly onWarning?: (text: string) => void;
}

/**
 * What pg_restore is asked to write as SQL; see https://www.postgresql.org/docs/current/app-pgrestore.html
 * (option `--file`)
 */
export interface ScriptRequest {
  readonly tools: ToolSet;
  readonly archive: ByteStream;
  readonly sections: readonly ("pre-data" | "data" | "post-data")[];
  /** Entries to write, in order. */
  readonly entries: readonly TocEntry[];
  /** Write before each entry which one it is: `-- TOC entry <number> (class <catalog> OID <oid>)`. */
  readonly naming?: boolean;
  readonly signal: AbortSignal;
}

/** One error pg_restore reported and went past, with the entry it belongs to where it said so. */
export interface LoadProblem {
  readonly message: string;
  /** Such as `TABLE places postgres`, empty when unknown. */
  readonly entry: string;
  /**
   * Dump ids of the entries behind it, with which their lines of the table of contents begin;
   * absent when unknown.
   */
  readonly dumpIds?: readonly number[];
}

/** PostgreSQL's own dump and restore programs. */
export interface DumpTools {
  /** Every installed client set, newest first. */
  installed(): Promise<readonly ToolSet[]>;
  /**
   * The archive in custom format, uncompressed (`-Fc -Z0`), as the program writes it. The stream ends
   * normally if and only if pg_dump exited 0; otherwise it throws with pg_dump's last words. Leaving early
   * kills the program.
   */
  dump(request: DumpRequest): ByteStream;
  /**
   * Reads the table of contents from the beginning of an archive; stops pulling as soon as it is complete.
   */
  listContents(tools: ToolSet, archive: ByteStream): Promise<readonly TocEntry[]>;
  /**
   * What an archive holds of the database itself. Reads its beginning, without any program; undefined where
   * it is of a version that is not known, or in an encoding in which these texts cannot be read for certain.
   */
  listDatabase(archive: ByteStream): Promise<DatabaseEntries | undefined>;
  /**
   * Restores; problems pg_restore goes past are returned, anything that stops it (connection lost,
   * damaged archive, killed) is thrown. A throwing archive stream is rethrown as it is, after pg_restore
   * has been stopped.
   */
  load(request: LoadRequest): Promise<readonly LoadProblem[]>;
  /**
   * The entries as the SQL script psql would be given; no server is asked. The stream ends normally if and
   * only if pg_restore exited 0 *and* the archive was read to its end (so that whoever checks its hash has
   * seen all of it); an archive that throws is rethrown as it is. Leaving early kills the program.
   */
  script(request: ScriptRequest): ByteStream;
}
