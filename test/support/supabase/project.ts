import pg from "pg";
import { Secret } from "../../../src/kernel/secret.ts";
import type { DatabaseAddress } from "../../../src/ports/database.ts";
import { query, type TestDatabase } from "../database-host.ts";
import type { SupabaseServer } from "./server.ts";
import type { Platform } from "./shape.ts";

type Rows = Record<string, unknown>[];

/** Who may log in with a password: people as `postgres`, the platform's services under their own names. */
export type ProjectRole = "postgres" | "supabase_admin" | "supabase_auth_admin" | "supabase_storage_admin";

/** Who asks through the project's API: nobody in particular, or a person by the id in `auth.users`. */
export type Caller = "anon" | "service_role" | { readonly user: string };

/**
 * A Supabase project's database. `await using project = await supabase.project()` drops it at the block's
 * end.
 */
export class Project implements TestDatabase {
  readonly server: SupabaseServer;
  readonly platform: Platform;
  readonly name: string;

  constructor(server: SupabaseServer, platform: Platform, name: string) {
    this.server = server;
    this.platform = platform;
    this.name = name;
  }

  /** As `postgres`, the role that people have: no superuser. */
  get url(): string {
    return this.urlOf("postgres");
  }

  /** As `supabase_admin`, the superuser, whom people have not. */
  get adminUrl(): string {
    return this.urlOf("supabase_admin");
  }

  /** As `postgres`, through the Unix socket. */
  get socketUrl(): string {
    const { password, socketFolder, port } = this.server.cluster.facts;
    const where = `host=${encodeURIComponent(socketFolder)}&port=${port}`;
    return `postgresql://postgres:${password}@/${encodeURIComponent(this.name)}?${where}`;
  }

  get address(): DatabaseAddress {
    const { password } = this.server.cluster.facts;
    return { ...this.adminAddress, user: "postgres", password: new Secret(password) };
  }

  get adminAddress(): DatabaseAddress {
    return this.server.cluster.address(this.name, "postgres");
  }

  urlOf(role: ProjectRole): string {
    const { host, port, password, adminPassword } = this.server.cluster.facts;
    const secret = role === "supabase_admin" ? adminPassword : password;
    return `postgresql://${role}:${secret}@${host}:${port}/${encodeURIComponent(this.name)}`;
  }

  /** Runs SQL as `postgres` and returns the rows of the last statement. */
  async query(sql: string, values: readonly unknown[] = []): Promise<Rows> {
    return await query(this.url, sql, values);
  }

  /** The same as `supabase_admin`. */
  async admin(sql: string, values: readonly unknown[] = []): Promise<Rows> {
    return await query(this.adminUrl, sql, values);
  }

  /** The same as a service. */
  async as(role: ProjectRole, sql: string, values: readonly unknown[] = []): Promise<Rows> {
    return await query(this.urlOf(role), sql, values);
  }

  /** Runs one statement as the project's API does for a caller, in a transaction that is rolled back. */
  async api(caller: Caller, sql: string, values: readonly unknown[] = []): Promise<Rows> {
    const role = typeof caller === "string" ? caller : "authenticated";
    const claims = typeof caller === "string" ? { role } : { role, sub: caller.user };
    return await this.rolledBack(async (client) => {
      await client.query(`set local role ${role}`);
      await client.query("select set_config('request.jwt.claims', $1, true)", [JSON.stringify(claims)]);
      return (await client.query<Record<string, unknown>>(sql, [...values])).rows;
    });
  }

  /** Runs statements as `postgres` in a transaction that is rolled back. */
  async rolledBack<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: this.url });
    client.on("error", () => undefined);
    await client.connect();
    try {
      await client.query("begin");
      const result = await work(client);
      await client.query("rollback");
      return result;
    } finally {
      await client.end();
    }
  }

  async drop(): Promise<void> {
    await this.server.cluster.admin(`drop database if exists ${pg.escapeIdentifier(this.name)} with (force)`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drop();
  }
}
