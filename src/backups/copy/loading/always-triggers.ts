import { isHoldfastError } from "../../../kernel/errors.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";

/**
 * Triggers that `session_replication_role = replica` does not keep from rows: `ENABLE ALWAYS` and
 * `ENABLE REPLICA`. Those behind keys are never so in a copy, because no dump says it of them.
 *
 * https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER
 */
const TRIGGERS = `
  SELECT format('ALTER TABLE ONLY %I.%I DISABLE TRIGGER %I', n.nspname, c.relname, g.tgname) AS off,
         format('ALTER TABLE ONLY %I.%I ENABLE %s TRIGGER %I', n.nspname, c.relname,
                CASE g.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, g.tgname) AS on
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE g.tgenabled IN ('A', 'R') ORDER BY g.oid
`;

/**
 * Does something with rows while none of these triggers can act on them, in a database that is being made and
 * that nobody else uses.
 *
 * They are switched on again whatever becomes of it: a restore into an empty database may end here, and what
 * it leaves must not sleep.
 *
 * @returns what it gave; undefined, and nothing was done, where the role may not switch one of them
 */
export async function withoutAlwaysTriggers<Result>(
  database: Database,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const triggers = await switchOff(database);
  if (triggers === undefined) return undefined;
  const switchOn = async (): Promise<void> => {
    await using session = await database.connect({ purpose: "restore" });
    for (const { on } of triggers) await session.query(on);
  };
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    // The first failure is the one worth telling.
    await switchOn().catch(() => undefined);
    throw error;
  }
  await switchOn();
  return result;
}

interface Switch {
  readonly off: string;
  readonly on: string;
}

/** All or, by one transaction, none. */
async function switchOff(database: Database): Promise<readonly Switch[] | undefined> {
  await using session: DatabaseSession = await database.connect({ purpose: "restore" });
  const triggers = await session.query<Switch & object>(TRIGGERS);
  await session.query("BEGIN");
  try {
    for (const { off } of triggers) await session.query(off);
    await session.query("COMMIT");
    return triggers;
  } catch (error) {
    await session.query("ROLLBACK");
    if (isHoldfastError(error, "database.permission")) return undefined;
    throw error;
  }
}
