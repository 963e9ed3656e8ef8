import { HoldfastError } from "../../kernel/errors.ts";
import { knownTransactionPooler } from "../../postgres/database-url.ts";
import type { Database } from "../../ports/database.ts";
import { detectPooler } from "./pooler.ts";

/**
 * Refuses an address that hands out server sessions for one transaction only: snapshots, locks, settings
 * and pg_dump need a session that stays. Known addresses are refused before anything is asked, others by
 * what they do.
 *
 * @throws database.pooler naming the right address
 */
export async function refuseTransactionPooler(database: Database): Promise<void> {
  const { address } = database;
  const known = knownTransactionPooler(address);
  if (known) {
    throw new HoldfastError(
      "database.pooler",
      `${address.host}:${address.port} cannot keep a session: ${known.why}`,
      { hint: `Use ${known.useInstead} instead.` },
    );
  }
  if ((await detectPooler(database)) !== "transaction") return;
  throw new HoldfastError(
    "database.pooler",
    `${address.host}:${address.port} answers as a pooler in transaction mode, which cannot keep a session`,
    {
      hint: "Use the server's own address (usually port 5432) or a pooler port in session mode.",
    },
  );
}
