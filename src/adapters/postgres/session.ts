import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg, { type Client, type QueryConfig, type QueryResult } from "pg";
import {
  PREPARED_PREFIX,
  type DatabaseAddress,
  type DatabaseSession,
  type Execution,
} from "../../ports/database.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { sha256, type ByteStream } from "../../kernel/streams.ts";
import { requestCancel } from "./cancel.ts";
import { databaseError, endsSession } from "./errors.ts";
import { OwedAnswers, type Waiting } from "./owed-answers.ts";
import { Reading } from "./reading.ts";
import { serverRefusal } from "./refusal.ts";

/** Milliseconds a server has to answer our goodbye. */
const GOODBYE_MS = 5_000;

/** More notices than anyone reads; a loop in a trigger must not fill the memory. */
const NOTICES_MAX = 200;

/** Bytes that are read ahead of what the server has taken during a copy. */
const COPY_AHEAD = 512 * 1024;

/**
 * https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-READYFORQUERY
 */
const TRANSACTION = { I: "none", T: "open", E: "failed" } as const;

/**
 * DISCARD ALL by its parts, but for the plans and for what we have prepared ourselves, whose names come back:
 * https://www.postgresql.org/docs/current/sql-discard.html
 */
const EMPTYING = `
  CLOSE ALL;
  SET SESSION AUTHORIZATION DEFAULT;
  RESET ALL;
  UNLISTEN *;
  SELECT pg_catalog.pg_advisory_unlock_all();
  DISCARD TEMP;
  DISCARD SEQUENCES;
  SELECT name FROM pg_catalog.pg_prepared_statements
   WHERE pg_catalog.left(name, ${PREPARED_PREFIX.length}) <> '${PREPARED_PREFIX}'
`;

/** How a session is set up for a purpose, at its beginning and when it is renewed. */
export type SetUp = (session: PgSession, purpose: string) => Promise<void>;

/** How a session is connected, set up and bounded. */
export interface Connected extends Waiting {
  /** Whether settings of ours came with the start-up packet, and were not refused. */
  readonly tookOptions: boolean;
  readonly setUp: SetUp;
}

