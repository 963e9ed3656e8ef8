import { randomBytes } from "node:crypto";
import pg from "pg";
import { Secret } from "../../src/kernel/secret.ts";
import type { DatabaseAddress, SslMode } from "../../src/ports/database.ts";

/**
 * Plain facts about a running test server; they travel from the global set-up to the test workers as JSON.
 */
export interface HostFacts {
  readonly binDir: string;
  readonly major: number;
  readonly host: string;
  readonly port: number;
  /** Folder of the Unix socket. */
  readonly socketFolder: string;
  /** The superuser: `postgres`, unless the cluster was made with another. */
  readonly superuser: string;
  /** Password of the superuser. */
  readonly adminPassword: string;
  /** Password of `holdfast`, which may create databases and is no superuser. */
  readonly password: string;
  /** PEM file with the server's own root: what `sslrootcert` has to name. */
  readonly certificate: string;
}

/** How {@link DatabaseHost.createDatabase} makes a database. */
export interface DatabaseOptions {
  /** Default `t_` and twelve hex digits. */
  readonly name?: string;
  /** Server encoding such as `LATIN1`; anything but UTF8 comes with locale C, which fits every encoding. */
  readonly encoding?: string;
  /** Locale such as `C`, or an ICU locale such as `icu:de-DE` (the server must be built with ICU). */
  readonly locale?: string;
  /** Default `holdfast`. */
  readonly owner?: "holdfast" | "postgres";
  /** Statements run in it by the owner, before it is handed over. */
  readonly sql?: string;
}

/**
 * A database of a test's own. `await using database = await createDatabase()` drops it at the end
 * of the block.
 */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** As `holdfast`, over TCP. */
  readonly url: string;
  /** As the superuser, over TCP. */
  readonly adminUrl: string;
  /** As `holdfast`, through the Unix socket. */
  readonly socketUrl: string;
  readonly address: DatabaseAddress;
  readonly adminAddress: DatabaseAddress;
  /** Runs SQL as the owner and returns the rows of the last statement. */
  query(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** The same as the superuser. */
  admin(sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** A running PostgreSQL server with two accounts: `postgres` (superuser) and `holdfast` (login, createdb). */
export class DatabaseHost {
  readonly facts: HostFacts;

  constructor(facts: HostFacts) {
    this.facts = facts;
  }

  adminUrl(database = "postgres"): string {
    return this.#url(this.facts.superuser, this.facts.adminPassword, database);
  }

  url(database: string): string {
    return this.#url("holdfast", this.facts.password, database);
  }

  socketUrl(database: string): string {
    const { password, socketFolder, port } = this.facts;
    return (
      `postgresql://holdfast:${password}@/${encodeURIComponent(database)}` +
      `?host=${encodeURIComponent(socketFolder)}&port=${port}`
    );
  }

  /** The parts of a URL, as `parseDatabaseUrl` would give them. */
  address(
    database: string,
    user: "holdfast" | "postgres" = "holdfast",
    sslMode: SslMode = "prefer",
  ): DatabaseAddress {
    const { host, port, superuser, password, adminPassword } = this.facts;
    const secret = new Secret(user === "postgres" ? adminPassword : password);
    return {
      host,
      port,
      user: user === "postgres" ? superuser : user,
      password: secret,
      database,
      sslMode,
      sslRootCert: undefined,
      options: undefined,
    };
  }

  /** Runs SQL as the superuser and returns the rows of the last statement. */
  async admin(
    sql: string,
    values: readonly unknown[] = [],
    database = "postgres",
  ): Promise<Record<string, unknown>[]> {
    return await query(this.adminUrl(database), sql, values);
  }

  async createDatabase(options: DatabaseOptions = {}): Promise<TestDatabase> {
    const name = options.name ?? `t_${randomBytes(6).toString("hex")}`;
    const owner = options.owner ?? "holdfast";
    const encoding = options.encoding ?? "UTF8";
    const locale = options.locale ?? (encoding === "UTF8" ? undefined : "C");
    const words =
      locale === undefined
        ? ""
        : locale.startsWith("icu:")
          ? ` locale_provider icu icu_locale '${locale.slice(4)}'`
          : ` locale '${locale}'`;
    await this.admin(
      `create database ${pg.escapeIdentifier(name)} owner ${owner} template template0 encoding ` +
        `'${encoding}'${words} ${this.copying}`,
    );
    const ownerUrl = owner === "postgres" ? this.adminUrl(name) : this.url(name);
    const drop = (): Promise<void> => this.#dropDatabase(name);
    const database: TestDatabase = {
      name,
      url: this.url(name),
      adminUrl: this.adminUrl(name),
      socketUrl: this.socketUrl(name),
      address: this.address(name),
      adminAddress: this.address(name, "postgres"),
      query: (sql, values = []) => query(ownerUrl, sql, values),
      admin: (sql, values = []) => this.admin(sql, values, name),
      drop,
      [Symbol.asyncDispose]: drop,
    };
    if (options.sql !== undefined) await database.query(options.sql);
    return database;
  }

  /**
   * For CREATE DATABASE: files copied as they are, without a line in the log for every page. Older servers
   * know no other way.
   */
  get copying(): string {
    return this.facts.major >= 15 ? "strategy file_copy" : "";
  }

  async #dropDatabase(name: string): Promise<void> {
    // WITH (FORCE) came with PostgreSQL 13.
    const forced = this.facts.major >= 13;
    if (!forced) {
      await this.admin("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
    }
    await this.admin(`drop database if exists ${pg.escapeIdentifier(name)}${forced ? " with (force)" : ""}`);
  }

  #url(user: string, password: string, database: string): string {
    return (
      `postgresql://${user}:${password}@${this.facts.host}:${this.facts.port}` +
      `/${encodeURIComponent(database)}`
    );
  }
}

/** One connection, one query (several statements when there are no values), and goodbye. */
export async function query(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that goes down under us is reported by the query itself; without a listener it would
  // end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    const result: pg.QueryResult | pg.QueryResult[] = await (values.length > 0
      ? client.query(sql, [...values])
      : client.query(sql));
    const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1) : result;
    return (last?.rows ?? []) as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
