import type { TableRecord } from "../../../nouns/content/record.ts";
import { readLiveTables } from "./live-tables.ts";
import type { RowsPlan } from "./rows-plan.ts";

/**
 * Named tables that the target lacks, and that a restore therefore makes with all that is theirs; the others
 * get rows only.
 */
export async function tablesToMake({
  request,
  tables,
}: Pick<RowsPlan, "request" | "tables">): Promise<readonly TableRecord[]> {
  if (request.tables.length === 0 || request.part === "data") return [];
  await using session = await request.target.connect({ purpose: "restore" });
  const present = await readLiveTables(session, tables);
  return tables.filter(
    (table) => !present.some((one) => one.schema === table.schema && one.name === table.name),
  );
}

/** What a restore of a part did not compare, and why. */
export function notComparedNotes({ request }: Pick<RowsPlan, "request">): string[] {
  return request.part === "data" ? ["definitions were not compared: only rows were restored"] : [];
}
