import { lostClientSettings } from "../../../nouns/server/lost-clients.ts";
import type { Database } from "../../../ports/database.ts";

/**
 * Settings that a role, a database or a server may have of its own, and with which pg_restore fails or loads
 * something else than the archive holds: it sets others itself, but not these (`_doSetFixedOutputState` in
 * src/bin/pg_dump/pg_backup_archiver.c of PostgreSQL). All of them any role may set; below is what only a
 * superuser may.
 */
const NEEDED: Readonly<Record<string, string>> = {
  default_transaction_read_only: "off",
  // Two sessions that load side by side could fail each other.
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  // Off, an element NULL of a text[] becomes the word.
  array_nulls: "on",
  transform_null_equals: "off",
  exit_on_error: "off",
  // Sessions that load side by side wait for each other, idle. Since 14; the next since 17.
  idle_session_timeout: "0",
  transaction_timeout: "0",
  // Materialized views read views and foreign tables.
  restrict_nonsystem_relation_kind: "",
};

/**
 * pg_restore switches limits of a statement's time off itself, but asks a little before it does: milliseconds
 * below which that may take too long on a busy server. Poolers refuse settings at start-up, so a limit of
 * minutes, which platforms set, is left to pg_restore.
 */
const SHORT_LIMIT_MS = 10_000;
const LIMITS = ["statement_timeout", "lock_timeout"] as const;

/**
 * Event triggers on logins would fire at every connection of pg_restore, and write into what it has
 * restored. Since 17.
 */
const NEEDED_OF_SUPERUSERS: Readonly<Record<string, string>> = { event_triggers: "off" };

/**
 * A database may have been given a limit that stops the very question after it; a session that asks for what
 * is set there has no other setting.
 */
export const WITHOUT_LIMIT = "SET statement_timeout = 0";

/**
 * What pg_restore is told when it connects: what keeps the target's own settings from acting on the load, and
 * by what the server finds out that pg_restore is gone.
 */
export async function loadingSettings(database: Database): Promise<Readonly<Record<string, string>>> {
  const against = await settingsAgainst(database);
  await using session = await database.connect({ purpose: "settings" });
  return { ...(await lostClientSettings(session)).loading, ...against };
}

/**
 * What pg_restore must be told so that the target's own settings do not act on the load: only what is
 * otherwise there, because poolers refuse settings at start-up. Names, operators and types of a session that
 * nobody has set up may be anybody's, so it uses none.
 */
async function settingsAgainst(database: Database): Promise<Readonly<Record<string, string>>> {
  await using session = await database.connect({ purpose: "settings", bare: true });
  await session.query(WITHOUT_LIMIT);
  const rows = await session.query<{ name: string; setting: string; superuser: string }>(`
    SELECT s.name, s.reset_val AS setting, pg_catalog.current_setting('is_superuser') AS superuser
      FROM pg_catalog.pg_settings AS s
  `);
  const own = new Map(rows.map(({ name, setting }) => [name, setting]));
  const short = LIMITS.filter((name) => Number(own.get(name)) > 0 && Number(own.get(name)) < SHORT_LIMIT_MS);
  const needed = { ...NEEDED, ...(rows[0]?.superuser === "on" ? NEEDED_OF_SUPERUSERS : {}) };
  return Object.fromEntries(
    [...short.map((name): [string, string] => [name, "0"]), ...Object.entries(needed)].filter(
      ([name, value]) => own.has(name) && own.get(name) !== value,
    ),
  );
}
