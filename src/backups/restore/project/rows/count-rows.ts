import type { DatabaseSession } from "../../../../ports/database.ts";

/**
 * The one number that a query gives.
 *
 * @param sql names it `n`
 */
export async function count(
  session: DatabaseSession,
  sql: string,
  values?: readonly unknown[],
): Promise<number> {
  const [row] = await session.query<{ n: string }>(sql, values);
  return Number(row!.n);
}

/** As a sentence has it. */
export function rows(n: number): string {
  return n === 1 ? "1 row" : `${n} rows`;
}
