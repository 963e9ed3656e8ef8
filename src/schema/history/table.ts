import { withoutLimits } from "../../nouns/server/without-limits.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { ADD_COLUMNS, lackedColumns } from "./columns.ts";
import type { HistoryEntry } from "./entry.ts";
import { patiently } from "./patience.ts";

/**
 * Where a database remembers its migrations: `holdfast.migrations`, a row each, with both scripts, so
 * that what was applied can be taken back from a checkout that never had them. `docs/formats.md` says what
 * is in it.
 */

/** The format of the tables; written beside them, so that an older Holdfast says that it is one. */
export const HISTORY_FORMAT = 1;

const DEFINITIONS = `
  CREATE SCHEMA IF NOT EXISTS holdfast;
  CREATE TABLE IF NOT EXISTS holdfast.format (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    number integer NOT NULL,
    other_schemas text[] NOT NULL DEFAULT '{}'
  );
  CREATE TABLE IF NOT EXISTS holdfast.migrations (
    version text PRIMARY KEY,
    name text NOT NULL,
    position numeric NOT NULL UNIQUE,
    sha256 text,
    forward text,
    rollback text,
    rollback_sha256 text,
    without_transaction text[] NOT NULL DEFAULT '{}',
    state text NOT NULL CHECK (state IN ('applying', 'applied', 'rolling-back')),
    steps integer NOT NULL DEFAULT 0,
    attempting text,
    fingerprint_before text,
    fingerprint_after text,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    applied_at timestamptz,
    duration_ms bigint,
    applied_by text NOT NULL,
    run_url text,
    holdfast_version text NOT NULL,
    backup_id text,
    confirmed text,
    adopted_from text
  );
  COMMENT ON SCHEMA holdfast IS 'Kept by Holdfast: which migrations are applied, and how they are taken back';
  CREATE TABLE IF NOT EXISTS holdfast.rollbacks (
    id text PRIMARY KEY,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    from_version text NOT NULL,
    to_version text NOT NULL,
    versions text[] NOT NULL,
    done text[],
    failed text,
    restored boolean,
    backup_id text,
    from_backup text,
    elsewhere jsonb,
    reason text NOT NULL,
    losses jsonb NOT NULL,
    done_by text NOT NULL,
    run_url text,
    holdfast_version text NOT NULL
  );
  CREATE TABLE IF NOT EXISTS holdfast.lease (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    token text NOT NULL,
    doing text NOT NULL,
    holder text NOT NULL,
    run_url text,
    since timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL,
    pid integer NOT NULL
  );
`;

/**
 * A restore loads the rows before the keys: where it was stopped between, the database looks as if it had
 * everything, and has neither keys nor indexes.
 */
function halfRestored(): HoldfastError {
  return new HoldfastError(
    "database.half-restored",
    "the database is half restored: its history of migrations has no keys yet",
    {
      hint:
        "A restore was stopped while it put this database back. End it: run that restore, or " +
        "migrate-rollback --from-backup, again.",
    },
  );
}

/**
 * Reading the schema waits for whoever keeps everybody out of a table, because the server locks it to print
 * its defaults. So those of the history's own tables are printed here, where the wait has an end.
 */
const FORMAT = `
  SELECT number,
         (SELECT count(pg_catalog.pg_get_expr(d.adbin, d.adrelid))
            FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = d.adrelid
           WHERE c.relnamespace = 'holdfast'::pg_catalog.regnamespace) AS printed
    FROM holdfast.format
`;

/** What there is of a history. */
export type HistoryPresence = "none" | "there";

/**
 * Whether the database has a history of Holdfast's, and one that this version can read.
 *
 * @throws database.unsupported where a newer Holdfast has made it; database.half-restored
 */
export async function historyPresence(session: DatabaseSession): Promise<HistoryPresence> {
  const [row] = await session.query<{ there: boolean; whole: boolean }>(`
    SELECT pg_catalog.to_regclass('holdfast.migrations') IS NOT NULL AS there,
           EXISTS (SELECT FROM pg_catalog.pg_constraint
                    WHERE contype = 'p' AND conrelid = pg_catalog.to_regclass('holdfast.lease')) AS whole
  `);
  if (!row!.there) return "none";
  if (!row!.whole) throw halfRestored();
  const [format] = await patiently(session, () => session.query<{ number: number }>(FORMAT));
  if (format === undefined || format.number <= HISTORY_FORMAT) return "there";
  throw new HoldfastError(
    "database.unsupported",
    `the database's history of migrations has format ${format.number}, and this Holdfast reads up ` +
      `to ${HISTORY_FORMAT}`,
    {
      hint: "Use the version of Holdfast that wrote it, or a newer one.",
    },
  );
}

/**
 * What is on record is carried out by administrators, so nobody but the owner may write to it, whatever
 * default privileges there are; whoever is to read it is given that later.
 */
