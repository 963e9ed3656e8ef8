import type { Client } from "pg";
import type { ConnectionOptions } from "node:tls";
import type { Database, DatabaseAddress, DatabaseSession, SessionOptions } from "../../ports/database.ts";
import { askAgain } from "../../ports/ask-again.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { SILENCE_LIMIT_MS } from "../../kernel/silence.ts";
import { describeAddress } from "../../postgres/database-url.ts";
import { startupOptions } from "../../postgres/quoting.ts";
import { readServerOptions, WITHOUT_EFFECT } from "../../postgres/server-options.ts";
import { socketOf } from "./activity.ts";
import { databaseError, refusesStartupOptions, refusesTls } from "./errors.ts";
import { newClient } from "./client.ts";
import { stopOf, type Bounds } from "./owed-answers.ts";
import { PgSession, type SetUp } from "./session.ts";
import { knownSettings, sessionSettings, startUpSettings, type KnownServer } from "./start-up.ts";
import { demandTarget } from "./target-session.ts";
import { mayBePlain, tlsOptions } from "./tls.ts";
import { soonAfter } from "../../kernel/soon-after.ts";

/** Bounds where nobody says otherwise: those of the product, and a run that nobody stops. */
const BOUNDS: Bounds = {
  silenceMs: SILENCE_LIMIT_MS,
  cancelled: new AbortController().signal,
  tell: () => undefined,
};

/**
 * A PostgreSQL server reached with the `pg` driver.
 *
 * @param given what bounds every wait for it
 */
export function postgresDatabase(address: DatabaseAddress, given: Partial<Bounds> = {}): Database {
  const bounds = { ...BOUNDS, ...given };
  let known: KnownServer | undefined;
  return {
    address,
    async connect(options) {
      const at = options.database === undefined ? address : { ...address, database: options.database };
      const { client, tls, tookOptions } = await open(address, { ...options, bounds }, known).catch(
        (error: unknown) => {
          throw databaseError(error, at, "connecting");
        },
      );
      let role: string | undefined;
      const setUp: SetUp = async (session, purpose) => {
        if (options.bare === true) {
          await requireOptions(session, address, ["application_name", "client_encoding"]);
          session.isServedBy(await servedBy(session));
          return;
        }
        const found = await applySettings(session, address, { ...options, purpose });
        session.isServedBy(found.pid);
        known = found;
        role ??= known.role;
        if (role !== known.role) throw otherRole(address, role, known.role);
      };
      const session = new PgSession(client, { address: at, tls, tookOptions, setUp, bounds, options });
      try {
        await setUp(session, options.purpose);
        await demandTarget(session, address);
        return session;
      } catch (error) {
        await session.close();
        throw error;
      }
    },
  };
}

/** Scripts run in bare sessions, for hours: the server must be found to be at work on these as well. */
async function servedBy(session: DatabaseSession): Promise<number> {
  const [row] = await askAgain<{ pid: number }>(session, "select pg_catalog.pg_backend_pid() as pid");
  return row!.pid;
}

/**
 * DISCARD ALL takes away a role that a setting of the login role, or the URL, had given, on minors before
 * November 2024: https://www.postgresql.org/docs/release/16.5/ (CVE-2024-10978).
 */
function otherRole(address: DatabaseAddress, before: string, now: string): HoldfastError {
  return new HoldfastError(
    "database.lost",
    `${describeAddress(address)}: the session was role ${before} and has become role ${now}`,
    {
      hint: "Run again.",
    },
  );
}

/** A session that is opened, and what ends the wait for it. */
interface Opening extends SessionOptions {
  readonly bounds: Bounds;
}

interface Opened {
  readonly client: Client;
  /** How the connection is encrypted; undefined when it is not. */
  readonly tls: ConnectionOptions | undefined;
  /** Whether settings of ours came with the start-up packet, and were not refused. */
  readonly tookOptions: boolean;
}

/**
 * Settings in the start-up packet beat the role's; a pooler that refuses them gets the URL's own
 * options, or none.
 */
