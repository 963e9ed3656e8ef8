import type { Client } from "pg";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { DatabaseAddress } from "../../ports/database.ts";
import { isFullPooler } from "../../postgres/login-refusals.ts";
import { newClient } from "./client.ts";
import { refusesTls } from "./errors.ts";
import { mayBePlain, tlsOptions } from "./tls.ts";

/** Sessions of ours on a server: by their process id there, or all of a name in the database. */
export type Whose = { readonly pid: number } | { readonly applicationName: string };

/** https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW */
interface Activity {
  readonly pid: number;
  readonly state: string | null;
  readonly kind: string | null;
  readonly event: string | null;
  /** When it last began or ended a statement. */
  readonly changed: string | null;
  /** It is told by its name or number; otherwise it may be another's. */
  readonly isOurs: boolean;
}

/** What a server says of sessions of ours. */
export interface ServerWork {
  /** In words; undefined where they are not at work. */
  readonly doing: string | undefined;
  /** Another one than before where a session has begun or ended a statement, has come or gone. */
  readonly mark: string;
}

/** https://www.postgresql.org/docs/current/progress-reporting.html#CREATE-INDEX-PROGRESS-REPORTING */
interface IndexBuild {
  /** The index itself has no name yet that anybody else could see. */
  readonly table: string;
  readonly phase: string;
  readonly done: string;
  readonly total: string;
}

/** `too_many_connections`: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const TOO_MANY = "53300";

/**
 * Asks a server, over a connection of its own, what it does for a session that has been silent: only the
 * server can tell long work from a link that lost its answer. A session that waits to be read from, or to be
 * written to, is not at work: what it waits for never arrived here.
 *
 * @param within milliseconds for all of it, connecting included
 * @returns undefined where it could not be asked
 */
export async function askActivity(
  address: DatabaseAddress,
  tls: ConnectionOptions | undefined,
  whose: Whose,
  within: number,
): Promise<ServerWork | undefined> {
  const { client, guard } = newClient(
    address,
    { purpose: "watch", bare: true },
    // A pooler may find by them whom it is for.
    { options: address.options, tls, within },
  );
  const hangUp = setTimeout(() => socketOf(client).destroy(), within);
  try {
    await client.connect();
    guard.check();
    return await describe(client, whose, within / 2);
  } catch (error) {
    if (tls !== undefined && refusesTls(error) && mayBePlain(address)) {
      return await askActivity(address, undefined, whose, within);
    }
    // It answers, so it lives; that it has no connection left is no reason to break one that may be at work.
    if (!hasNoneLeft(error)) return undefined;
    return {
      doing:
        "the server, or the pooler before it, lives, but has no connection left over which it could be " +
        "asked what it does",
      mark: "",
    };
  } finally {
    clearTimeout(hangUp);
    // Not waited for: whoever owes an answer may owe this one as well.
    socketOf(client).destroy();
  }
}

function hasNoneLeft(error: unknown): boolean {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return code === TOO_MANY || (typeof message === "string" && isFullPooler(message));
}

/**
 * The same of the sessions of another program, which connects as the address says.
 *
 * @param within milliseconds for all of it
 */
export async function askServer(
  address: DatabaseAddress,
  applicationName: string,
  within: number,
): Promise<ServerWork | undefined> {
  return await askActivity(address, tlsOptions(address), { applicationName }, within);
}

/** The driver's socket; its types do not say so. */
export function socketOf(client: Client): Socket {
  return (client as unknown as { connection: { stream: Socket } }).connection.stream;
}

/**
 * Sessions of a name, also where a pooler puts the client's address behind it
 * (https://www.pgbouncer.org/config.html#application_name_add_host).
 */
const OURS = `
  application_name OPERATOR(pg_catalog.=) $2::pg_catalog.text
  OR pg_catalog.left(application_name, pg_catalog.length($2) OPERATOR(pg_catalog.+) 3)
     OPERATOR(pg_catalog.=) ($2 OPERATOR(pg_catalog.||) ' - ')
`;
/**
 * Some poolers give every session a name of their own (https://github.com/supabase/supavisor/issues/343):
 * then those of this user that are called as the asking one is, and are at work for so long on a statement
 * such as pg_dump and pg_restore send and applications seldom do.
 */
