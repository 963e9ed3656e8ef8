import { functionOf, webhookTriggers } from "../../chosen/webhooks.ts";
import { isHoldfastError } from "../../../../kernel/errors.ts";
import { qualifiedName } from "../../../../postgres/quoting.ts";
import { entryKey, entryPlace, entryTitle, namesOf } from "../../../copy/artifacts/toc-names.ts";
import type { ContentRecord, TableRecord } from "../../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import { membersNotAllowed, type Member } from "../users/members.ts";
import { furtherNotMade, withoutSchemaless } from "../ground/schemaless.ts";
import type { NotAllowed } from "../../rights/not-allowed.ts";

/**
 * The longest wait for a table while a right is tried: trying takes the strongest lock, and whoever comes
 * behind it waits as long. What is busy says nothing, and is tried when it counts.
 */
const PATIENCE = "100ms";

/** What of an archive is asked about. */
export interface Asked {
  /** The whole archive, in which an entry's needs are found. */
  readonly contents: readonly TocEntry[];
  /** What is to be made. */
  readonly entries: readonly TocEntry[];
  /** Of these, what stands on the platform's ground. */
  readonly onPlatform: readonly TocEntry[];
  /** Tables of the platform's in the backup. */
  readonly tables: readonly TableRecord[];
  readonly platformSchemas: readonly string[];
  /** Functions whose triggers come back switched off. */
  readonly webhookFunctions: readonly string[];
  /** What the source held, for what an archive does not say. */
  readonly content: ContentRecord;
  /** What the platform's publications hold there. */
  readonly members: readonly Member[];
}

/**
 * Asks for what an archive puts on the platform's ground whether the role may make it. Where no function of
 * the server tells (policies, which a platform may allow past ownership), it is tried and taken back.
 *
 * @param session in no transaction
 */
