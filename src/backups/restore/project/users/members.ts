import { refusal } from "../../../../nouns/server/refusal.ts";
import { qualifiedName, quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import { entryKey, entryPlace, entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import { displayPart } from "../../../../postgres/display-name.ts";
import { profileOf } from "../../../../nouns/platform/profiles.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { NotAllowed } from "../../rights/not-allowed.ts";

/**
 * A table or schema that a publication of the platform's holds, and that outlives what is dropped
 * of the user's.
 */
export interface Member {
  /** As {@link entryKey} has its entry in an archive. */
  readonly key: string;
  /** As people read it. */
  readonly title: string;
  readonly drop: string;
  /** Whether this role may take it out and put it in again. */
  readonly again: boolean;
}

/** Publications that the platform makes and its users fill: what they hold is the user's. */
export function filledByUsers({ name, own }: PlatformRecord): readonly string[] {
  const { filledByItself, publications } = profileOf(name);
  // One that this version does not know is the platform's own affair.
  const known = publications.filter((each) => !filledByItself.includes(each)).map(displayPart);
  return own
    .filter(([kind, identity]) => kind === "publication" && known.includes(identity))
    .map(([, identity]) => identity);
}

/** What they hold at the target of the platform's tables, and as whole schemas. */
export async function readMembers(
  session: DatabaseSession,
  target: PlatformRecord,
): Promise<readonly Member[]> {
  const publications = filledByUsers(target);
  const [server] = await session.query<{ schemas: boolean }>(
    "SELECT to_regclass('pg_catalog.pg_publication_namespace') IS NOT NULL AS schemas",
  );
  const tables = await session.query<{ pub: string; schema: string; name: string; owns: boolean }>(
    `
      SELECT p.pubname::text AS pub, n.nspname::text AS schema, c.relname::text AS name,
             pg_has_role(p.pubowner, 'USAGE')
               AND pg_has_role(c.relowner, 'USAGE') AS owns
        FROM pg_publication_rel r
        JOIN pg_publication p ON p.oid = r.prpubid
        JOIN pg_class c ON c.oid = r.prrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE quote_ident(p.pubname) = ANY ($1) AND n.nspname::text = ANY ($2)
       ORDER BY 1, 2, 3
    `,
    [[...publications], [...target.schemas]],
  );
  const schemas = server!.schemas
    ? await session.query<{ pub: string; schema: string; owns: boolean }>(
        `
          SELECT p.pubname::text AS pub, n.nspname::text AS schema, pg_has_role(p.pubowner, 'USAGE')
                   AND current_setting('is_superuser') = 'on' AS owns
            FROM pg_publication_namespace r
            JOIN pg_publication p ON p.oid = r.pnpubid
            JOIN pg_namespace n ON n.oid = r.pnnspid
           WHERE quote_ident(p.pubname) = ANY ($1)
           ORDER BY 1, 2
        `,
        [[...publications]],
      )
    : [];
  return [
    ...tables.map(({ pub, schema, name, owns }): Member => ({
      key: `publication-table ${schema} ${pub} ${name}`,
      title: `table ${displayPart(schema)}.${displayPart(name)} of publication ${displayPart(pub)}`,
      drop: `ALTER PUBLICATION ${quoteIdentifier(pub)} DROP TABLE ONLY ${qualifiedName(schema, name)}`,
      again: owns,
    })),
    ...schemas.map(({ pub, schema, owns }): Member => ({
      key: `publication-tables-in-schema ${schema} ${pub} ${schema}`,
      title: `schema ${displayPart(schema)} of publication ${displayPart(pub)}`,
      drop: `ALTER PUBLICATION ${quoteIdentifier(pub)} DROP TABLES IN SCHEMA ${quoteIdentifier(schema)}`,
      again: owns,
    })),
  ];
}

/** Those that the backup has not. */
export function furtherMembers(members: readonly Member[], entries: readonly TocEntry[]): readonly Member[] {
  const known = new Set(entries.map(entryKey));
  return members.filter(({ key }) => !known.has(key));
}

/** Takes out what the backup has not; what the role may not take out shows in the comparison. */
export async function dropMembers(session: DatabaseSession, members: readonly Member[]): Promise<void> {
  for (const { drop } of members) {
    await refusal(session, () => session.query(drop), "database.permission", "database.query");
  }
}

/**
 * Texts that put members in: one that is there goes first, because its columns and its filter may
 * have been others.
 */
export function insteadOf(texts: readonly DefinitionText[], members: readonly Member[]): DefinitionText[] {
  const there = new Map(members.map((member) => [member.key, member]));
  return texts.map((text) => {
    const member = there.get(entryKey(text.entry));
    return member === undefined ? text : { ...text, sql: `${member.drop};\n${text.sql}` };
  });
}

/**
 * Asks whether what is to be put in may be: only a table's owner may publish it, and only a superuser a whole
 * schema, unless the platform allows it. Tried and taken back; what is not there yet comes with the restore.
 *
 * @param session in a transaction
 */
export async function membersNotAllowed(
  session: DatabaseSession,
  entries: readonly TocEntry[],
  platformSchemas: readonly string[],
  members: readonly Member[],
): Promise<readonly NotAllowed[]> {
  const there = new Set(members.map(({ key }) => key));
  const found: NotAllowed[] = [];
  for (const entry of entries.filter(
    ({ type }) => type === "PUBLICATION TABLE" || type === "PUBLICATION TABLES IN SCHEMA",
  )) {
    const key = entryKey(entry);
    const isSchema = entry.type === "PUBLICATION TABLES IN SCHEMA";
    const schema = [...platformSchemas, ...(isSchema ? ["public"] : [])].find(
      (name) => name === namesOf(entry).schema,
    );
    if (schema === undefined || there.has(key)) continue;
    const why = await whyNotIn(session, namesOf(entry).tag, schema, isSchema);
    if (why !== undefined) {
      found.push({ id: entry.id, title: entryTitle(entry), key, place: entryPlace(entry), why });
    }
  }
  return found;
}

/** @param words `publication table` */
async function whyNotIn(
  session: DatabaseSession,
  words: string,
  schema: string,
  isSchema: boolean,
): Promise<string | undefined> {
  const publications = await session.query<{ name: string }>(
    "SELECT pubname::text AS name FROM pg_publication",
  );
  const pub = publications.find(({ name }) => words.startsWith(`${name} `))?.name;
  // One that is not there is made first.
  if (pub === undefined) return undefined;
  const table = words.slice(pub.length + 1);
  const relation = qualifiedName(schema, table);
  const [row] = await session.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
    relation,
  ]);
  if (!isSchema && !row!.there) return `the target has no table ${relation}`;
  const what = isSchema ? `TABLES IN SCHEMA ${quoteIdentifier(schema)}` : `TABLE ONLY ${relation}`;
  await session.query("SAVEPOINT publishing");
  const refused = await refusal(
    session,
    () => session.query(`ALTER PUBLICATION ${quoteIdentifier(pub)} ADD ${what}`),
    "database.permission",
    "database.query",
    "database.lock-timeout",
  );
  await session.query("ROLLBACK TO SAVEPOINT publishing; RELEASE SAVEPOINT publishing");
  return refused?.code === "database.permission" ? serverWords(refused) : undefined;
}
