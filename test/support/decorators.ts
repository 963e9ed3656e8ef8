import { HoldfastError } from "../../src/kernel/errors.ts";
import type { ByteStream } from "../../src/kernel/streams.ts";
import type { BlobStore } from "../../src/ports/blob-store.ts";
import type { Database, DatabaseSession } from "../../src/ports/database.ts";
import type { DumpTools } from "../../src/ports/dump-tools.ts";

/** Around-wrappers that change one thing of a real part and leave the rest as it is. */

/** Dumps whose bytes go through `change`, as if pg_dump itself had written them so. */
export function withDump(change: (archive: ByteStream) => ByteStream): (tools: DumpTools) => DumpTools {
  return (tools) => ({ ...tools, dump: (request) => change(tools.dump(request)) });
}

/**
 * Every statement of every session passes `before`, which may wait, act or throw; the rows pass `after`. Both
 * see it in one line, so that how it is laid out in the sources makes no difference.
 */
export function withQueries(hooks: {
  readonly before?: (sql: string) => Promise<void> | void;
  readonly after?: (sql: string, rows: object[]) => object[];
}): (database: Database) => Database {
  const inOneLine: typeof hooks = {
    before: (sql) => hooks.before?.(oneLine(sql)),
    after: (sql, rows) => hooks.after?.(oneLine(sql), rows) ?? rows,
  };
  return (database) => ({
    address: database.address,
    connect: async (options) => watched(await database.connect(options), inOneLine),
  });
}

function oneLine(sql: string): string {
  return sql.replace(/\s+/g, " ").trim();
}

function watched(session: DatabaseSession, hooks: Parameters<typeof withQueries>[0]): DatabaseSession {
  return {
    query: async <Row extends object>(sql: string, values?: readonly unknown[]) => {
      await hooks.before?.(sql);
      const rows = await session.query<Row>(sql, values);
      return (hooks.after?.(sql, rows) ?? rows) as Row[];
    },
    async queryPrepared<Row extends object = Record<string, unknown>>(
      sql: string,
      values: readonly unknown[],
    ) {
      await hooks.before?.(sql);
      const rows = await session.queryPrepared<Row>(sql, values);
      return (hooks.after?.(sql, rows) ?? rows) as Row[];
    },
    execute: async (sql, counted) => {
      await hooks.before?.(sql);
      return await session.execute(sql, counted);
    },
    get transaction() {
      return session.transaction;
    },
    copyFrom: async (sql, data) => {
      await hooks.before?.(sql);
      await session.copyFrom(sql, data);
    },
    empty: () => session.empty(),
    setUp: (purpose) => session.setUp(purpose),
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
    cancel: () => session.cancel(),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** A server on which these extensions cannot be installed. */
export function withoutExtensions(...names: readonly string[]): (database: Database) => Database {
  return withQueries({
    before: (sql) => {
      const name = /^CREATE EXTENSION IF NOT EXISTS "([^"]*)"/.exec(sql)?.[1];
      if (name === undefined || !names.includes(name)) return;
      throw new HoldfastError(
        "database.query",
        `could not open extension control file of "${name}" (SQLSTATE 0A000)`,
      );
    },
    after: (sql, rows) =>
      sql.includes("pg_available_extensions")
        ? rows.filter((row) => !names.includes((row as { name: string }).name))
        : rows,
  });
}

/**
 * Runs `act` once, in the middle of the first put whose path matches: after `bytes` of its
 * content have passed.
 */
export function inTheMiddleOf(
  path: RegExp,
  act: () => Promise<void> | void,
  bytes = 1,
): (store: BlobStore) => BlobStore {
  let done = false;
  return (store) =>
    forwarding(store, {
      put: (name, content, options) =>
        store.put(name, path.test(name) ? interrupted(content) : content, options),
    });
  async function* interrupted(content: ByteStream): ByteStream {
    let passed = 0;
    for await (const chunk of content) {
      yield chunk;
      passed += chunk.byteLength;
      if (done || passed < bytes) continue;
      done = true;
      await act();
    }
  }
}

/** A store with some methods replaced. */
export function forwarding(store: BlobStore, changed: Partial<BlobStore>): BlobStore {
  return {
    url: store.url,
    check: (...given) => store.check(...given),
    put: (path, content, options) => store.put(path, content, options),
    get: (path, range) => store.get(path, range),
    stat: (path) => store.stat(path),
    list: (prefix) => store.list(prefix),
    replace: (path, content, etag) => store.replace(path, content, etag),
    now: () => store.now(),
    remove: (path) => store.remove(path),
    ...changed,
  };
}
