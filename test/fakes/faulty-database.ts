import { HoldfastError } from "../../src/kernel/errors.ts";
import type { ByteStream } from "../../src/kernel/streams.ts";
import type { Database, DatabaseSession, SessionOptions, Execution } from "../../src/ports/database.ts";

/** How a {@link FaultyDatabases} fails; always at exactly one event. */
export interface DatabaseFault {
  /** Number of the event that fails, from 1; 0 never fails and only counts. */
  readonly failAt: number;
  /**
   * `error`: the server refuses the statement (or the connection), the session lives on. `lost`: the
   * connection is cut and nothing was done. `answer-lost`: the statement was carried out, then the connection
   * was cut: the case that finds programs which believe that a failed statement did nothing.
   */
  readonly how: "error" | "lost" | "answer-lost";
}

/** What the log says of a session that is given back, and of one that is taken again. */
export const KEEPS = ["empties a session", "sets a session up"] as const;

/**
 * Counts connects and queries over all databases of a run, in the order they are asked, and fails at
 * one of them.
 */
export class FaultyDatabases {
  readonly log: string[] = [];
  readonly #fault: DatabaseFault;
  #failures = 0;

  constructor(fault: DatabaseFault) {
    this.#fault = fault;
  }

  get events(): number {
    return this.log.length;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The decorator. */
  around(database: Database): Database {
    return {
      address: database.address,
      connect: async (options: SessionOptions) => {
        const fails = this.#counts(`connect ${options.purpose}`);
        if (fails) {
          this.#failures += 1;
          throw new HoldfastError(
            "database.unreachable",
            `injected fault at event ${this.events}: no connection`,
          );
        }
        return new FaultySession(await database.connect(options), this);
      },
    };
  }

  /** For sessions: counts a statement and, at its turn, fails instead of or after it. */
  async query<Row extends object>(
    session: FaultySession,
    sql: string,
    run: () => Promise<Row[]>,
  ): Promise<Row[]> {
    if (!this.#counts(sql.replace(/\s+/g, " ").trim().slice(0, 90))) return run();
    this.#failures += 1;
    const { how } = this.#fault;
    if (how === "error") {
      throw new HoldfastError("database.query", `injected fault at event ${this.events} (SQLSTATE XX000)`);
    }
    if (how === "answer-lost") await run().catch(() => undefined);
    throw await session.cut(
      new HoldfastError("database.lost", `injected fault at event ${this.events}: the connection is cut`),
    );
  }

  #counts(what: string): boolean {
    this.log.push(what);
    return this.events === this.#fault.failAt;
  }
}

/** One session whose statements are counted; see {@link FaultyDatabases}. */
export class FaultySession implements DatabaseSession {
  readonly #session: DatabaseSession;
  readonly #faults: FaultyDatabases;
  readonly #cut = new AbortController();

  constructor(session: DatabaseSession, faults: FaultyDatabases) {
    this.#session = session;
    this.#faults = faults;
  }

  get lost(): AbortSignal {
    return AbortSignal.any([this.#session.lost, this.#cut.signal]);
  }

  get announcedPid(): number {
    return this.#session.announcedPid;
  }

  get takesStartupOptions(): boolean {
    return this.#session.takesStartupOptions;
  }

  get notices(): readonly string[] {
    return this.#session.notices;
  }

  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    if (this.#cut.signal.aborted) throw this.#cut.signal.reason;
    return this.#faults.query(this, sql, () => this.#session.query<Row>(sql, values));
  }

  async empty(): Promise<void> {
    await this.#keeping(KEEPS[0], () => this.#session.empty());
  }

  async setUp(purpose: string): Promise<void> {
    await this.#keeping(KEEPS[1], () => this.#session.setUp(purpose));
  }

  async #keeping(what: string, run: () => Promise<void>): Promise<void> {
    if (this.#cut.signal.aborted) throw this.#cut.signal.reason;
    await this.#faults.query(this, what, async () => {
      await run();
      return [];
    });
  }

  queryPrepared<Row extends object = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    return this.query<Row>(sql, values);
  }

  async execute(sql: string, counted?: (rows: readonly (number | null)[]) => void): Promise<Execution> {
    if (this.#cut.signal.aborted) throw this.#cut.signal.reason;
    let execution: Execution;
    await this.#faults.query(this, sql, async () => {
      execution = await this.#session.execute(sql, counted);
      return [];
    });
    return execution;
  }

  get transaction(): DatabaseSession["transaction"] {
    return this.#session.transaction;
  }

  async copyFrom(sql: string, data: ByteStream): Promise<void> {
    if (this.#cut.signal.aborted) throw this.#cut.signal.reason;
    await this.#faults.query(this, sql, async () => {
      await this.#session.copyFrom(sql, data);
      return [];
    });
  }

  /**
   * Cuts the connection: the server rolls back what was not committed, every later statement fails with
   * the same error.
   */
  async cut(error: HoldfastError): Promise<HoldfastError> {
    await this.#session.close();
    this.#cut.abort(error);
    return error;
  }

  async cancel(): Promise<void> {
    await this.#session.cancel();
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
