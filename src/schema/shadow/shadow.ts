import type { Database, DatabaseSession } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { copyProperties } from "./database-properties.ts";
import { Holder, dropDatabase, sweep } from "./leftovers.ts";
import { shadowName } from "./prefix.ts";
import { boundedSession, STATEMENT_MS } from "./bounded-session.ts";

/** A PostgreSQL server on which migrations may be tried: nothing on it is anybody's. */
export interface Shadow extends AsyncDisposable {
  /** Somebody's server, whose roles others use too; a private one is nobody's. */
  readonly isGiven: boolean;
  readonly major: number;
  /** As people write it, such as `15.18`. */
  readonly version: string;
  /** For reports: `a private PostgreSQL 15.18 server`. */
  readonly described: string;
  /** An empty database, encoded in UTF-8. */
  create(): Promise<ShadowDatabase>;
  /** A session of the server's maintenance database, for what belongs to the whole server. */
  maintenance(): Promise<DatabaseSession>;
}

/** One database of a shadow. */
export interface ShadowDatabase {
  readonly name: string;
  /**
   * A session as the migration tool of a project would have one: with the server's own settings; every wait
   * in it has an end.
   */
  connect(): Promise<DatabaseSession>;
  /** The same database once more; nobody may be connected to this one meanwhile. */
  clone(): Promise<ShadowDatabase>;
  /** Never fails: whatever is left of a private server goes with it, and on a given one it is told. */
  drop(): Promise<void>;
}

type ShadowPorts = Pick<Ports, "scratchServers" | "openDatabase" | "log" | "random" | "clock" | "cancelled">;

/** Room for what migrations put into an empty database, twice: a seed file, and a copy of it. */
const BYTES_NEEDED = 400_000_000;

/**
 * A private server of this major, or of the oldest newer one that is installed; of the newest when none
 * is asked for.
 */
export async function privateShadow(major: number | undefined, ports: ShadowPorts): Promise<Shadow> {
  ports.log.stage("starting a private PostgreSQL server");
  const servers = await ports.scratchServers();
  const server = await servers.start({
    bytesNeeded: BYTES_NEEDED,
    ...(major === undefined ? {} : { majorMin: major }),
  });
  try {
    const host = await ports.openDatabase(server.address("postgres"));
    return await shadowOn(host, "a private PostgreSQL", ports, async () => {
      await server[Symbol.asyncDispose]();
    });
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** The server behind a URL, such as a platform's own image; the role must be able to create databases. */
export async function givenShadow(database: Database, ports: ShadowPorts): Promise<Shadow> {
  const { host, port } = database.address;
  const holder = new Holder(database);
  const end = (): Promise<void> => holder[Symbol.asyncDispose]();
  const shadow = await shadowOn(database, `${host}:${port}, PostgreSQL`, ports, end, holder);
  await using admin = await shadow.maintenance();
  await sweep(admin, shadow.described, ports);
  return shadow;
}

async function shadowOn(
  host: Database,
  what: string,
  ports: ShadowPorts,
  end: () => Promise<void>,
  holder?: Holder,
): Promise<Shadow> {
  const maintenance = (): Promise<DatabaseSession> => host.connect({ purpose: "shadow" });
  const open: string[] = [];
  const described = (version: string): string =>
    `${what} ${version}${what.startsWith("a ") ? " server" : ""}`;
  await using asking = await maintenance();
  const [row] = await asking.query<{ num: number; version: string }>(`
    SELECT current_setting('server_version_num')::int AS num,
           split_part(current_setting('server_version'), ' ', 1) AS version
  `);
  const make = async (template: string): Promise<ShadowDatabase> => {
    const name = shadowName(ports.clock.now(), ports.random);
    await holder?.hold(name);
    await using admin = await maintenance();
    await admin.query(`
      CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE
        ${quoteIdentifier(template)}${template === "template0" ? " ENCODING 'UTF8'" : ""}
    `);
    open.push(name);
    if (template !== "template0") await copyProperties(admin, template, name);
    return {
      name,
      connect: async () => {
        const session = await host.connect({ purpose: "shadow", bare: true, database: name });
        return boundedSession(session, { cancelled: ports.cancelled, statementMs: STATEMENT_MS });
      },
      clone: () => make(name),
      drop: () => drop(name),
    };
  };
  const drop = async (name: string): Promise<void> => {
    if (!open.includes(name)) return;
    open.splice(open.indexOf(name), 1);
    try {
      await using admin = await maintenance();
      await dropDatabase(admin, name);
    } catch (error) {
      ports.log.warn(`the shadow database ${name} could not be dropped: ${(error as Error).message}`);
    }
    await holder?.release(name);
  };
  return {
    isGiven: !what.startsWith("a "),
    major: Math.floor(row!.num / 10_000),
    version: row!.version,
    described: described(row!.version),
    create: () => make("template0"),
    maintenance,
    async [Symbol.asyncDispose]() {
      try {
        // A private server takes its databases along.
        if (!what.startsWith("a ")) for (const name of [...open]) await drop(name);
      } finally {
        await end();
      }
    },
  };
}