const REVOKED = `
  DO $$
  DECLARE
    given record;
  BEGIN
    FOR given IN
      SELECT DISTINCT 'TABLE holdfast.' || quote_ident(c.relname) AS object, a.grantee
        FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
       WHERE c.relnamespace = 'holdfast'::pg_catalog.regnamespace AND c.relkind = 'r'
         AND a.grantee <> c.relowner
      UNION SELECT 'SCHEMA holdfast', a.grantee
              FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
             WHERE n.nspname = 'holdfast' AND a.grantee <> n.nspowner
    LOOP
      EXECUTE 'REVOKE ALL ON ' || given.object || ' FROM '
              || CASE WHEN given.grantee = 0 THEN 'PUBLIC' ELSE given.grantee::pg_catalog.regrole::text END;
    END LOOP;
  END $$
`;

/**
 * Event triggers see these tables made, and what they call may count on the role's own search path; ours
 * comes first in it.
 */
const PATH_AS_THEIRS = `
  SELECT pg_catalog.set_config(
    'search_path',
    pg_catalog.concat_ws(
      ', ', 'pg_catalog', NULLIF(pg_catalog.current_setting('search_path')::pg_catalog.text, '')),
    true)
`;

/** What refused it may be a right that is lacking, or somebody's event trigger, in its own words. */
function notMade(error: unknown): unknown {
  if (!isHoldfastError(error, "database.query", "database.permission")) return error;
  return new HoldfastError(
    error.code,
    `the schema holdfast, in which migrations are remembered, could not be made: ${error.message}`,
    {
      hint:
        "The role needs CREATE on the database for it, once. Where an event trigger refuses it, let it " +
        "pass what is made in the schema holdfast.",
      cause: error,
    },
  );
}

/**
 * Makes the tables where they are not there; two runs at once make them once. Where they are, nothing is
 * asked that only their owner may do.
 */
export async function makeHistory(database: Database): Promise<void> {
  await using session = await database.connect({ purpose: "migrate history", bare: true });
  await withoutLimits(session);
  if ((await historyPresence(session)) === "there" && (await lackedColumns(session)).size === 0) return;
  await patiently(session, () => make(session));
}

async function make(session: DatabaseSession): Promise<void> {
  await session.query("BEGIN");
  try {
    await session.query(PATH_AS_THEIRS);
    // IF NOT EXISTS alone can fail for the second of two at once.
    await session.query(
      "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('holdfast history', 0))",
    );
    if ((await historyPresence(session)) === "none") {
      await session.query(DEFINITIONS).catch((error: unknown) => {
        throw notMade(error);
      });
      await session.query(REVOKED);
    }
    if ((await lackedColumns(session)).size > 0) await session.query(ADD_COLUMNS);
    await session.query("INSERT INTO holdfast.format (number) VALUES ($1) ON CONFLICT DO NOTHING", [
      HISTORY_FORMAT,
    ]);
    await session.query("COMMIT");
  } catch (error) {
    if (session.transaction !== "none" && !session.lost.aborted) await session.query("ROLLBACK");
    throw error;
  }
}

interface Row {
  readonly version: string;
  readonly name: string;
  readonly sha256: string | null;
  readonly forward: string | null;
  readonly rollback: string | null;
  readonly rollback_sha256: string | null;
  readonly without_transaction: HistoryEntry["withoutTransaction"] | null;
  readonly state: HistoryEntry["state"];
  readonly steps: number;
  readonly attempting: string | null;
  readonly fingerprint_before: string | null;
  readonly fingerprint_after: string | null;
  readonly applied_at: string | null;
  readonly duration_ms: string | null;
  readonly applied_by: string;
  readonly run_url: string | null;
  readonly adopted_from: string | null;
}

/** Every entry, in the order in which migrations are applied. */
export async function readHistory(session: DatabaseSession): Promise<readonly HistoryEntry[]> {
  if ((await historyPresence(session)) === "none") return [];
  // A role that only reads may meet tables of an earlier version.
  const lacked = await lackedColumns(session);
  const orNull = (column: string): string => (lacked.has(`migrations.${column}`) ? "NULL" : column);
  const rows = await patiently(session, () =>
    session.query<Row>(`
    SELECT version, name, sha256, forward, rollback, rollback_sha256, state, steps, fingerprint_before,
           fingerprint_after, duration_ms,
           ${orNull("without_transaction")} AS without_transaction,
           ${orNull("attempting")} AS attempting,
           pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS applied_at,
           applied_by, run_url, adopted_from
      FROM holdfast.migrations
     ORDER BY position
  `),
  );
  return rows.map((row) => ({
    version: row.version,
    file: row.name,
    sha256: row.sha256,
    forward: row.forward,
    rollback: row.rollback,
    rollbackSha256: row.rollback_sha256,
    withoutTransaction: row.without_transaction ?? [],
    state: row.state,
    steps: row.steps,
    attempting: row.attempting,
    fingerprintBefore: row.fingerprint_before,
    fingerprintAfter: row.fingerprint_after,
    appliedAt: row.applied_at,
    durationMs: row.duration_ms === null ? null : Number(row.duration_ms),
    appliedBy: row.applied_by,
    runUrl: row.run_url,
    adoptedFrom: row.adopted_from,
  }));
}
