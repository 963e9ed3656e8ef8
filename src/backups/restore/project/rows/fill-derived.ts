import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import { qualifiedName } from "../../../../postgres/quoting.ts";
import type { PlatformProfile } from "../../../../nouns/platform/profile.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/**
 * Fills tables of the platform's whose rows follow from others, where the target's version has such a table
 * and the backup's had none: the service looks there, and its own triggers do not act on rows that a restore
 * writes. What is there already stays.
 *
 * @param session with the platform's triggers quiet, after the rows that they follow from
 * @returns what could not be filled
 */
export async function fillDerived(
  session: DatabaseSession,
  { schemas }: PlatformProfile,
  { tables }: ContentRecord,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name: schema, rows } of schemas) {
    for (const { table, fill } of rows) {
      if (fill === undefined || tables.some((one) => one.schema === schema && one.name === table)) continue;
      const [there] = await session.query<{ is: boolean }>("SELECT to_regclass($1) IS NOT NULL AS is", [
        qualifiedName(schema, table),
      ]);
      const refused = there!.is ? await refusal(session, () => session.query(fill)) : undefined;
      if (refused === undefined) continue;
      findings.push({
        severity: "gap",
        about: "table",
        name: `${schema}.${table}`,
        message:
          "could not be filled with what follows from the backup's rows, as the target's version " +
          `of the platform has it: ${serverWords(refused)}`,
      });
    }
  }
  return findings;
}
