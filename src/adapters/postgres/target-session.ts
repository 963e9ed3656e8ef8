import type { DatabaseAddress, DatabaseSession } from "../../ports/database.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { describeAddress } from "../../postgres/database-url.ts";

/**
 * Holds the server to `target_session_attrs`. Our sessions begin writable whatever the database's own default
 * is, so that `read-write` and `primary` come to the same.
 *
 * @throws database.unsupported where it is the other kind of server
 */
export async function demandTarget(session: DatabaseSession, address: DatabaseAddress): Promise<void> {
  const wanted = address.demands?.targetSession;
  if (wanted === undefined) return;
  const [row] = await session.query<{ standby: boolean }>("select pg_catalog.pg_is_in_recovery() as standby");
  if (row?.standby === (wanted === "standby")) return;
  const found = row?.standby === true ? "a standby" : "a primary";
  throw new HoldfastError(
    "database.unsupported",
    `${describeAddress(address)}: the server is ${found}, and the database URL demands ` +
      `target_session_attrs=${wanted}`,
    {
      hint:
        "Give the address of the other server, or take target_session_attrs out of the database URL if " +
        "this is the one that you mean.",
    },
  );
}
