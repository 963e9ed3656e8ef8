import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { Fitting } from "./staged.ts";

/** Types that a cast cuts values off for, where a table refuses them. */
const CUTTING = /^(?:character|bit)\b/;

/**
 * Of rows that were kept as text because the target's types do not take them: what does not fit, in
 * sentences. The values themselves are people's, and not told.
 */
export async function untaken(
  session: DatabaseSession,
  { title, columns, shape, temporary }: Fitting,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, type } of shape.columns.filter(
    (column) => !column.generated && columns.includes(column.name),
  )) {
    const value = quoteIdentifier(name);
    let cut = 0;
    const refused = await refusal(
      session,
      async () => {
        const [row] = await session.query<{ values: string; whole: string }>(`
          SELECT count(${value}::${type}) AS values,
                 count(${value}) FILTER (WHERE ${value}::${type}::text = ${value}) AS whole
            FROM ${temporary}
        `);
        if (CUTTING.test(type)) cut = Number(row!.values) - Number(row!.whole);
      },
      "database.query",
    );
    if (refused !== undefined || cut > 0) {
      found.push(
        `column ${title}.${name} is ${type} at the target, which does not take every value ` +
          "of it in the backup",
      );
    }
  }
  return found.length > 0 ? found : [`the target's table ${title} does not take the backup's rows of it`];
}
