import { HoldfastError, isHoldfastError } from "../../../../kernel/errors.ts";
import { qualifiedName, quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { ContentScope } from "../../../../nouns/content/record.ts";
import { heldAgainst } from "../../../../nouns/platform/doubtful.ts";
import { leadingNames, namesKey } from "../../../../nouns/platform/identity.ts";
import { profileOf } from "../../../../nouns/platform/profiles.ts";
import { readPlatform } from "../../../../nouns/platform/read-record.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import { whoseIs } from "../../../../nouns/platform/whose.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { COMES_WITH, objectsIn, type Droppable } from "../../clear/objects-in.ts";
import { listOutside } from "../../clear/outside-scope.ts";
import { placesOf } from "./hanging.ts";
import { isUsersSchema } from "../../../../postgres/schemas.ts";
import { nameKey } from "../archive/name-key.ts";

/** An object of the user's at the target. */
export interface UsersObject {
  /** As a content record names it. */
  readonly kind: string;
  readonly identity: string;
  /** As people read it: `table public.posts`. */
  readonly title: string;
  readonly drop: string;
}

/** What of a project is the user's. */
export interface UsersGround {
  /** Schemas of his; `public` is in every project and stays. */
  readonly schemas: readonly string[];
  /** What stands in the platform's schemas, or on its tables. */
  readonly onPlatform: readonly UsersObject[];
  /** What stands in his own schemas, and what no schema holds, in the order in which it goes. */
  readonly own: readonly Droppable[];
}

/** What no schema holds and its owner may drop, with its kind in a record. */
const ALONE = [
  { catalog: "pg_event_trigger", kind: "event-trigger", owner: "evtowner", word: "" },
  { catalog: "pg_publication", kind: "publication", owner: "pubowner", word: "" },
  { catalog: "pg_foreign_server", kind: "foreign-server", owner: "srvowner", word: "server " },
  // Behind the servers, which need them.
  { catalog: "pg_foreign_data_wrapper", kind: "foreign-server", owner: "fdwowner", word: "wrapper " },
] as const;

/**
 * Everything at the target that is the user's and in the backup's scope; parts of extensions are
 * their extensions'.
 */
export async function readUsersGround(
  session: DatabaseSession,
  record: PlatformRecord,
  { excludeSchemas }: ContentScope,
): Promise<UsersGround> {
  const rows = await session.query<{ name: string }>(
    `
      SELECT nspname::text AS name
        FROM pg_namespace
       WHERE ${isUsersSchema("nspname")} AND nspname <> ALL ($1)
       ORDER BY 1
    `,
    [[...record.schemas, ...excludeSchemas]],
  );
  const schemas = rows.map(({ name }) => name);
  const own: Droppable[] = [];
  for (const each of ALONE) own.push(...(await readAlone(session, record, each)));
  own.push(...(await objectsIn(session, schemas)));
  return { schemas, own, onPlatform: record.users.flatMap(([kind, identity]) => onPlatform(kind, identity)) };
}

async function readAlone(
  session: DatabaseSession,
  record: PlatformRecord,
  { catalog, kind, owner, word }: (typeof ALONE)[number],
): Promise<Droppable[]> {
  const rows = await session.query<{ type: string; identity: string }>(`
    SELECT i.type, i.identity
      FROM pg_catalog.${catalog} o, pg_identify_object('pg_catalog.${catalog}'::regclass, o.oid, 0) i
     WHERE o.oid >= 16384 AND NOT ${COMES_WITH(catalog)} AND pg_has_role(o.${owner}, 'USAGE')
     ORDER BY o.oid DESC
  `);
  return rows
    .filter(({ identity }) => whoseIs(record, kind, `${word}${identity}`) === "user")
    .map(({ type, identity }) => ({
      key: nameKey(type.replaceAll(" ", "-"), identity),
      title: `${type} ${identity}`,
      drop: `DROP ${type.replaceAll("-", " ").toUpperCase()} IF EXISTS ${identity} CASCADE`,
    }));
}

/** Kinds that can be dropped whole, and what SQL calls them. */
const WHOLE: Readonly<Record<string, string>> = {
  table: "TABLE",
  view: "VIEW",
  "materialized-view": "MATERIALIZED VIEW",
  function: "ROUTINE",
  type: "TYPE",
  index: "INDEX",
  collation: "COLLATION",
  statistics: "STATISTICS",
  sequence: "SEQUENCE",
};
/**
 * Of what stands on a relation, what can be dropped without it; row security and columns of the
 * platform's tables stay.
 */
const DROP_FROM: Readonly<Record<string, (name: string, relation: string) => string>> = {
  trigger: (name, relation) => `DROP TRIGGER IF EXISTS ${name} ON ${relation}`,
  policy: (name, relation) => `DROP POLICY IF EXISTS ${name} ON ${relation}`,
  rule: (name, relation) => `DROP RULE IF EXISTS ${name} ON ${relation}`,
  constraint: (name, relation) => `ALTER TABLE ${relation} DROP CONSTRAINT IF EXISTS ${name}`,
};

/** Rights stay and are given again; a column of the platform's table is never dropped, whoever made it. */
function onPlatform(kind: string, identity: string): UsersObject[] {
  const one = { kind, identity, title: `${kind} ${identity}` };
  const [schema, relation, name] = leadingNames(identity);
  const on = DROP_FROM[kind];
  if (on !== undefined && schema !== undefined && relation !== undefined && name !== undefined) {
    return [{ ...one, drop: on(quoteIdentifier(name), qualifiedName(schema, relation)) }];
  }
  const word = WHOLE[kind];
  // What of the platform's hangs on it must not go along unseen; once the user's own things are gone,
  // nothing else does.
  return word === undefined ? [] : [{ ...one, drop: `DROP ${word} IF EXISTS ${identity}` }];
}

/**
 * Drops what is the user's, inside a transaction. Nothing of the platform's goes: what hangs on the user's
 * things and is the platform's is found out by what is there before and after.
 *
 * @param source whose is what in the backup
 * @param stays keys of what is not dropped, because the role could not make it again
 * @returns what the role may not drop, and so stays as it is
 * @throws refused.outside-scope, database.permission
 */
export async function dropUsersGround(
  session: DatabaseSession,
  record: PlatformRecord,
  source: PlatformRecord,
  scope: ContentScope,
  stays: ReadonlySet<string>,
): Promise<readonly UsersObject[]> {
  const { schemas, own, onPlatform } = await readUsersGround(session, record, scope);
  const isKept = ({ kind, identity }: UsersObject): boolean => stays.has(nameKey(kind, identity));
  const expected = await placesOf(
    session,
    onPlatform.map(({ kind, identity }) => [kind, identity] as const),
  );
  // They act on every other drop, and nothing hangs on them.
  const watching = own.filter(({ key = "" }) => key.startsWith("event-trigger "));
  for (const { title, drop } of watching) await naming(title, session.query(drop));
  const left = await dropInPasses(
    session,
    onPlatform.filter((one) => !isKept(one)),
  );
  const before = await listOutside(session, schemas);
  for (const { title, drop } of own.filter((one) => !watching.includes(one) && !stays.has(one.key ?? ""))) {
    await naming(title, session.query(drop));
  }
  for (const schema of schemas.filter((name) => name !== "public")) await dropSchema(session, schema);
  const after = await listOutside(session, schemas);
  const columns = new Set(
    record.users
      .filter(([kind]) => kind === "column")
      .map(([, identity]) => namesKey(leadingNames(identity))),
  );
  // A column is a part of its table.
  const isExpected = (key: string, name: string): boolean =>
    expected.has(key.replace(/ \d+$/, "")) || isDefaultOf(name, columns);
  const gone = [...before]
    .filter(([key, name]) => !after.has(key) && !isExpected(key, name))
    .map(([, name]) => name);
  if (gone.length === 0) {
    const there = await stillThere(
      session,
      [...onPlatform.filter(isKept), ...(await dropInPasses(session, left))],
      source,
      scope,
    );
    return [...there, ...(await calledByOthers(session, schemas))];
  }
  throw new HoldfastError(
    "refused.outside-scope",
    `replacing what is the user's would destroy what is not: ${gone.slice(0, 5).join(", ")}`,
    {
      hint:
        "Take these apart from what they hang on, then run again. " +
        `They stand on ${profileOf(record.name).title}'s ground.`,
    },
  );
}

/** A default that calls a function of the user's goes with it; the column stays. */
function isDefaultOf(described: string, columns: ReadonlySet<string>): boolean {
  const [, column, table] = /^default value for column (.+) of table (.+)$/s.exec(described) ?? [];
  return (
    column !== undefined && table !== undefined && columns.has(namesKey([...leadingNames(table), column]))
  );
}

/**
 * A trigger or policy on a table of the platform's may be dropped by the table's owner alone. Where the role
 * is not he, it goes with the function or table of the user's that it needs.
 */
async function dropWhereAllowed(session: DatabaseSession, { title, drop }: Droppable): Promise<boolean> {
  const error = await refusal(session, () => session.query(drop));
  if (error !== undefined && error.code !== "database.permission" && error.code !== "database.query") {
    throw named(title, error);
  }
  return error === undefined;
}

/**
 * One thing may hang on another in any depth, and the record's order is not that in which they go: tried
 * until nothing goes any more.
 *
 * @returns what is left
 */
async function dropInPasses(
  session: DatabaseSession,
  objects: readonly UsersObject[],
): Promise<readonly UsersObject[]> {
  let waiting = objects;
  for (;;) {
    const left: UsersObject[] = [];
    for (const one of waiting) if (!(await dropWhereAllowed(session, one))) left.push(one);
    if (left.length === 0 || left.length === waiting.length) return left;
    waiting = left;
  }
}

/**
 * What went along with something of the user's is not there any more, although it may not be
 * dropped for good.
 */
async function stillThere(
  session: DatabaseSession,
  left: readonly UsersObject[],
  source: PlatformRecord,
  scope: ContentScope,
): Promise<readonly UsersObject[]> {
  if (left.length === 0) return [];
  const now = await readPlatform(session, scope);
  const there = new Set(
    (now === undefined ? [] : heldAgainst(now, source).users).map((one) => namesKey(one)),
  );
  return left.filter(({ kind, identity }) => there.has(namesKey([kind, identity])));
}

/** Functions that others' event triggers call, and these event triggers. */
async function calledByOthers(
  session: DatabaseSession,
  schemas: readonly string[],
): Promise<readonly UsersObject[]> {
  const rows = await session.query<{ identity: string; by: string }>(
    `
      SELECT i.identity, quote_ident(e.evtname) AS by
        FROM pg_event_trigger e
        JOIN pg_proc o ON o.oid = e.evtfoid
        JOIN pg_namespace n ON n.oid = o.pronamespace, pg_identify_object('pg_proc'::regclass, o.oid, 0) i
       WHERE n.nspname = ANY ($1) AND NOT pg_has_role(e.evtowner, 'USAGE')
    `,
    [schemas],
  );
  return rows.flatMap(({ identity, by }) => [
    { kind: "function", identity, title: `function ${identity}`, drop: `DROP ROUTINE IF EXISTS ${identity}` },
    {
      kind: "event-trigger",
      identity: by,
      title: `event trigger ${by}`,
      drop: `DROP EVENT TRIGGER IF EXISTS ${by}`,
    },
  ]);
}

/** What is in it and not the user's, an extension, keeps it; and so does an owner whom the role cannot be. */
async function dropSchema(session: DatabaseSession, schema: string): Promise<void> {
  await refusal(
    session,
    () => session.query(`DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)}`),
    "database.query",
    "database.permission",
  );
}

async function naming(title: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw isHoldfastError(error) ? named(title, error) : error;
  }
}

function named(title: string, error: HoldfastError): HoldfastError {
  return new HoldfastError(error.code, `dropping ${title}: ${error.message}`, {
    hint: error.hint,
    cause: error,
  });
}