/** One server session over the `pg` driver. */
export class PgSession implements DatabaseSession {
  readonly #address: DatabaseAddress;
  readonly #connected: Connected;
  readonly #lost = new AbortController();
  readonly #reading: Reading;
  #notices: string[] = [];
  readonly #owed: OwedAnswers;
  /** How often the server was told to forget what was prepared. */
  #forgotten = 0;
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** @param client connected already */
  constructor(client: Client, connected: Connected) {
    this.#connected = connected;
    this.#address = connected.address;
    this.#owed = new OwedAnswers(client, connected, {
      lose: (reason) => this.#lose(reason),
      cancel: () => this.cancel(),
    });
    this.#reading = new Reading(client);
    client.on("error", (error) => this.#lose(error));
    client.on("end", () => this.#lose(new Error("the connection was closed from outside")));
    client.on("notice", (notice) => {
      if (this.#notices.length < NOTICES_MAX) {
        this.#notices.push(`${notice.severity ?? "NOTICE"}: ${notice.message ?? ""}`);
      }
    });
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get notices(): readonly string[] {
    return this.#notices;
  }

  get announcedPid(): number {
    return this.#owed.announced.processID;
  }

  get takesStartupOptions(): boolean {
    return this.#connected.tookOptions && this.#owed.backend === this.announcedPid;
  }

  /** The server's process that this session is, so that the server can be asked what it does. */
  isServedBy(pid: number): void {
    this.#owed.backend = pid;
  }

  query<Row extends object = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    return this.#inTurn((client) => this.#run<Row>(client, sql, values));
  }

  queryPrepared<Row extends object = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    return this.#inTurn((client) =>
      this.#run<Row>(client, sql, values, `${PREPARED_PREFIX}${this.#forgotten}_${sha256(sql).slice(0, 24)}`),
    );
  }

  execute(sql: string, counted?: (rows: readonly (number | null)[]) => void): Promise<Execution> {
    return this.#inTurn(async (client) => {
      const misread = this.#reading.misreads(sql);
      if (misread !== undefined) return misread;
      // Somebody's script may have the server forget what was prepared, and the driver does not notice.
      if (/\b(?:DEALLOCATE|DISCARD)\b/i.test(sql)) this.#forgotten += 1;
      try {
        const rows = await this.#withoutRows(client, sql);
        counted?.(rows);
        return undefined;
      } catch (error) {
        const refusal = serverRefusal(error);
        // The session is gone with such an answer.
        if (refusal === undefined || endsSession(databaseError(error, this.#address, "working", sql))) {
          throw this.#classified(error, sql);
        }
        return refusal;
      }
    });
  }

  /**
   * Somebody's text may ask for more rows than the memory holds, and nobody wants them: the driver keeps them
   * unless somebody listens.
   *
   * @returns how many rows each statement met
   */
  #withoutRows(client: Client, sql: string): Promise<readonly (number | null)[]> {
    return new Promise((resolve, reject) => {
      const query = new pg.Query(sql);
      query.on("row", () => undefined);
      // Of several statements there are several results; the types do not say so.
      query.on("end", (result: QueryResult | readonly QueryResult[]) =>
        resolve([result].flat().map(({ rowCount }) => rowCount)),
      );
      query.on("error", reject);
      client.query(query);
    });
  }

  get transaction(): DatabaseSession["transaction"] {
    return TRANSACTION[this.#owed.transactionStatus ?? "I"];
  }

  copyFrom(sql: string, data: ByteStream): Promise<void> {
    return this.#inTurn((client) => this.#copy(client, sql, data));
  }

  /** Statements of one session wait for each other here: the driver's own queue is deprecated. */
  #inTurn<T>(run: (client: Client) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
      if (this.#closing !== undefined) throw new Error("query on a closed session");
      return this.#owed.wait(run);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #run<Row extends object>(
    client: Client,
    sql: string,
    values: readonly unknown[] | undefined,
    name?: string,
  ): Promise<Row[]> {
    try {
      const config: QueryConfig = {
        text: sql,
        ...(values === undefined ? {} : { values: [...values] }),
        ...(name === undefined ? {} : { name }),
      };
      // Several statements in one text give several results; the types do not say so.
      const result: QueryResult | readonly QueryResult[] = await client.query(config);
      const last = Array.isArray(result) ? (result as readonly QueryResult[]).at(-1) : result;
      return (last?.rows ?? []) as Row[];
    } catch (error) {
      throw this.#classified(error, sql);
    }
  }

  async #copy(client: Client, sql: string, data: ByteStream): Promise<void> {
    const { copyFrom } = await import("./copy-from.ts");
    let failure: { readonly reason: unknown } | undefined;
    const copying = this.#owed.copying();
    const watched = async function* (): ByteStream {
      try {
        yield* data;
        copying[Symbol.dispose]();
      } catch (reason) {
        failure = { reason };
        throw reason;
      }
    };
    try {
      await pipeline(
        Readable.from(watched(), { objectMode: false, highWaterMark: COPY_AHEAD }),
        client.query(copyFrom(sql)),
      );
    } catch (error) {
      if (failure !== undefined) throw failure.reason;
      throw this.#classified(error, sql);
    } finally {
      copying[Symbol.dispose]();
    }
  }

  #classified(error: unknown, sql: string): HoldfastError {
    const classified = databaseError(error, this.#address, "working", sql);
    if (endsSession(classified)) this.#lose(classified);
    return classified;
  }

  #lose(error: unknown): void {
    if (this.#closing !== undefined || this.#lost.signal.aborted) return;
    const classified = databaseError(error, this.#address, "working");
    const reason =
      classified.code === "database.lost"
        ? classified
        : new HoldfastError("database.lost", classified.message, {
            hint:
              classified.hint ??
              `The session on ${describeAddress(this.#address)} ended while working; run again.`,
            cause: error,
          });
    this.#lost.abort(reason);
  }

  empty(): Promise<void> {
    return this.#promptly(async () => {
      // Outside a transaction it would be a warning in the server's log.
      if (this.#owed.transactionStatus !== "I") await this.query("ROLLBACK");
      const others = await this.query<{ name: string }>(EMPTYING);
      for (const { name } of others) await this.query(`DEALLOCATE ${quoteIdentifier(name)}`);
      this.#notices = [];
    });
  }

  setUp(purpose: string): Promise<void> {
    return this.#promptly(async () => {
      this.#owed.purpose = purpose;
      await this.#connected.setUp(this, purpose);
    });
  }

  /**
   * Between two holders nobody watches a session, so a server that does not answer must be found out here.
   */
  async #promptly(work: () => Promise<void>): Promise<void> {
    const hangUp = setTimeout(() => {
      this.#owed.giveUp(GOODBYE_MS);
    }, GOODBYE_MS);
    try {
      await work();
    } finally {
      clearTimeout(hangUp);
    }
  }

  async cancel(): Promise<void> {
    if (this.#lost.signal.aborted || this.#closing !== undefined) return;
    const { processID, secretKey } = this.#owed.announced;
    await requestCancel(this.#address, this.#connected.tls, processID, secretKey).catch((error: unknown) => {
      throw databaseError(error, this.#address, "connecting");
    });
  }

  /**
   * Ends the session. A statement still running is abandoned: the connection is cut. Never fails: the wanted
   * state is "gone".
   */
  close(): Promise<void> {
    this.#closing ??= this.#owed.sayGoodbye(GOODBYE_MS);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
