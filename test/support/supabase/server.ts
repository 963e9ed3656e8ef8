import { randomBytes } from "node:crypto";
import pg from "pg";
import { startCluster, type Cluster } from "../cluster.ts";
import { query } from "../database-host.ts";
import { installations, type Installation } from "../postgres-binaries.ts";
import { server } from "../servers/servers.ts";
import { platformSql } from "./platform.ts";
import { Project } from "./project.ts";
import { membershipsOf, rolesSql } from "./roles.ts";
import { shapeOf, type Platform, type Shape } from "./shape.ts";
import { withUuidOssp } from "./uuid-ossp.ts";

/** How {@link startSupabase} makes a server. */
export interface SupabaseOptions {
  /** Default 15. */
  readonly major?: "15" | "17";
  /** The PostgreSQL to make it of; default one of that major. */
  readonly installation?: Installation;
  /** Of projects that do not say; default `newer`. */
  readonly platform?: Platform;
  /**
   * Takes the services' roles from `postgres`, as in 2025: it may use their tables, and no more change them.
   */
  readonly strict?: boolean;
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How {@link SupabaseServer.project} makes a project. */
export interface ProjectOptions {
  /** Default: the server's. Projects of both versions can stand side by side. */
  readonly platform?: Platform;
  /** Name of the database; default `project_` and twelve hex digits. */
  readonly name?: string;
}

/**
 * A database server of the shape of a Supabase project's: `supabase_admin` is its superuser, `postgres` is
 * what people have. The platform gives each project a server; here projects are databases of one, and share
 * its roles.
 */
export class SupabaseServer implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly platform: Platform;
  readonly strict: boolean;
  readonly #templates = new Map<Platform, Promise<string>>();

  constructor(cluster: Cluster, platform: Platform, strict: boolean) {
    this.cluster = cluster;
    this.platform = platform;
    this.strict = strict;
  }

  get major(): number {
    return this.cluster.facts.major;
  }

  /** What a new project consists of. */
  shape(platform = this.platform): Shape {
    const shape = shapeOf(platform, this.major);
    return { ...shape, memberships: membershipsOf(shape, this.strict) };
  }

  /** A new project in a database of its own, with what the platform puts there and nothing else. */
  async project(options: ProjectOptions = {}): Promise<Project> {
    const platform = options.platform ?? this.platform;
    const template = await this.#template(platform);
    const name = options.name ?? `project_${randomBytes(6).toString("hex")}`;
    const quoted = pg.escapeIdentifier(name);
    await this.cluster.admin(
      `create database ${quoted} template ${template} owner postgres ${this.cluster.copying}`,
    );
    return new Project(this, platform, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }

  /**
   * A database that projects are copied from. Nobody may be in it while it is copied, so nobody may enter it.
   */
  #template(platform: Platform): Promise<string> {
    const made = this.#templates.get(platform) ?? this.#makeTemplate(platform);
    this.#templates.set(platform, made);
    return made;
  }

  async #makeTemplate(platform: Platform): Promise<string> {
    const name = `template_${platform}`;
    await this.cluster.admin(`create database ${name} owner postgres`);
    await query(this.cluster.adminUrl(name), platformSql(this.shape(platform), platform));
    await this.cluster.admin(`alter database ${name} allow_connections false`);
    return name;
  }
}

/** Starts a server; `await using supabase = await startSupabase()` removes it at the end of the block. */
export async function startSupabase(options: SupabaseOptions = {}): Promise<SupabaseServer> {
  const { major = "15", platform = "newer", strict = false } = options;
  const plain = options.installation ?? (await installationOf(major));
  const installation = (folder: string): Installation => withUuidOssp(plain, folder);
  // The platform's realtime service reads a publication.
  const settings = { wal_level: "logical", ...options.settings };
  const cluster = await startCluster({ installation, superuser: "supabase_admin", settings });
  const supabase = new SupabaseServer(cluster, platform, strict);
  try {
    // Every test server has this role; a project has not.
    await cluster.admin("drop role holdfast");
    await cluster.admin(rolesSql(supabase.shape(), cluster.facts.password));
    await cluster.admin("alter database postgres owner to postgres");
  } catch (error) {
    await supabase[Symbol.asyncDispose]();
    throw error;
  }
  return supabase;
}

/** The machine's own PostgreSQL 15 where there is one, else pinned ones. */
async function installationOf(major: "15" | "17"): Promise<Installation> {
  if (major === "17") return await server("17.10");
  const own = installations().find((each) => each.major === 15 && each.server && each.client);
  return own ?? (await server("15.20"));
}
