import type { ByteStream } from "../../kernel/streams.ts";
import type {
  Database,
  DatabaseAddress,
  DatabaseSession,
  SessionOptions,
  Execution,
} from "../../ports/database.ts";
import { onAbort } from "../../kernel/on-abort.ts";

/**
 * A server whose sessions are kept when they are closed and handed, as new, to the next who asks for one
 * like it: a plan asks a dozen questions, and a new session costs a server more than most of them do.
 * Disposing ends them.
 *
 * There are never more sessions than there would be without: before one of another kind is opened, the idle
 * ones end. But an idle one lasts until then, so this is for stretches of questions alone: nothing that needs
 * sessions of its own (pg_restore), or a database without any (a rename), belongs into one. And what ALTER
 * ROLE or ALTER DATABASE sets meanwhile, only sessions that are really new show.
 */
export class KeptSessions implements Database, AsyncDisposable {
  readonly #database: Database;
  readonly #idle: { readonly key: string; readonly session: DatabaseSession }[] = [];
  /** Sessions that are being emptied. */
  readonly #coming = new Set<Promise<void>>();
  #isOver = false;

  constructor(database: Database) {
    this.#database = database;
  }

  get address(): DatabaseAddress {
    return this.#database.address;
  }

  /**
   * A bare session is a new one, and is not kept: who asks for it must see what such a one is like, and
   * change nothing.
   */
  async connect(options: SessionOptions): Promise<DatabaseSession> {
    if (options.bare === true) return await this.#connect(options);
    const key = JSON.stringify([
      options.database ?? this.address.database,
      Object.entries(options.settings ?? {}).sort(),
    ]);
    const session =
      (await this.#takeIdle(key, options.purpose)) ??
      (await this.#takeComing(key, options.purpose)) ??
      (await this.#connect(options));
    return new KeptSession(session, (given) => this.#giveBack(key, given));
  }

  async #takeComing(key: string, purpose: string): Promise<DatabaseSession | undefined> {
    if (this.#coming.size === 0) return undefined;
    await Promise.allSettled(this.#coming);
    return await this.#takeIdle(key, purpose);
  }

  /** One that is being emptied just now would be idle, and one more than without. */
  async #connect(options: SessionOptions): Promise<DatabaseSession> {
    await Promise.allSettled(this.#coming);
    await this.#endIdle();
    return await this.#database.connect(options);
  }

  /** One that was lost meanwhile is no error: a new one takes its place. */
  async #takeIdle(key: string, purpose: string): Promise<DatabaseSession | undefined> {
    for (;;) {
      const at = this.#idle.findIndex((one) => one.key === key);
      const session = this.#idle.splice(at, at < 0 ? 0 : 1)[0]?.session;
      if (session === undefined || (await succeeds(session, () => session.setUp(purpose)))) return session;
    }
  }

  async #giveBack(key: string, session: DatabaseSession): Promise<void> {
    const coming = this.#keep(key, session);
    this.#coming.add(coming);
    try {
      await coming;
    } finally {
      this.#coming.delete(coming);
    }
  }

  /** Emptied at once, so that nothing is held in the meantime: no lock, no transaction. */
  async #keep(key: string, session: DatabaseSession): Promise<void> {
    if (this.#isOver || !(await succeeds(session, () => session.empty()))) await session.close();
    else this.#idle.push({ key, session });
  }

  async #endIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(({ session }) => session.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#coming);
    await this.#endIdle();
  }
}

/** A session that was lost is closed: whoever had it has heard why, and who asks next gets a new one. */
async function succeeds(session: DatabaseSession, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    await session.close();
    return false;
  }
}

/** A session that goes back when it is closed; from then on nothing of the next holder's is heard here. */
class KeptSession implements DatabaseSession {
  readonly #session: DatabaseSession;
  readonly #giveBack: (session: DatabaseSession) => Promise<void>;
  readonly #lost = new AbortController();
  readonly #hearing: Disposable;
  #running = 0;
  #isCancelled = false;
  #notices: readonly string[] | undefined;
  #closing: Promise<void> | undefined;

  constructor(session: DatabaseSession, giveBack: (session: DatabaseSession) => Promise<void>) {
    this.#session = session;
    this.#giveBack = giveBack;
    this.#hearing = onAbort(session.lost, () => this.#lost.abort(session.lost.reason));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get announcedPid(): number {
    return this.#session.announcedPid;
  }

  get takesStartupOptions(): boolean {
    return this.#session.takesStartupOptions;
  }

  get notices(): readonly string[] {
    return this.#notices ?? this.#session.notices;
  }

  query<Row extends object = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    return this.#whileOpen(() => this.#session.query<Row>(sql, values));
  }

  queryPrepared<Row extends object = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    return this.#whileOpen(() => this.#session.queryPrepared<Row>(sql, values));
  }

  execute(sql: string, counted?: (rows: readonly (number | null)[]) => void): Promise<Execution> {
    return this.#whileOpen(() => this.#session.execute(sql, counted));
  }

  get transaction(): DatabaseSession["transaction"] {
    return this.#session.transaction;
  }

  copyFrom(sql: string, data: ByteStream): Promise<void> {
    return this.#whileOpen(() => this.#session.copyFrom(sql, data));
  }

  empty(): Promise<void> {
    return this.#whileOpen(() => this.#session.empty());
  }

  setUp(purpose: string): Promise<void> {
    return this.#whileOpen(() => this.#session.setUp(purpose));
  }

  /**
   * A request to cancel travels by itself and may arrive late, at the next holder's statement: so
   * there is none.
   */
  async cancel(): Promise<void> {
    if (this.#closing !== undefined) return;
    this.#isCancelled = true;
    await this.#session.cancel();
  }

  /** A statement that still runs is abandoned with its connection, as everywhere. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #end(): Promise<void> {
    this.#hearing[Symbol.dispose]();
    this.#notices = [...this.#session.notices];
    return this.#running > 0 || this.#isCancelled ? this.#session.close() : this.#giveBack(this.#session);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #whileOpen<T>(run: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new Error("query on a closed session");
    this.#running += 1;
    try {
      return await run();
    } finally {
      this.#running -= 1;
    }
  }
}
