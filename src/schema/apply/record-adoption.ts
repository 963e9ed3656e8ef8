import { HoldfastError } from "../../kernel/errors.ts";
import { supabaseBooks } from "../books/supabase-books.ts";
import type { HistoryEntry } from "../history/entry.ts";
import { cameBeforeOthers } from "../history/late.ts";
import { leaveOut } from "../history/other-schemas.ts";
import { markedOf, scriptSha256 } from "../history/standing.ts";
import { positionIn } from "../history/position.ts";
import { requireLease, takeLease } from "../lease/lease.ts";
import { prepareScript } from "../script/prepare.ts";
import { stillTold, type Adoption } from "./adoption.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";

/** What {@link recordAdoption} would write down, as the history would say it. */
export function entriesOf({ migrations, from }: Adoption, { run }: MigratePorts): readonly HistoryEntry[] {
  return migrations.map(({ migration, before, after }) => ({
    version: migration.version,
    file: migration.forward.file,
    sha256: scriptSha256(migration.forward.text),
    forward: migration.forward.text,
    rollback: migration.rollback?.text ?? null,
    rollbackSha256: migration.rollback === undefined ? null : scriptSha256(migration.rollback.text),
    withoutTransaction: markedOf(migration),
    state: "applied",
    attempting: null,
    steps: 0,
    fingerprintBefore: before,
    fingerprintAfter: after,
    appliedAt: null,
    durationMs: null,
    appliedBy: run.actor,
    runUrl: run.url,
    adoptedFrom: from,
  }));
}

/**
 * Writes down what is applied already, all of it in one transaction; no script is carried out. Supabase's own
 * table gets what it lacks, or its CLI would carry it out once more.
 *
 * @throws refused.unsafe where the schema has moved on since it was looked at
 */
export async function recordAdoption(
  adoption: Adoption,
  request: MigrateRequest,
  ports: MigratePorts,
): Promise<void> {
  const { database, waitMs } = request;
  await using session = await database.connect({ purpose: "migrate adopt" });
  await using lease = await takeLease({ ...ports, database, doing: "migrate --adopt", waitMs });
  await session.query("BEGIN");
  try {
    if (!(await stillTold(adoption, session))) {
      throw new HoldfastError(
        "refused.unsafe",
        "the schema or its history has been changed since it was looked at",
        {
          hint: "Run again.",
        },
      );
    }
    await requireLease(session, lease);
    await leaveOut(session, adoption.others);
    const supabase = await supabaseBooks(session);
    for (const [at, entry] of entriesOf(adoption, ports).entries()) {
      const { migration } = adoption.migrations[at]!;
      await session.query(
        `
          INSERT INTO holdfast.migrations (
            version, name, position, sha256, forward, rollback, rollback_sha256, without_transaction, state,
            steps, fingerprint_before, fingerprint_after, applied_by, run_url, adopted_from, holdfast_version)
            VALUES ($1, $2, $3::pg_catalog.numeric, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        `,
        [
          entry.version,
          entry.file,
          await positionIn(session, migration),
          entry.sha256,
          entry.forward,
          entry.rollback,
          entry.rollbackSha256,
          entry.withoutTransaction,
          entry.state,
          entry.steps,
          entry.fingerprintBefore,
          entry.fingerprintAfter,
          entry.appliedBy,
          entry.runUrl,
          entry.adoptedFrom,
          ports.version,
        ],
      );
      await cameBeforeOthers(session, entry.version, adoption.fingerprint);
      const { script } = await prepareScript(migration.forward);
      await supabase.applied(
        session,
        migration,
        script.statements.map(({ text }) => text),
      );
    }
    await session.query("COMMIT");
  } catch (error) {
    if (session.transaction !== "none" && !session.lost.aborted) await session.query("ROLLBACK");
    throw error;
  }
}
