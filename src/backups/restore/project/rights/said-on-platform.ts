import { cutAfter } from "../../../../postgres/sql-quotes.ts";
import { qualifiedName } from "../../../../postgres/quoting.ts";
import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import { entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import { displayPart } from "../../../../postgres/display-name.ts";
import { leadingNames } from "../../../../nouns/platform/identity.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { isHeld, singleRights } from "../../../copy/rights/single-rights.ts";

/**
 * What is said of the platform's objects and is the user's: rights of his roles, and comments that the
 * platform has not written.
 */

/**
 * Gives the user's own roles the rights that they had on the platform's objects. The platform's lists are its
 * own and are left as they are; of an archive's list only what names such a role is carried out. Each right
 * is given by itself: of several that the restoring role may pass on in part the server gives that part and
 * only warns, so what the role can do afterwards is asked for.
 *
 * @param roles of the user's
 * @param sourceMajor of the server that was backed up
 */
export async function grantOnPlatform(
  session: DatabaseSession,
  texts: readonly DefinitionText[],
  roles: ReadonlySet<string>,
  sourceMajor: number,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { entry, sql } of texts) {
    for (const single of cutAfter(sql, ";")
      .flatMap((statement) => singleRights(statement, sourceMajor))
      .filter(({ role }) => roles.has(role))) {
      const refused = await refusal(session, () => session.query(single.sql));
      if ((await isHeld(session, single)) ?? refused === undefined) continue;
      const why = refused === undefined ? "the role that restores may not pass it on" : serverWords(refused);
      const right =
        `${single.right}${single.column === undefined ? "" : ` (${single.column})`}` +
        (single.grantable ? " WITH GRANT OPTION" : "");
      findings.push({
        severity: "gap",
        about: "grant",
        name: entryTitle(entry),
        message: `${right} could not be given to ${single.role}: ${why}`,
      });
    }
  }
  return findings;
}

/**
 * Writes comments on the platform's tables and columns where there is none: one that the platform wrote is
 * there already, in its own words. On its publications it writes none, so those are the user's.
 *
 * @param doubtful `comment` and its identity: of a later platform, as it seems, whose own target has it or
 *   never gets it
 * @returns what could not be written
 */
export async function commentOnPlatform(
  session: DatabaseSession,
  texts: readonly DefinitionText[],
  doubtful: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { entry, sql } of texts) {
    const { schema, tag } = namesOf(entry);
    if (tag.startsWith("PUBLICATION ")) {
      findings.push(...(await commentOnPublication(session, tag.slice("PUBLICATION ".length), sql)));
      continue;
    }
    const [, kind, name] = /^(TABLE|COLUMN) (.+)$/s.exec(tag) ?? [];
    if (schema === undefined || name === undefined) continue;
    const [table = "", column] = leadingNames(name);
    const of =
      `${kind!.toLowerCase()} ` +
      [schema, table, ...(column === undefined ? [] : [column])].map(displayPart).join(".");
    if (doubtful.has(`comment ${of}`)) continue;
    const [there] = await session.query<{ text: string | null }>(
      `
        SELECT CASE WHEN $2::text IS NULL THEN obj_description(
          c.oid, 'pg_class') ELSE col_description(c.oid, a.attnum) END AS text
          FROM pg_class c
          LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $2::text AND NOT a.attisdropped
         WHERE c.oid = to_regclass($1) AND ($2::text IS NULL OR a.attnum > 0)
      `,
      [qualifiedName(schema, table), column ?? null],
    );
    if (there === undefined || there.text !== null) continue;
    const refused = await refusal(session, () => session.query(sql));
    if (refused !== undefined) {
      findings.push({
        severity: "gap",
        about: "comment",
        name: of,
        message: `could not be written: ${serverWords(refused)}`,
      });
    }
  }
  return findings;
}

/** @param publication as SQL has it; one that is not there is told by itself */
async function commentOnPublication(
  session: DatabaseSession,
  publication: string,
  sql: string,
): Promise<readonly Finding[]> {
  const [there] = await session.query("SELECT FROM pg_publication WHERE quote_ident(pubname) = $1", [
    publication,
  ]);
  const refused = there === undefined ? undefined : await refusal(session, () => session.query(sql));
  if (refused === undefined) return [];
  return [
    {
      severity: "gap",
      about: "comment",
      name: `publication ${publication}`,
      message: `could not be written: ${serverWords(refused)}`,
    },
  ];
}
