import type { DatabaseAddress } from "../postgres/database-address.ts";
import type { ByteStream } from "../kernel/streams.ts";

export type { DatabaseAddress, SslMode } from "../postgres/database-address.ts";

/** One connection. Every statement runs on the same server session, in order. */
export interface DatabaseSession extends AsyncDisposable {
  /** Runs one statement; values are bound as `$1`…; rows come back with columns by name. Server errors become HoldfastErrors. */
  query<Row extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /**
   * Runs one `COPY … FROM STDIN` with the stream's bytes as its data. A stream that throws ends the copy as failed and is rethrown as it is.
   * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
   */
  copyFrom(sql: string, data: ByteStream): Promise<void>;
  /** Aborts when the connection is lost without being asked to close; the reason is a `database.lost` error. */
  readonly lost: AbortSignal;
  /** The process id the server announced for cancellation; a pooler announces its own invention. */
  readonly announcedPid: number;
  /** Server notices (NOTICE, WARNING) since the connection began. */
  readonly notices: readonly string[];
  /**
   * Ends an open transaction and forgets what was set, made, locked and noticed in this session. Of use afterwards are only
   * {@link setUp} and {@link close}. Rejects when the session is lost, or the server does not answer in a few seconds, by
   * which it is lost. https://www.postgresql.org/docs/current/sql-discard.html
   */
  empty(): Promise<void>;
  /** Makes an emptied session, for another purpose, what it was when it began; rejects as {@link empty} does. */
  setUp(purpose: string): Promise<void>;
  /** Asks the server to cancel the running statement (over a separate connection). */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** How a session is set up. */
export interface SessionOptions {
  /** Shown in pg_stat_activity after `holdfast `. */
  readonly purpose: string;
  /**
   * Server settings for this session, sent with the connection's start-up packet *and* set again afterwards, because a pooler
   * may drop the first and a role default may beat the second; then read back.
   */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Leaves every setting as it is, and thereby the search path to whoever set it: only for statements that say the schema of every name. A pooler in
   * transaction mode keeps what one client sets for the next one, so it must be found out before anything is set.
   */
  readonly bare?: boolean;
  /** Connect to another database of the same server. */
  readonly database?: string;
}

/**
 * A PostgreSQL server reached with ordinary SQL rights. Laws: errors are classified (`database.unreachable`, `.denied`,
 * `.missing`, `.tls`, `.permission`, `.row-security`, `.lost`, `.lock-timeout`, else `.query` with the SQLSTATE and server message in the text);
 * no error text holds the password; timeouts of the role (statement, lock, idle) are off in every session, and unless the settings say otherwise
 * the search path is `pg_catalog`, so that nothing a user made is called by an unqualified name.
 */
export interface Database {
  readonly address: DatabaseAddress;
  connect(options: SessionOptions): Promise<DatabaseSession>;
}
