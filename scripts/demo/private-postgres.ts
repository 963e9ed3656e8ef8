import { tmpdir } from "node:os";
import pg from "pg";
import { findInstallations } from "../../src/adapters/pg-tools/discovery.ts";
import { startServer } from "../../src/adapters/scratch-server/server.ts";
import type { DatabaseAddress } from "../../src/ports/database.ts";
import type { ToolSet } from "../../src/ports/dump-tools.ts";

/**
 * A PostgreSQL server of this run's own: Unix socket only, removed with every byte when disposed of, also
 * when this process is killed.
 */
export interface PrivatePostgres extends AsyncDisposable {
  readonly tools: ToolSet;
  /** Folder of the socket and of the server's files. */
  readonly folder: string;
  /** A connection URL; the server itself asks for no password, whoever may enter its folder is let in. */
  url(user: string, password: string, database: string): string;
  address(database: string): DatabaseAddress;
  /** Runs SQL as the superuser and returns the rows of the last statement. */
  sql(database: string, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

const PROGRAMS = ["postgres", "initdb", "pg_dump", "pg_restore", "psql"];

/**
 * Starts the newest PostgreSQL of this machine that has server and client programs.
 *
 * @param env PATH, HOME, TMPDIR and HOLDFAST_PG_BIN are looked at
 */
export async function startPrivatePostgres(
  env: Readonly<Record<string, string | undefined>>,
): Promise<PrivatePostgres> {
  const explicit = (env["HOLDFAST_PG_BIN"] ?? "").trim();
  const found = await findInstallations(
    { path: env["PATH"], home: env["HOME"], tmpdir: env["TMPDIR"] },
    explicit === "" ? undefined : explicit,
    PROGRAMS,
  );
  const [tools] = found;
  if (tools === undefined) {
    throw new Error("no PostgreSQL with server and client programs was found; run: npm run bootstrap");
  }
  const server = await startServer(tools, tmpdir());
  const folder = server.address("postgres").host;
  const url = (user: string, password: string, database: string): string => {
    const login = password === "" ? user : `${user}:${encodeURIComponent(password)}`;
    return `postgresql://${login}@/${database}?host=${encodeURIComponent(folder)}`;
  };
  return {
    tools,
    folder,
    url,
    address: (database) => server.address(database),
    sql: (database, text, values = []) => query(url("postgres", "", database), text, values),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function query(
  connectionString: string,
  text: string,
  values: readonly unknown[],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  // A server that goes down under us is reported by the query itself; without a listener it would
  // end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    const result: pg.QueryResult | pg.QueryResult[] = await (values.length > 0
      ? client.query(text, [...values])
      : client.query(text));
    const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1) : result;
    return (last?.rows ?? []) as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