const RENAMED = `
  $2 IS NOT NULL
  AND pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
  AND state OPERATOR(pg_catalog.<>) 'idle'
  AND usename OPERATOR(pg_catalog.=) SESSION_USER
  AND query_start OPERATOR(pg_catalog.<)
      (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $3))
  AND query OPERATOR(pg_catalog.~*) $4
  AND application_name OPERATOR(pg_catalog.=) (
    SELECT application_name FROM pg_catalog.pg_stat_activity
     WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
  )
`;

/** Moving rows, making indexes and constraints, reading catalogues. */
const OF_PROGRAMS = "^\\s*(copy|fetch|create|alter|refresh|analyze|vacuum|lock)\\M|\\mpg_catalog\\.";

/** @param longMs so long a statement takes that cannot be told from another's by the name of its session */
async function describe(client: Client, whose: Whose, longMs: number): Promise<ServerWork> {
  // A setting of the login's may have made it another role, which sees nothing of what the login does; a
  // pooler gives the session to somebody else afterwards.
  await client.query("BEGIN READ ONLY; SET LOCAL ROLE NONE");
  const { rows } = await client.query<Activity>(
    `
      SELECT pid, state, wait_event_type AS kind, wait_event AS event,
             state_change::pg_catalog.text AS changed,
             coalesce($1::pg_catalog.int4 IS NOT NULL OR ${OURS}, false) AS "isOurs"
        FROM pg_catalog.pg_stat_activity
       WHERE pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4
          OR datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND (${OURS} OR ${RENAMED})
    `,
    "pid" in whose
      ? [whose.pid, null, 0, OF_PROGRAMS]
      : [null, whose.applicationName, longMs / 1000, OF_PROGRAMS],
  );
  const mark = rows
    .filter(({ isOurs }) => isOurs)
    .map(({ pid, changed }) => `${pid} ${changed ?? ""}`)
    .sort()
    .join(", ");
  const busy = rows.filter(isAtWork);
  if (busy.length === 0) return { doing: undefined, mark };
  const builds = await indexBuilds(
    client,
    busy.map(({ pid }) => pid),
  );
  const doing = [...builds, ...busy.map(words)].slice(0, 3).join("; ");
  return { doing: `the server is at work on it (${doing})`, mark };
}

/**
 * `disabled` is said with track_activities off: then only what a session waits for tells, which is told
 * always.
 */
const WORKS: readonly (string | null)[] = ["active", "fastpath function call", "disabled"];

function isAtWork({ state, kind }: Activity): boolean {
  return WORKS.includes(state) && kind !== "Client";
}

/** https://www.postgresql.org/docs/current/monitoring-stats.html#WAIT-EVENT-TABLE */
function words({ kind, event }: Activity): string {
  if (kind === null) return "computing";
  return kind === "Lock" ? `waits for a lock that somebody else holds: ${event}` : `${kind}: ${event}`;
}

/** Servers before 12 have no such view. */
async function indexBuilds(client: Client, pids: readonly number[]): Promise<string[]> {
  try {
    const { rows } = await client.query<IndexBuild>(
      `
        SELECT relid::pg_catalog.regclass::pg_catalog.text AS table, phase,
               CASE WHEN tuples_total OPERATOR(pg_catalog.>) 0 THEN tuples_done ELSE blocks_done END AS done,
               CASE WHEN tuples_total OPERATOR(pg_catalog.>) 0 THEN tuples_total
                    ELSE blocks_total END AS total
          FROM pg_catalog.pg_stat_progress_create_index
         WHERE pid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.int4[])
      `,
      [[...pids]],
    );
    return rows.map(({ table, phase, done, total }) => {
      const share = Number(total) > 0 ? ` ${Math.floor((100 * Number(done)) / Number(total))} %` : "";
      return `builds an index of ${table}: ${phase}${share}`;
    });
  } catch {
    return [];
  }
}