async function open(
  address: DatabaseAddress,
  session: Opening,
  known: KnownServer | undefined,
): Promise<Opened> {
  if (session.bare === true) return await openWithout(address, session);
  const ours = startUpSettings(session);
  const besides = knownSettings(known);
  const own = address.options;
  const tries = [...(Object.keys(besides).length > 0 ? [{ ...ours, ...besides }] : []), ours].map(
    (settings) => (own === undefined ? startupOptions(settings) : `${own} ${startupOptions(settings)}`),
  );
  for (const options of tries) {
    try {
      return { ...(await openEncrypted(address, session, options)), tookOptions: true };
    } catch (error) {
      if (!refusesStartupOptions(error)) throw error;
    }
  }
  return await openWithout(address, session);
}

async function openWithout(address: DatabaseAddress, session: Opening): Promise<Opened> {
  return { ...(await openEncrypted(address, session, address.options)), tookOptions: false };
}

/**
 * `prefer` tries TLS and falls back to plain text, as libpq does; every other mode takes what it asks
 * for or fails.
 */
async function openEncrypted(
  address: DatabaseAddress,
  session: Opening,
  options: string | undefined,
): Promise<Omit<Opened, "tookOptions">> {
  const tls = tlsOptions(address);
  try {
    return { client: await openOnce(address, session, options, tls), tls };
  } catch (error) {
    if (!mayBePlain(address) || !refusesTls(error)) throw error;
    return { client: await openOnce(address, session, options, undefined), tls: undefined };
  }
}

