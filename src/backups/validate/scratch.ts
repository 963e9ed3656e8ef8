import type { Manifest } from "../../nouns/catalog/manifest.ts";
import type { Database, DatabaseAddress, DatabaseSession } from "../../ports/database.ts";
import type { ValidatePorts } from "./ports.ts";
import { RESTORED_SIZE_FACTOR } from "../copy/artifacts/load.ts";
import { createDatabaseLike } from "../copy/databases/create-database.ts";
import { dropPersistently } from "../copy/databases/drop-database.ts";
import { PassingName, sweepLeftovers } from "../copy/databases/leftovers.ts";
import { powerfulOwners } from "../copy/databases/powerful-owners.ts";
import { dropScratchRoles, holdScratchRoles, scratchRoles } from "../copy/databases/scratch-roles.ts";
import type { Log } from "../../ports/log.ts";

/** A server on which throw-away databases may be made. */
export interface ScratchHost extends AsyncDisposable {
  /** For receipts: `a private PostgreSQL 15 server`, `the scratch server db:5432`. */
  readonly described: string;
  /** Its databases lie on this machine's temporary disk. */
  readonly isPrivate: boolean;
  /** Connects to a database of it, or to its maintenance database. */
  connect(database?: string): Promise<DatabaseSession>;
  address(database: string): DatabaseAddress;
  open(database: string): Promise<Database>;
}

/** The servers of one run. */
export interface ScratchHosts extends AsyncDisposable {
  /**
   * One that can take this backup: the given one, or a private one, of the backup's own major version where
   * such a server is installed.
   */
  hostFor(manifest: Manifest): Promise<ScratchHost>;
}

/**
 * Private servers are started when they are first asked for, one at a time: backups of other majors make the
 * one before give way.
 *
 * @param manifests of all backups that will be restored, for the room they take
 */
export function openScratchHosts(
  given: Database | undefined,
  manifests: readonly Manifest[],
  ports: ValidatePorts,
): ScratchHosts {
  let current: { readonly major: number; readonly host: ScratchHost } | undefined;
  const leave = async (): Promise<void> => {
    await current?.host[Symbol.asyncDispose]();
    current = undefined;
  };
  return {
    async hostFor(manifest) {
      const { major } = manifest.server;
      if (current !== undefined && (given !== undefined || current.major === major)) return current.host;
      await leave();
      const alike = manifests.filter((one) => one.server.major === major);
      current = { major, host: given ? givenHost(given, ports) : await privateHost(major, alike, ports) };
      await sweepScratchDatabases(current.host, ports.log);
      return current.host;
    },
    [Symbol.asyncDispose]: leave,
  };
}

async function privateHost(
  major: number,
  manifests: readonly Manifest[],
  ports: ValidatePorts,
): Promise<ScratchHost> {
  const biggest = Math.max(
    ...manifests.map((manifest) => Math.max(...manifest.artifacts.map((artifact) => artifact.plain.size))),
  );
  const servers = await ports.scratchServers();
  ports.log.stage("starting a private PostgreSQL server");
  const server = await servers.start({
    bytesNeeded: Math.ceil(biggest * RESTORED_SIZE_FACTOR),
    majorMin: major,
  });
  return {
    described: `a private PostgreSQL ${server.major} server`,
    isPrivate: true,
    connect: async (database = "postgres") =>
      (await ports.openDatabase(server.address(database))).connect({ purpose: "scratch" }),
    address: (database) => server.address(database),
    open: (database) => ports.openDatabase(server.address(database)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function givenHost(given: Database, ports: ValidatePorts): ScratchHost {
  const address = (database: string): DatabaseAddress => ({ ...given.address, database });
  return {
    described: `the scratch server ${given.address.host}:${given.address.port}`,
    isPrivate: false,
    connect: (database) =>
      given.connect({ purpose: "scratch", ...(database === undefined ? {} : { database }) }),
    address,
    open: (database) => ports.openDatabase(address(database)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** An empty database for one restore; disposing drops it and the roles that were made for it. */
export interface ScratchDatabase extends AsyncDisposable {
  readonly name: string;
  /** Set when the source's locale does not exist on the scratch server, so that C was used. */
  readonly localeNote: string | undefined;
}

const NAMES = new PassingName("holdfast_scratch_");

/**
 * Drops scratch databases that a killed run left on a given server, and the roles it made for them. One that
 * is younger than a day, or in use, may be another run's. What cannot be dropped is left to whoever may.
 */
export async function sweepScratchDatabases(
  host: ScratchHost,
  log: Pick<Log, "info" | "warn">,
): Promise<void> {
  if (host.isPrivate) return;
  try {
    await using admin = await host.connect();
    const found = await sweepLeftovers(NAMES, {
      admin,
      log,
      connect: (name) => host.connect(name),
      dropped: (name) =>
        `dropped the scratch database ${name}, which an earlier validation had left on ${host.described}`,
      kept: (name, why) => couldNotRemove(name, host, why),
    });
    if (found > 0) await dropScratchRoles(admin, await scratchRoles(admin));
  } catch (error) {
    log.warn(
      "could not look for scratch databases that earlier validations left " +
        `on ${host.described}: ${(error as Error).message}`,
    );
  }
}

/**
 * Creates the database with the source's encoding, and the roles its owners, grants and policies name.
 * Disposing never fails: what could not be removed is said and stands beside the verdict, not in its place.
 */
export async function createScratchDatabase(
  host: ScratchHost,
  manifest: Manifest,
  ports: Pick<ValidatePorts, "clock" | "random" | "log">,
): Promise<ScratchDatabase> {
  const name = NAMES.make(ports.clock.now(), ports.random.hex(4));
  const { roles } = manifest.content;
  let held: DatabaseSession | undefined;
  const remove = async (): Promise<void> => {
    await held?.close();
    await dropPersistently(name, (database) => host.connect(database), ports.clock);
    await using session = await host.connect();
    await dropScratchRoles(session, roles);
  };
  await using admin = await host.connect();
  try {
    const localeNote = await createDatabaseLike(admin, name, manifest.content);
    // A run may take longer than a day and have no other session in it for a moment: another one's sweep must
    // see that it is used.
    if (!host.isPrivate) held = await host.connect(name);
    await holdScratchRoles(admin, name, roles, host.isPrivate ? powerfulOwners(manifest.content) : undefined);
    return {
      name,
      localeNote,
      [Symbol.asyncDispose]: () => remove().catch((error: unknown) => warnOf(error, name, host, ports.log)),
    };
  } catch (error) {
    // A server whose answer was lost may have made it all the same; the first failure is the one worth
    // telling.
    await remove().catch((second: unknown) => warnOf(second, name, host, ports.log));
    throw error;
  }
}

function warnOf(error: unknown, name: string, host: ScratchHost, log: Pick<Log, "warn">): void {
  if (!host.isPrivate) log.warn(couldNotRemove(name, host, (error as Error).message));
}

function couldNotRemove(name: string, host: ScratchHost, why: string): string {
  return `could not remove the scratch database ${name} from ${host.described}: ${why}; drop it by hand`;
}
