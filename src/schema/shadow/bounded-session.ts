import type { DatabaseSession, Execution } from "../../ports/database.ts";
import { formatDuration } from "../../kernel/duration.ts";
import { orAbort } from "../../kernel/or-abort.ts";
import { onAbort } from "../../kernel/on-abort.ts";

/**
 * No statement of a migration may take longer on a shadow, where tables are as good as empty: one that does
 * waits for something, or loops.
 */
export const STATEMENT_MS = 600_000;

/** How long a server may take to stop a statement that it was asked to stop; then the connection is cut. */
const STOP_MS = 30_000;

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const QUERY_CANCELED = "57014";
const ADMIN_SHUTDOWN = "57P01";

/** What bounds a session. */
export interface Bounds {
  /** The run is to stop: what runs is cancelled, and nothing more is sent. */
  readonly cancelled: AbortSignal;
  /** The longest that one message may take. Not a setting of the server: a script could set that itself. */
  readonly statementMs: number;
}

/**
 * A session for scripts of which nobody knows what they do: every wait has an end, and a script that ends its
 * own session is refused like one that makes any other mistake.
 */
export function boundedSession(session: DatabaseSession, bounds: Bounds): DatabaseSession {
  const { cancelled, statementMs } = bounds;
  const ask = async (): Promise<void> => {
    // Who is not there to be asked has nothing running; the cut below comes either way.
    await session.cancel().catch(() => undefined);
  };
  const within = async <T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly late: boolean }> => {
    cancelled.throwIfAborted();
    let late = false;
    let cut: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      late = true;
      void ask();
      cut = setTimeout(() => void session.close(), STOP_MS);
    }, statementMs);
    using _stopping = onAbort(cancelled, () => void ask());
    try {
      return { result: await orAbort(cancelled, work()), late };
    } finally {
      clearTimeout(timer);
      clearTimeout(cut);
    }
  };
  return {
    query: async (sql, values) => (await within(() => session.query(sql, values))).result as never,
    queryPrepared: async (sql, values) =>
      (await within(() => session.queryPrepared(sql, values))).result as never,
    execute: async (sql, counted) => {
      try {
        const { result, late } = await within(() => session.execute(sql, counted));
        return late && result?.state === QUERY_CANCELED
          ? { ...result, message: `it was stopped, not being done after ${formatDuration(statementMs)}` }
          : result;
      } catch (error) {
        if (cancelled.aborted || !session.lost.aborted) throw error;
        return lostBy(error);
      }
    },
    copyFrom: async (sql, data) => (await within(() => session.copyFrom(sql, data))).result,
    get transaction() {
      return session.transaction;
    },
    get lost() {
      return session.lost;
    },
    get announcedPid() {
      return session.announcedPid;
    },
    get takesStartupOptions() {
      return session.takesStartupOptions;
    },
    get notices() {
      return session.notices;
    },
    empty: () => session.empty(),
    setUp: (purpose) => session.setUp(purpose),
    cancel: () => session.cancel(),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

function lostBy(error: unknown): Execution {
  return {
    state: ADMIN_SHUTDOWN,
    message: `the session ended with it: ${(error as Error).message}`,
    detail: undefined,
    hint: undefined,
    position: undefined,
    where: undefined,
    constraint: undefined,
    table: undefined,
    column: undefined,
  };
}