async function openOnce(
  address: DatabaseAddress,
  session: Opening,
  options: string | undefined,
  tls: ConnectionOptions | undefined,
): Promise<Client> {
  const { client, guard } = newClient(address, session, { options, tls, within: session.bounds.silenceMs });
  // Sessions that tidy up are opened after the end was called.
  const stop = stopOf(session, session.bounds);
  using _hangingUp = soonAfter(stop, 0, () => void socketOf(client).destroy());
  try {
    await client.connect();
    guard.check();
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}

/**
 * Sets everything, on a server and for a role that know it, once more and reads it back in a separate
 * statement: a role's or a pooler's own default must not win, and a pooler that hands the next statement to
 * another server session is found out here.
 *
 * Until then the search path may be anything (a pooler drops it from the start-up packet), so every name,
 * types and operators too, says its schema.
 */
async function applySettings(
  session: DatabaseSession,
  address: DatabaseAddress,
  options: SessionOptions,
): Promise<KnownServer & { readonly pid: number }> {
  const settings = sessionSettings(options, address.options);
  await requireOptions(session, address, [...WITHOUT_EFFECT, ...settings.map(({ name }) => name)]);
  const set = await session.query<{
    name: string;
    value: string;
    num: number;
    superuser: boolean;
    role: string;
    pid: number;
  }>(
    `
      select s.name,
             pg_catalog.set_config(
               s.name,
               case when s.at_most
                     and pg_catalog.current_setting(s.name) operator(pg_catalog.~) '^[1-9][0-9]{0,8}$'
                    then least(pg_catalog.current_setting(s.name)::pg_catalog.int4,
                               s.value::pg_catalog.int4)::pg_catalog.text
                    else s.value end,
               false) as value,
             server.num, server.superuser, current_user as role, pg_catalog.pg_backend_pid() as pid
        from rows
        from (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[]),
              pg_catalog.unnest($3::pg_catalog.int4[]), pg_catalog.unnest($4::pg_catalog.bool[]),
              pg_catalog.unnest($5::pg_catalog.bool[])) as s(name, value, since, superuser_only, at_most),
             (select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as num,
                     pg_catalog.current_setting('is_superuser')::pg_catalog.bool as superuser) as server
       where server.num operator(pg_catalog.>=) s.since and (server.superuser or not s.superuser_only)
    `,
    [
      settings.map(({ name }) => name),
      settings.map(({ value }) => value),
      settings.map(({ since }) => since * 10_000),
      settings.map((one) => one.superuserOnly),
      settings.map((one) => one.atMost),
    ],
  );
  const read = await session.query<{ name: string; value: string | null }>(
    `
      select name, pg_catalog.current_setting(name, true) as value
        from pg_catalog.unnest($1::pg_catalog.text[]) as name
    `,
    [set.map(({ name }) => name)],
  );
  const now = new Map(read.map((row) => [row.name, row.value]));
  const wrong = set.find((row) => now.get(row.name) !== row.value);
  if (wrong === undefined) {
    const { num, superuser, role, pid } = set[0]!;
    return { major: Math.floor(num / 10_000), superuser, role, pid };
  }
  throw new HoldfastError(
    "database.pooler",
    `${describeAddress(address)}: setting ${wrong.name} to '${wrong.value}' did not last from one ` +
      "statement to the next",
    {
      hint:
        "Something between here and the server gives each statement another session; " +
        "use the server's direct address or a pooler in session mode.",
    },
  );
}

/** A setting that the URL's options ask for, and what became of it. */
interface Asked {
  readonly name: string;
  /** Null of one that the server does not know. */
  readonly value: string | null;
}

/**
 * A pooler may drop what the URL's options ask for without a word (PgBouncer's ignore_startup_parameters):
 * another role, or a database that is only to be read.
 *
 * @param ours what this session sets itself, which is not the URL's any more
 */
async function requireOptions(
  session: DatabaseSession,
  address: DatabaseAddress,
  ours: readonly string[],
): Promise<void> {
  const wanted = new Map(readServerOptions(address.options ?? "").map(({ name, value }) => [name, value]));
  for (const name of ours) wanted.delete(name);
  if (wanted.size === 0) return;
  const asked = await askAgain<Asked>(
    session,
    `
      select name, pg_catalog.current_setting(name, true) as value
        from pg_catalog.unnest($1::pg_catalog.text[]) as name
    `,
    [[...wanted.keys()]],
  );
  for (const one of asked) {
    if (await isAsWanted(session, one, wanted.get(one.name)!)) continue;
    throw new HoldfastError(
      "database.pooler",
      `${describeAddress(address)}: the URL's options set ${one.name}, and the session has another value`,
      {
        hint:
          "A pooler between here and the server drops options (PgBouncer's ignore_startup_parameters): " +
          "leave them out of the URL, or give the server's direct address.",
      },
    );
  }
}

async function isAsWanted(session: DatabaseSession, asked: Asked, wanted: string): Promise<boolean> {
  const { name, value } = asked;
  if (value === wanted) return true;
  // What no server knows cannot have reached one: it is a proxy's own word, which that has taken out.
  if (value === null) return !name.includes(".");
  return (await wouldBe(session, name, wanted)) === value || (await cameWithSession(session, name));
}

/**
 * The server itself writes a value as it is set. The trial ends with its statement, and is refused where the
 * setting cannot be made within a session.
 */
async function wouldBe(session: DatabaseSession, name: string, wanted: string): Promise<string | undefined> {
  try {
    const sql = "select pg_catalog.set_config($1::pg_catalog.text, $2::pg_catalog.text, true) as value";
    const [set] = await askAgain<{ value: string }>(session, sql, [name, wanted]);
    return set?.value;
  } catch (error) {
    if (!isHoldfastError(error) || error.code === "database.lost") throw error;
    return undefined;
  }
}

/**
 * In the start-up packet, or set by a pooler that keeps it:
 * https://www.postgresql.org/docs/current/view-pg-settings.html
 */
async function cameWithSession(session: DatabaseSession, name: string): Promise<boolean> {
  const sql = `
    select source from pg_catalog.pg_settings
     where pg_catalog.lower(name) operator(pg_catalog.=) $1::pg_catalog.text
  `;
  const [setting] = await askAgain<{ source: string }>(session, sql, [name]);
  return ["client", "session", "override", "interactive"].includes(setting?.source ?? "");
}
