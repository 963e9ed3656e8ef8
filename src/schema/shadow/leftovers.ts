import type { Database, DatabaseSession } from "../../ports/database.ts";
import type { Ports } from "../../ports/ports.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import { onAbort } from "../../kernel/on-abort.ts";
import { COULD_LOG_IN, MADE_FOR } from "./made-roles.ts";
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
  /** What is to be held, and what the session of now holds of it. */
  readonly #wanted = new Set<string>();
  #locked = new Set<string>();
  #session: DatabaseSession | undefined;
  /** One thing after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(host: Database) {
    this.#connect = (options) => host.connect(options);
  }

  /** To be called before the database is made, so that nobody ever sees it without its holder. */
  async hold(database: string): Promise<void> {
    this.#wanted.add(database);
    await this.#inTurn(() => this.#lock());
  }

  /** Never fails: what is not given back goes with the session. */
  async release(database: string): Promise<void> {
    this.#wanted.delete(database);
    await this.#inTurn(async () => {
      if (!this.#locked.delete(database)) return;
      await this.#session?.query("SELECT pg_catalog.pg_advisory_unlock_shared($1, pg_catalog.hashtext($2))", [
        HELD,
        database,
      ]);
    }).catch(() => undefined);
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const now = this.#turn.then(act);
    this.#turn = now.catch(() => undefined);
    await now;
  }

  async #lock(): Promise<void> {
    if (this.#wanted.size === 0) return;
    if (this.#session === undefined || this.#session.lost.aborted) {
      this.#locked = new Set();
      const session = await this.#connect({ purpose: "shadow" });
      this.#session = session;
      // Without its session everything would look abandoned: what cannot be held again now is, when the next
      // database is made.
      onAbort(session.lost, () => void this.#inTurn(() => this.#lock()).catch(() => undefined));
    }
    const missing = [...this.#wanted].filter((name) => !this.#locked.has(name));
    await this.#session.query(
      "SELECT pg_catalog.pg_advisory_lock_shared($1, pg_catalog.hashtext(name)) " +
        "FROM pg_catalog.unnest($2::text[]) AS name",
      [HELD, missing],
    );
    for (const name of missing) this.#locked.add(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#wanted.clear();
    await this.#turn;
    await this.#session?.close();
  }
}

/**
 * Databases of runs that are over: such that nobody holds and nobody is in. Those of versions that held
 * nothing, which their names tell, are older than a day.
 */
const DATABASES = `
  SELECT d.datname::text AS name
    FROM pg_catalog.pg_database d
   WHERE (d.datname::text ~ $1 AND d.datname::text < $2 COLLATE "C"
          OR d.datname::text ~ $3
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
             AND NOT EXISTS (SELECT
                               FROM pg_catalog.pg_locks l
                              WHERE l.locktype = 'advisory' AND l.classid::bigint = $4
                                AND l.objid::bigint
                                  = pg_catalog.hashtext(d.datname::text)::bigint & 4294967295))
   ORDER BY 1
`;

/**
 * Roles whose mark names a database that is not there any more, and whether somebody has found a use for
 * one: who may log in by it and could not at first, is a member of it or has it for a member, or is logged
 * in. What it owns and what it was given the server itself knows, which does not drop it then.
 */
const ROLES = `
  WITH marked AS (
    SELECT r.oid, r.rolname::text AS name, r.rolcanlogin AND m.part[2] IS NULL AS logs
      FROM pg_catalog.pg_db_role_setting s
      JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, pg_catalog.unnest(s.setconfig) AS entry,
           pg_catalog.regexp_matches(entry, $1) AS m(part)
     WHERE s.setdatabase = 0
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_database d WHERE d.datname::text = m.part[1]))
  SELECT name,
         logs
           OR EXISTS (SELECT FROM pg_catalog.pg_auth_members a
                       WHERE a.roleid = marked.oid AND a.member NOT IN (SELECT oid FROM marked)
                             AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles maker
                                              WHERE maker.oid = a.member AND maker.rolname = current_user)
                          OR a.member = marked.oid AND a.roleid NOT IN (SELECT oid FROM marked))
           OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.usesysid = marked.oid) AS used
    FROM marked
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
 * made. A role that somebody uses by now stays, and that is told.
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
      `^${NAME_OF_BEFORE}$`,
      yesterday,
      `^${NAME_OF_NOW}$`,
      HELD,
    ]);
    await dropAll("shadow database", databases, (name) => dropDatabase(admin, name));
    const roles = await admin.query<{ name: string; used: boolean }>(ROLES, [
      `^${MADE_FOR}(${NAME_OF_NOW})(${COULD_LOG_IN})?$`,
    ]);
    for (const { name } of roles.filter(({ used }) => used)) {
      const role = quoteIdentifier(name);
      log.warn(
        `the role ${role}, which an earlier run had left on ${where}, may log in by now, or has members or ` +
          `sessions, so it stays: DROP ROLE ${role} if nobody needs it, ` +
          `ALTER ROLE ${role} RESET application_name if somebody does`,
      );
    }
    await dropAll(
      "role",
      roles.filter(({ used }) => !used),
      (name) => admin.query(`DROP ROLE IF EXISTS ${quoteIdentifier(name)}`),
    );
  } catch (error) {
    failed(error);
  }
}
