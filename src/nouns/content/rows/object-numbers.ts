import { qualifiedName, quoteIdentifier } from "../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { columnHash2, columnsOf2 } from "./row-hash-2.ts";
import type { HashedTable } from "./table-shapes.ts";

/**
 * A value of `regclass` and the like is a number, written as the name of what has that number. A number that
 * names nothing is written as it is, and in a copy something may have it: then the copy writes a name where
 * the source wrote digits, although COPY brought the right value.
 */

/**
 * `regproc`, `regprocedure`, `regoper`, `regoperator`, `regclass`, `regtype`, `regconfig`, `regdictionary`,
 * `regnamespace`, `regrole`, `regcollation`.
 */
const OF_OBJECTS: ReadonlySet<number> = new Set([
  24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191,
]);

/** Of more different names in one column it is not tried which of them were numbers. */
const NAMES_MAX = 16;

/**
 * Column → for each name in it by how much the column's sum would be another one, were it written
 * as a number.
 */
export type Numbers = ReadonlyMap<string, readonly bigint[]>;

/** Reads a copy's columns that hold such values; of the others it reads nothing. */
export async function readNumbers(session: DatabaseSession, shape: HashedTable): Promise<Numbers> {
  const numbers = new Map<string, readonly bigint[]>();
  for (const [index, column] of columnsOf2(shape.columns).entries()) {
    if (!OF_OBJECTS.has(column.type)) continue;
    const value = quoteIdentifier(column.name);
    const asNumber = `hashtextextended((${value}::oid)::text COLLATE "C", ${index + 1})`;
    const rows = await session.query<{ change: string }>(`
      SELECT (count(*)::numeric * (${asNumber}::numeric - ${columnHash2(column, index + 1)}::numeric))::text
        AS change
        FROM (SELECT ${value}
                FROM ONLY ${qualifiedName(shape.schema, shape.name)} ${shape.condition}) AS held
       WHERE ${value}::text <> (${value}::oid)::text
       GROUP BY ${value}
       ORDER BY 1
       LIMIT ${NAMES_MAX + 1}
    `);
    if (rows.length > 0 && rows.length <= NAMES_MAX) {
      numbers.set(
        column.name,
        rows.map(({ change }) => BigInt(change)),
      );
    }
  }
  return numbers;
}

/** Whether two sums of a column differ by nothing but names that the other side wrote as numbers. */
export function areNumbers(difference: bigint, changes: readonly bigint[] | undefined): boolean {
  let sums = [0n];
  for (const change of changes ?? []) sums = [...sums, ...sums.map((sum) => sum + change)];
  return difference !== 0n && sums.includes(difference);
}
