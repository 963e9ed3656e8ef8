import { HoldfastError } from "../../kernel/errors.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { positionIn } from "../history/position.ts";
import { scriptsOf } from "../history/standing.ts";
import { requireLease, type Lease } from "../lease/lease.ts";
import type { Permit } from "./guard/guard.ts";
import type { PlannedMigration } from "./planned-migration.ts";
import type { MigratePorts } from "./request.ts";

/** A migration with why it may destroy data, where it does. */
export interface Permitted extends PlannedMigration {
  readonly permit: Permit | undefined;
}

/** How a migration ended. */
export interface End {
  /** Its statements. */
  readonly steps: number;
  /** Fingerprint of the schema that it left. */
  readonly after: string;
  /** How long it took. */
  readonly ms: number;
}

/** Whether newer ones are applied; asked where the row is written, which saves a question for each file. */
const RETURNING_LATE = `
  RETURNING EXISTS (SELECT FROM holdfast.migrations newer
                     WHERE newer.state = 'applied' AND newer.position > m.position) AS late
`;

/** Nothing is written where the lease was lost. */
const INSERT =
  `
  INSERT INTO holdfast.migrations AS m (
    version, name, position, sha256, forward, rollback, rollback_sha256, without_transaction, applied_by,
    run_url, holdfast_version, backup_id, confirmed, fingerprint_before, state, steps, fingerprint_after,
    duration_ms, applied_at)
    SELECT $2, $3, $4::pg_catalog.numeric, $5, $6, $7, $8, $9::pg_catalog.text[], $10, $11, $12, $13, $14,
           $15, $16, $17::pg_catalog.int4, $18, $19::pg_catalog.int8,
           CASE WHEN $16 = 'applied' THEN pg_catalog.clock_timestamp() END
      FROM holdfast.lease
     WHERE token = $1
` + RETURNING_LATE;

const FINISH =
  `
  UPDATE holdfast.migrations AS m
    SET state = 'applied', steps = $3, attempting = NULL, applied_at = pg_catalog.clock_timestamp(),
        duration_ms = $4, fingerprint_after = $5, sha256 = $6, forward = $7, rollback = $8,
        rollback_sha256 = $9, without_transaction = $10, backup_id = coalesce($11, backup_id),
        confirmed = coalesce($12, confirmed)
    FROM holdfast.lease
  WHERE version = $2 AND lease.token = $1
` + RETURNING_LATE;

/**
 * Writes down a migration: that it has begun, or, where its end is known, all of it.
 *
 * @returns whether newer ones are applied already
 * @throws lock.lost
 */
export async function insert(
  session: DatabaseSession,
  { migration, permit }: Permitted,
  { before, steps, after, ms }: { readonly before: string } & Partial<End>,
  { token }: Pick<Lease, "token">,
  { run, version }: Pick<MigratePorts, "run" | "version">,
): Promise<boolean> {
  return await written(session, INSERT, migration.forward.file, [
    token,
    migration.version,
    migration.forward.file,
    await positionIn(session, migration),
    ...scriptsOf(migration),
    run.actor,
    run.url,
    version,
    permit?.backup ?? null,
    permit?.confirmed ?? null,
    before,
    after === undefined ? "applying" : "applied",
    steps ?? 0,
    after ?? null,
    ms ?? null,
  ]);
}

/**
 * Writes down the end of a migration that is on record as begun.
 *
 * @returns whether newer ones are applied already
 * @throws lock.lost
 */
export async function finish(
  session: DatabaseSession,
  { migration, permit }: Permitted,
  { steps, after, ms }: End,
  { token }: Pick<Lease, "token">,
): Promise<boolean> {
  return await written(session, FINISH, migration.forward.file, [
    token,
    migration.version,
    steps,
    ms,
    after,
    // What was refused may have been mended since it was begun.
    ...scriptsOf(migration),
    permit?.backup ?? null,
    permit?.confirmed ?? null,
  ]);
}

/** @param file whose row is written */
async function written(
  session: DatabaseSession,
  sql: string,
  file: string,
  [token, ...values]: readonly [string, ...unknown[]],
): Promise<boolean> {
  const [row] = await session.query<{ late: boolean }>(sql, [token, ...values]);
  if (row !== undefined) return row.late;
  await requireLease(session, { token });
  throw new HoldfastError("database.query", `the history has no row of ${file} any more, which had begun`, {
    hint:
      "Something deletes from holdfast.migrations, perhaps the file itself: see that it does not, look " +
      "what the file has done already, and run again.",
  });
}
