import { HoldfastError } from "../../kernel/errors.ts";
import type { Database } from "../../ports/database.ts";
import { askAgain } from "../../ports/ask-again.ts";

/**
 * Refuses a server that would refuse the first change in words of its own: a standby, and a database that was
 * made read-only, by its administrator or by a managed service whose disk is nearly full.
 * https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-DEFAULT-TRANSACTION-READ-ONLY
 *
 * @throws database.unsupported
 */
export async function requireWritable(database: Database): Promise<void> {
  // As the database itself sets a session up, without settings of ours.
  await using session = await database.connect({ purpose: "may it be changed", bare: true });
  const [row] = await askAgain<{ standby: boolean; read_only: boolean }>(
    session,
    `
      SELECT pg_catalog.pg_is_in_recovery() AS standby,
             pg_catalog.current_setting('default_transaction_read_only')::pg_catalog.bool AS read_only
    `,
  );
  if (row!.standby) {
    throw new HoldfastError("database.unsupported", "the server is a standby, which takes no changes", {
      hint: "Give the primary's address.",
    });
  }
  if (!row!.read_only) return;
  throw new HoldfastError(
    "database.unsupported",
    "the database takes no changes: default_transaction_read_only is on",
    {
      hint:
        "A managed server switches it on where its disk is nearly full, and a replica has it: see which, " +
        "and give the primary's address or make room.",
    },
  );
}
