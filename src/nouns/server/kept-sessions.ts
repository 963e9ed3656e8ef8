import type { ByteStream } from "../../kernel/streams.ts";
import type { Database, DatabaseAddress, DatabaseSession, SessionOptions } from "../../ports/database.ts";

/**
 * A server whose sessions are kept when they are closed and handed, as new, to the next who asks for one like it: a plan
 * asks a dozen questions, and a new session costs a server more than most of them do (and, over a network, four round
 * trips more). Disposing ends them.
 *
 * While it lives there are sessions that do nothing: a database that is to be dropped or renamed must not be among its
 * databases then. And what ALTER ROLE or ALTER DATABASE sets while it lives, only sessions that are really new show.
 */
export class KeptSessions implements Database, AsyncDisposable {
  readonly #database: Database;
  readonly #idle: { readonly key: string; readonly session: DatabaseSession }[] = [];
  #isOver = false;

  constructor(database: Database) {
    this.#database = database;
  }

  get address(): DatabaseAddress {
    return this.#database.address;
  }

  async connect(options: SessionOptions): Promise<DatabaseSession> {
    const key = JSON.stringify([options.database ?? this.address.database, options.bare === true, Object.entries(options.settings ?? {}).sort()]);
    const session = (await this.#takeIdle(key, options.purpose)) ?? (await this.#database.connect(options));
    return new KeptSession(session, (given) => this.#keep(key, given));
  }

  /** One that was lost meanwhile is no error: a new one takes its place. */
  async #takeIdle(key: string, purpose: string): Promise<DatabaseSession | undefined> {
    for (;;) {
      const at = this.#idle.findIndex((one) => one.key === key);
      const session = this.#idle.splice(at, at < 0 ? 0 : 1)[0]?.session;
      if (session === undefined || (await succeeds(session, () => session.renew(purpose)))) return session;
    }
  }

  /** Emptied at once, so that nothing is held in the meantime: no lock, no transaction. */
  async #keep(key: string, session: DatabaseSession): Promise<void> {
    if (this.#isOver) await session.close();
    else if (await succeeds(session, () => empty(session))) this.#idle.push({ key, session });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#idle.splice(0).map(({ session }) => session.close()));
  }
}

/** As closing does: what is not committed is not. */
async function empty(session: DatabaseSession): Promise<void> {
  await session.query("ROLLBACK");
  await session.query("DISCARD ALL");
}

/** A session that was lost is closed: whoever had it has heard why, and who asks next gets a new one. */
async function succeeds(session: DatabaseSession, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    await session.close();
    return false;
  }
}

/** A session that goes back when it is closed. */
class KeptSession implements DatabaseSession {
  readonly #session: DatabaseSession;
  readonly #giveBack: (session: DatabaseSession) => Promise<void>;
  #running = 0;
  #closing: Promise<void> | undefined;

  constructor(session: DatabaseSession, giveBack: (session: DatabaseSession) => Promise<void>) {
    this.#session = session;
    this.#giveBack = giveBack;
  }

  get lost(): AbortSignal {
    return this.#session.lost;
  }

  get announcedPid(): number {
    return this.#session.announcedPid;
  }

  get notices(): readonly string[] {
    return this.#session.notices;
  }

  query<Row extends object = Record<string, unknown>>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    return this.#whileOpen(() => this.#session.query<Row>(sql, values));
  }

  copyFrom(sql: string, data: ByteStream): Promise<void> {
    return this.#whileOpen(() => this.#session.copyFrom(sql, data));
  }

  renew(purpose: string): Promise<void> {
    return this.#whileOpen(() => this.#session.renew(purpose));
  }

  async cancel(): Promise<void> {
    if (this.#closing === undefined) await this.#session.cancel();
  }

  /** A statement that still runs is abandoned with its connection, as everywhere. */
  close(): Promise<void> {
    this.#closing ??= this.#running > 0 ? this.#session.close() : this.#giveBack(this.#session);
    return this.#closing;
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
