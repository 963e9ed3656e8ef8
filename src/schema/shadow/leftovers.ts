import type { Database, DatabaseSession } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { MADE_FOR } from "./made-roles.ts";
import { NAME_OF_NOW, NAME_OF_BEFORE, SHADOW_PREFIX, stamp } from "./prefix.ts";

const DAY_MS = 86_400_000;

/** Half of the key of an advisory lock; the other half is a database's name. */
const HELD = 0x68_66_73_68;

/**
 * Who is at work with the databases of a given server: for each of them a lock of one session, which the
 * server takes back in the moment in which the process that had it is gone, however it went. Locks of this
 * kind are seen in the whole server.
 */
export class Holder implements AsyncDisposable {
  readonly #connect: Database["connect"];
  readonly #held = new Set<string>();
  #session: DatabaseSession | undefined;

  constructor(host: Database) {
    this.#connect = (options) => host.connect(options);
  }

  /** To be called before the database is made, so that nobody ever sees it without its holder. */
  async hold(database: string): Promise<void> {
    this.#held.add(database);
    if (this.#session !== undefined && !this.#session.lost.aborted) {
      await this.#lock(this.#session, [database]);
      return;
    }
    this.#session = await this.#connect({ purpose: "shadow" });
    await this.#lock(this.#session, [...this.#held]);
  }

  /** Never fails: what is not given back goes with the session. */
  async release(database: string): Promise<void> {
    this.#held.delete(database);
    await this.#session
      ?.query("SELECT pg_catalog.pg_advisory_unlock($1, pg_catalog.hashtext($2))", [HELD, database])
      .catch(() => undefined);
  }

  async #lock(session: DatabaseSession, databases: readonly string[]): Promise<void> {
    await session.query(
      "SELECT pg_catalog.pg_advisory_lock_shared($1, pg_catalog.hashtext(name)) " +
        "FROM pg_catalog.unnest($2::text[]) AS name",
      [HELD, databases],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.close();
  }
}

/**
 * Databases of runs that are over: older than a day, or such that nobody holds and nobody is in. Those of
 * before are held by nobody, so only their age tells.
 */
const DATABASES = `
  SELECT d.datname::text AS name
    FROM pg_catalog.pg_database d
   WHERE d.datname::text ~ $1
     AND (d.datname::text < $2 COLLATE "C"
          OR d.datname::text ~ $3
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
             AND NOT EXISTS (SELECT
                               FROM pg_catalog.pg_locks l
                              WHERE l.locktype = 'advisory' AND l.classid::bigint = $4
                                AND l.objid::bigint
                                  = pg_catalog.hashtext(d.datname::text)::bigint & 4294967295))
   ORDER BY 1
`;

/** Roles whose mark names a database that is not there any more. */
const ROLES = `
  SELECT r.rolname::text AS name
    FROM pg_catalog.pg_db_role_setting s
    JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) AS entry
   WHERE s.setdatabase = 0 AND entry ~ $1
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_database d
                      WHERE d.datname::text = pg_catalog.substr(entry, $2::int))
   ORDER BY 1
`;

/** Before 13 there is no FORCE, and nobody but us should be there. */
export async function dropDatabase(admin: DatabaseSession, name: string): Promise<void> {
  const [row] = await admin.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  await admin.query(
    `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}${row!.major >= 13 ? " WITH (FORCE)" : ""}`,
  );
}

/**
 * Drops what killed runs left on a given server: their databases, and then the roles that their scripts had
 * made. A role that somebody uses by now the server does not drop, and that is told.
 *
 * @param admin a session of the maintenance database
 * @param where the server, in words
 */
export async function sweep(
  admin: DatabaseSession,
  where: string,
  { clock, log }: Pick<Ports, "clock" | "log">,
): Promise<void> {
  const failed = (error: unknown): void => {
    log.warn(`could not remove what earlier runs left on ${where}: ${(error as Error).message}`);
  };
  const dropAll = async (
    what: string,
    names: readonly { readonly name: string }[],
    drop: (name: string) => Promise<unknown>,
  ): Promise<void> => {
    for (const { name } of names) {
      try {
        await drop(name);
        log.info(`dropped the ${what} ${name}, which an earlier run had left on ${where}`);
      } catch (error) {
        failed(error);
      }
    }
  };
  try {
    const yesterday = `${SHADOW_PREFIX}${stamp(new Date(clock.now().getTime() - DAY_MS))}`;
    const databases = await admin.query<{ name: string }>(DATABASES, [
      `^(${NAME_OF_BEFORE}|${NAME_OF_NOW})$`,
      yesterday,
      `^${NAME_OF_NOW}$`,
      HELD,
    ]);
    await dropAll("shadow database", databases, (name) => dropDatabase(admin, name));
    const roles = await admin.query<{ name: string }>(ROLES, [
      `^${MADE_FOR}${NAME_OF_NOW}$`,
      MADE_FOR.length + 1,
    ]);
    await dropAll("role", roles, (name) => admin.query(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`));
  } catch (error) {
    failed(error);
  }
}