export async function askRights(session: DatabaseSession, asked: Asked): Promise<readonly NotAllowed[]> {
  const found: NotAllowed[] = [...(await lackingOfPlatform(session, asked))];
  const policies = new Map<string, boolean>();
  const made = new Set(
    asked.entries.filter(({ type }) => type === "SCHEMA").map((entry) => namesOf(entry).tag),
  );
  const webhooks = new Set(webhookTriggers(asked.contents, asked.webhookFunctions).map(({ id }) => id));
  await session.query("BEGIN");
  try {
    await session.query(`SET LOCAL lock_timeout = '${PATIENCE}'`);
    for (const entry of asked.onPlatform) {
      const table = tableOf(entry, asked.tables);
      const why =
        table === undefined
          ? await whyNotIn(session, entry, made)
          : ((await whyNot(session, entry.type, table, policies)) ??
            (webhooks.has(entry.id) ? await whyNotPaused(session, table) : undefined));
      if (why !== undefined) found.push({ ...toldOf(entry), why });
    }
    found.push(
      ...(await withoutSchemaless(session, asked.entries)),
      ...(await membersNotAllowed(session, asked.entries, asked.platformSchemas, asked.members)),
    );
    const known = new Set([...found, ...asked.members].map(({ key }) => key));
    found.push(...(await furtherNotMade(session, asked.entries, asked.content, known)));
    return found;
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}

function toldOf(entry: TocEntry): Omit<NotAllowed, "why"> {
  return { id: entry.id, title: entryTitle(entry), key: entryKey(entry), place: entryPlace(entry) };
}

/** Types that stand on a table, which they name first. */
const ON_TABLE: ReadonlySet<string> = new Set([
  "TRIGGER",
  "POLICY",
  "RULE",
  "CONSTRAINT",
  "FK CONSTRAINT",
  "CHECK CONSTRAINT",
  "INDEX",
  "COLUMN",
]);

function tableOf(entry: TocEntry, tables: readonly TableRecord[]): string | undefined {
  if (!ON_TABLE.has(entry.type)) return undefined;
  const { schema, tag } = namesOf(entry);
  const table =
    entry.type === "INDEX"
      ? tables.find((one) => one.schema === schema && (one.indexes ?? []).includes(tag))
      : tables.find((one) => one.schema === schema && tag.startsWith(`${one.name} `));
  return table === undefined ? undefined : qualifiedName(table.schema, table.name);
}

async function whyNot(
  session: DatabaseSession,
  type: string,
  table: string,
  policies: Map<string, boolean>,
): Promise<string | undefined> {
  const [row] = await session.query<{ owns: boolean; triggers: boolean; owner: string }>(
    `
      SELECT pg_has_role(c.relowner, 'USAGE') AS owns, has_table_privilege(c.oid, 'TRIGGER') AS triggers,
             pg_get_userbyid(c.relowner)::text AS owner
        FROM pg_class c
       WHERE c.oid = to_regclass($1)
    `,
    [table],
  );
  if (row === undefined) return `the target has no table ${table}`;
  if (type === "TRIGGER") {
    return row.triggers || row.owns ? undefined : `the right TRIGGER on ${table} is missing`;
  }
  if (row.owns) return undefined;
  if (type !== "POLICY") return `${table} belongs to ${row.owner}, and only its owner may`;
  const known = policies.get(table) ?? (await mayMakePolicy(session, table));
  policies.set(table, known);
  return known
    ? undefined
    : `${table} belongs to ${row.owner}, and the platform does not allow policies on it to this role`;
}

/** Types of what stands in a schema by itself, and so needs the right to make things there. */
const IN_SCHEMA: ReadonlySet<string> = new Set([
  "AGGREGATE",
  "COLLATION",
  "CONVERSION",
  "DOMAIN",
  "FOREIGN TABLE",
  "FUNCTION",
  "INDEX",
  "MATERIALIZED VIEW",
  "OPERATOR",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURE",
  "SEQUENCE",
  "STATISTICS",
  "TABLE",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TYPE",
  "VIEW",
]);

/**
 * A platform may have taken the right to make things in its schemas away since they were made.
 *
 * @param made schemas of the user's that the restore makes, though the platform has such names too
 */
async function whyNotIn(
  session: DatabaseSession,
  entry: TocEntry,
  made: ReadonlySet<string>,
): Promise<string | undefined> {
  const { schema } = namesOf(entry);
  if (!IN_SCHEMA.has(entry.type) || schema === undefined || made.has(schema)) return undefined;
  const [row] = await session.query<{ may: boolean }>(
    "SELECT has_schema_privilege(oid, 'CREATE') AS may FROM pg_namespace WHERE nspname = $1",
    [schema],
  );
  if (row === undefined) return `the target has no schema ${schema}`;
  return row.may ? undefined : `nothing may be made in schema ${schema} any more`;
}

/**
 * A webhook comes back switched off, and only the table's owner may do that: with the right TRIGGER alone it
 * would send at once.
 */
async function whyNotPaused(session: DatabaseSession, table: string): Promise<string | undefined> {
  const [row] = await session.query<{ owns: boolean }>(
    "SELECT pg_has_role(c.relowner, 'USAGE') AS owns FROM pg_class c WHERE c.oid = to_regclass($1)",
    [table],
  );
  return row!.owns
    ? undefined
    : `only the owner of ${table} may switch a trigger off, and this webhook would send at once`;
}

/** A table that is busy says nothing: then it is tried when it counts. */
async function mayMakePolicy(session: DatabaseSession, table: string): Promise<boolean> {
  await session.query("SAVEPOINT asking");
  try {
    await session.query(`CREATE POLICY holdfast_asks ON ${table} USING (false)`);
    return true;
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return error.code !== "database.permission";
  } finally {
    await session.query("ROLLBACK TO asking").catch(() => undefined);
  }
}

/** What of an archive can be asked for by its name, and how. */
const ASKED_FOR: Readonly<Record<string, string>> = {
  FUNCTION: `
    EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE n.nspname = $1 AND p.proname = $2)
  `,
  TYPE: `
    EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
             WHERE n.nspname = $1 AND t.typname = $2)
  `,
  TABLE: `
    EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relname = $2)
  `,
};

/**
 * What needs something of the platform's that the target has not: webhooks, where they were never enabled,
 * and what a newer platform brings.
 */
async function lackingOfPlatform(
  session: DatabaseSession,
  { contents, entries, platformSchemas }: Asked,
): Promise<NotAllowed[]> {
  const own = new Set(entries.map(({ id }) => id));
  const platforms = new Map(
    contents
      .filter((entry) => Object.hasOwn(ASKED_FOR, entry.type) && !own.has(entry.id))
      .map((entry) => [entry.id, entry]),
  );
  const lacking = new Map<string, string | undefined>();
  const found: NotAllowed[] = [];
  for (const entry of entries) {
    for (const needed of entry.needs.flatMap((id) => platforms.get(id) ?? [])) {
      const [schema, name] = functionOf(needed);
      if (!platformSchemas.includes(schema)) continue;
      if (!lacking.has(needed.id)) {
        const [row] = await session.query<{ there: boolean }>(`SELECT ${ASKED_FOR[needed.type]!} AS there`, [
          schema,
          name,
        ]);
        lacking.set(
          needed.id,
          row!.there ? undefined : `the project has no ${needed.type.toLowerCase()} ${schema}.${name}`,
        );
      }
      const why = lacking.get(needed.id);
      if (why === undefined) continue;
      found.push({
        ...toldOf(entry),
        why:
          entry.type === "TRIGGER" && needed.type === "FUNCTION"
            ? `${why}: enable what brings it (database webhooks) first`
            : why,
      });
      break;
    }
  }
  return found;
}
