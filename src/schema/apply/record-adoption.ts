import { HoldfastError } from "../../kernel/errors.ts";
import { scriptsOf } from "../history/standing.ts";
import { makeHistory, positionOf } from "../history/table.ts";
import { requireLease, takeLease } from "../lease/lease.ts";
import { stillTold, type Adoption } from "./adoption.ts";
import type { MigratePorts, MigrateRequest } from "./request.ts";

/**
 * Writes down what is applied already, all of it in one transaction; no script is carried out.
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
  await makeHistory(session);
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
    for (const { migration, before, after } of adoption.migrations) {
      await session.query(
        `
          INSERT INTO holdfast.migrations (
            version, name, position, sha256, forward, rollback, rollback_sha256, state, steps,
            fingerprint_before, fingerprint_after, applied_by, run_url, holdfast_version, adopted_from)
            VALUES ($1, $2, $3::pg_catalog.numeric, $4, $5, $6, $7, 'applied', 0, $8, $9, $10, $11, $12, $13)
        `,
        [
          migration.version,
          migration.forward.file,
          positionOf(migration.key),
          ...scriptsOf(migration),
          before,
          after,
          ports.run.actor,
          ports.run.url,
          ports.version,
          adoption.from,
        ],
      );
    }
    await session.query("COMMIT");
  } catch (error) {
    if (session.transaction !== "none" && !session.lost.aborted) await session.query("ROLLBACK");
    throw error;
  }
}
