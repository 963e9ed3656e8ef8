import type { Database } from "../../../ports/database.ts";
import type { Chosen } from "../chosen/chosen.ts";

/**
 * Subscriptions come back switched off, because pg_dump writes them so, and with the name of the source's
 * replication slot: switched on, a copy would take the changes away from the source
 * (https://www.postgresql.org/docs/current/logical-replication-subscription.html).
 */
export async function subscriptionNotes(
  plan: Pick<Chosen, "request" | "set">,
  database: Database,
): Promise<string[]> {
  if (!plan.set.hasSchema || plan.request.tables.length > 0) return [];
  await using session = await database.connect({ purpose: "restore" });
  const rows = await session.query<{ name: string; slot: string }>(`
    SELECT s.subname::text AS name, s.subslotname::text AS slot
      FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
     WHERE d.datname = current_database() AND NOT s.subenabled AND s.subslotname IS NOT NULL ORDER BY 1
  `);
  return rows.map(
    ({ name, slot }) =>
      `subscription ${name} is restored disabled and names the replication slot ${slot} of the source: ` +
      "before it is enabled, decide which of the two shall have the slot, or give this one another " +
      "(ALTER SUBSCRIPTION … SET (slot_name = …))",
  );
}
