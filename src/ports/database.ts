import type { DatabaseAddress } from "../postgres/database-address.ts";
import type { ByteStream } from "../kernel/streams.ts";

export type { DatabaseAddress, LoginMethod, SslMode } from "../postgres/database-address.ts";

/** How the prepared statements of our own are called on the server. */
export const PREPARED_PREFIX = "holdfast_";

/** One connection. Every statement runs on the same server session, in order. */
export interface DatabaseSession extends AsyncDisposable {
  /**
   * Runs one statement; values are bound as `$1`…; rows come back with columns by name. Server errors become
   * HoldfastErrors.
   */
  query<Row extends object = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /**
   * The same, with a statement that the server keeps ready for this session: of worth where the same is asked
   * again and again. Its name begins with {@link PREPARED_PREFIX}; who forgets prepared statements by SQL
   * makes the next call fail.
   */
  queryPrepared<Row extends object = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[],
  ): Promise<Row[]>;
  /**
   * Runs a text of somebody's as it is: one statement or several, as one message of the simple
   * protocol, without values. What the server refuses is an answer and no error; a lost connection
   * still rejects. A text that the server would read otherwise than its grammar says, because of what was
   * set in the session, is refused without being sent. The words may quote rows, so they are for whoever
   * sees these rows anyway.
   * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
   *
   * @param counted told, where all of it was carried out, how many rows each statement met, in their order;
   *   null of one whose command tells no number
   */
  execute(sql: string, counted?: (rows: readonly (number | null)[]) => void): Promise<Execution>;
  /** Whether a transaction is open, as the server said last: `failed` takes nothing but its end. */
  readonly transaction: "none" | "open" | "failed";
  /**
   * Runs one `COPY … FROM STDIN` with the stream's bytes as its data. A stream that throws ends the copy as
   * failed and is rethrown as it is. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
   */
  copyFrom(sql: string, data: ByteStream): Promise<void>;
  /**
   * Aborts when the connection is lost without being asked to close; the reason is a `database.lost` error.
   */
  readonly lost: AbortSignal;
  /** The process id the server announced for cancellation; a pooler announces its own invention. */
  readonly announcedPid: number;
  /**
   * Whether the server is known to get what a start-up packet sets: it took this session's own, and no pooler
   * answers in its place. False of a session that began bare, which has sent none.
   */
  readonly takesStartupOptions: boolean;
  /** Server notices (NOTICE, WARNING) since the connection began. */
  readonly notices: readonly string[];
  /**
   * Ends an open transaction and forgets what was set, made, prepared, locked and noticed in
   * this session, but for what {@link queryPrepared} keeps ready. Of use afterwards are only
   * {@link setUp} and {@link close}, and all of it where the session began bare. Rejects when the
   * session is lost, or the server does not answer in a few seconds, by which it is lost.
   * https://www.postgresql.org/docs/current/sql-discard.html
   */
  empty(): Promise<void>;
  /**
   * Makes an emptied session, for another purpose, what it was when it began; rejects as {@link empty} does.
   */
  setUp(purpose: string): Promise<void>;
  /** Asks the server to cancel the running statement (over a separate connection). */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** How the server took a text: undefined where it carried it out, else what it said. */
export type Execution = ServerRefusal | undefined;

/**
 * What the server says when it refuses a statement.
 * https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
export interface ServerRefusal {
  /** SQLSTATE, five characters. */
  readonly state: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** Where in the text, in characters (code points) from 1; undefined where it is about no place. */
  readonly position: number | undefined;
  /** The call stack of functions, where there is one. */
  readonly where: string | undefined;
  /** The constraint, table and column it is about. */
  readonly constraint: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
}

/** How a session is set up. */
export interface SessionOptions {
  /** Shown in pg_stat_activity after `holdfast `. */
  readonly purpose: string;
  /**
   * Server settings for this session, sent with the connection's start-up packet *and* set again afterwards,
   * because a pooler may drop the first and a role default may beat the second; then read back.
   */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Leaves every setting as role, database and the URL's options have it, and thereby the search path to
   * whoever set it: only for scripts, and for statements that say the schema of every name. A pooler in
   * transaction mode keeps what one client sets for the next one, so it must be found out before anything is
   * set.
   */
  readonly bare?: boolean;
  /** Connect to another database of the same server. */
  readonly database?: string;
  /** Ends the wait for a statement, as a cancelled run does, with its reason. */
  readonly stop?: AbortSignal;
  /**
   * What becomes of a statement that runs when the run is cancelled: it has a few seconds and is then cut
   * with its connection, unless it is to `finish`, because half of it would be worse. A session opened
   * afterwards tidies up, and is left alone either way.
   */
  readonly whenCancelled?: "cut" | "finish";
}

/**
 * A PostgreSQL server reached with ordinary SQL rights. Laws: errors are classified (`database.unreachable`,
 * `.denied`, `.missing`, `.tls`, `.permission`, `.row-security`, `.lost`, `.lock-timeout`, else `.query`
 * with the SQLSTATE and server message in the text); no error text holds the password; timeouts of the role
 * (statement, lock, idle) are off in every session, and unless the settings say otherwise the search path is
 * `pg_catalog`, so that nothing a user made is called by an unqualified name. No wait is without an end: an
 * answer that is owed, by a server not known to be at work on it, is waited for as long as silence is borne,
 * then the session is lost; and a cancelled run waits for no statement but those that tidy up.
 */
export interface Database {
  readonly address: DatabaseAddress;
  connect(options: SessionOptions): Promise<DatabaseSession>;
}
