import { isHoldfastError, withHint } from "../../../kernel/errors.ts";
import { displayPart } from "../../../postgres/display-name.ts";
import { createRoles } from "../../copy/databases/roles.ts";
import type { RoleRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { Log } from "../../../ports/log.ts";
import { Untouched } from "../care/untouched.ts";

/**
 * Makes the roles that the target's server lacks, all of them or none, and then does what they are for. They
 * stay whatever becomes of that: they are the server's, and somebody may use them by then. So they are told
 * before, and in every failure after.
 *
 * @param session in no transaction
 * @throws Untouched where they could not be made; what `work` throws, with their names
 */
export async function withRoles<T>(
  session: DatabaseSession,
  roles: readonly RoleRecord[],
  log: Log,
  work: () => Promise<T>,
): Promise<T> {
  if (roles.length === 0) return await work();
  const names = roles.map(({ name }) => displayPart(name)).join(", ");
  log.info(`creating the roles ${names}`);
  await makeAll(session, roles, names);
  try {
    return await work();
  } catch (error) {
    throw withHint(error, `What stays on the target's server are the roles that were made for it: ${names}.`);
  }
}

async function makeAll(session: DatabaseSession, roles: readonly RoleRecord[], names: string): Promise<void> {
  try {
    await session.query("BEGIN READ WRITE");
    await createRoles(session, roles);
  } catch (error) {
    // A session that is gone has rolled back by itself.
    await session.query("ROLLBACK").catch(() => undefined);
    throw new Untouched(error, `creating the roles ${names}`);
  }
  try {
    await session.query("COMMIT");
  } catch (error) {
    if (!isHoldfastError(error, "database.lost")) throw new Untouched(error, `creating the roles ${names}`);
    throw withHint(error, `The target is as it was; roles that may have been made on its server: ${names}.`);
  }
}
