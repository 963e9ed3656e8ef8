import { HoldfastError } from "../../../kernel/errors.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { dropSubscription } from "../../copy/databases/drop-database.ts";
import { resetDefaultPrivileges } from "./default-privileges.ts";

/** A class of objects that belong to no schema, so that dropping schemas leaves them. */
interface Class {
  readonly catalog: string;
  /** Column of the name, and of the owner, where it has one of its own that only the owner may drop. */
  readonly staying?: { readonly word: string; readonly name: string; readonly owner: string };
  /** The statement that drops the row `o`, as an SQL expression. */
  readonly drop: string;
  /** Which rows the role may drop. */
  readonly mine: string;
}

/**
 * The first object id that is a person's and not initdb's (FirstNormalObjectId in
 * src/include/access/transam.h).
 */
const FIRST_USER_OID = 16384;

const named = (what: string, column: string): string =>
  `format('DROP ${what} IF EXISTS %I CASCADE', o.${column})`;

const owned = (column: string): string => `pg_catalog.pg_has_role(o.${column}, 'USAGE')`;
/** Casts and transforms belong to the owner of their type. */
const ownType = (types: string): string => `
  EXISTS (SELECT FROM pg_catalog.pg_type t
           WHERE t.oid IN (${types}) AND pg_catalog.pg_has_role(t.typowner, 'USAGE'))
`;

const comesWith = (catalog: string): string => `
  EXISTS (SELECT FROM pg_catalog.pg_depend d
           WHERE d.classid = 'pg_catalog.${catalog}'::regclass
             AND d.objid = o.oid
             AND d.deptype IN ('e', 'i'))
`;

/** First, because they act on every other drop. */
const EVENT_TRIGGERS: Class = {
  catalog: "pg_event_trigger",
  drop: named("EVENT TRIGGER", "evtname"),
  mine: owned("evtowner"),
};

/**
 * User mappings go with their servers, extensions' objects with their extensions, what comes with a type (the
 * cast to its multirange) with the type.
 */
const CLASSES: readonly Class[] = [
  {
    catalog: "pg_publication",
    drop: named("PUBLICATION", "pubname"),
    mine: owned("pubowner"),
    staying: { word: "publication", name: "pubname", owner: "pubowner" },
  },
  {
    catalog: "pg_foreign_server",
    drop: named("SERVER", "srvname"),
    mine: owned("srvowner"),
    staying: { word: "foreign server", name: "srvname", owner: "srvowner" },
  },
  {
    catalog: "pg_foreign_data_wrapper",
    drop: named("FOREIGN DATA WRAPPER", "fdwname"),
    mine: owned("fdwowner"),
    staying: { word: "foreign-data wrapper", name: "fdwname", owner: "fdwowner" },
  },
  {
    catalog: "pg_transform",
    drop: `
      format('DROP TRANSFORM IF EXISTS FOR %s LANGUAGE %I CASCADE', format_type(o.trftype, NULL),
             (SELECT lanname FROM pg_catalog.pg_language l WHERE l.oid = o.trflang))
    `,
    mine: ownType("o.trftype"),
  },
  {
    catalog: "pg_cast",
    drop:
      "format('DROP CAST IF EXISTS (%s AS %s) CASCADE', format_type(o.castsource, NULL), " +
      "format_type(o.casttarget, NULL))",
    mine: ownType("o.castsource, o.casttarget"),
  },
  { catalog: "pg_language", drop: named("LANGUAGE", "lanname"), mine: owned("lanowner") },
  {
    catalog: "pg_am",
    drop: named("ACCESS METHOD", "amname"),
    mine: "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)",
  },
];

/**
 * Drops what belongs to no schema, and sets default privileges back. What belongs to another role, on a
 * managed server the platform's, stays.
 *
 * @returns what the person has to know
 * @throws database.permission when large objects belong to somebody else
 */
export async function dropUnschemed(session: DatabaseSession): Promise<string[]> {
  await requireOwnLargeObjects(session);
  await dropAll(session, EVENT_TRIGGERS);
  const notes = await dropSubscriptions(session);
  for (const one of CLASSES) await dropAll(session, one);
  await resetDefaultPrivileges(session);
  return notes;
}

/**
 * What {@link dropUnschemed} leaves because it belongs to another role, and no platform's: a
 * comparison names it.
 *
 * @param platforms roles of the platform's
 */
export async function staysUnschemed(
  session: DatabaseSession,
  platforms: readonly string[],
): Promise<string[]> {
  const staying: string[] = [];
  for (const { catalog, mine, staying: told } of CLASSES) {
    if (told === undefined) continue;
    const rows = await session.query<{ name: string }>(
      `
        SELECT o.${told.name}::text AS name
          FROM pg_catalog.${catalog} o
         WHERE o.oid >= ${FIRST_USER_OID}
           AND NOT ${mine}
           AND pg_catalog.pg_get_userbyid(o.${told.owner}) <> ALL ($1)
           AND NOT ${comesWith(catalog)}
         ORDER BY 1
      `,
      [platforms],
    );
    staying.push(...rows.map(({ name }) => `${told.word} ${name}`));
  }
  return staying;
}

async function dropAll(session: DatabaseSession, { catalog, drop, mine }: Class): Promise<void> {
  const statements = await session.query<{ sql: string }>(`
    SELECT ${drop} AS sql FROM pg_catalog.${catalog} o WHERE o.oid >= ${FIRST_USER_OID} AND ${mine}
       AND NOT ${comesWith(catalog)}
     ORDER BY o.oid DESC
  `);
  for (const { sql } of statements) await session.query(sql);
}

async function dropSubscriptions(session: DatabaseSession): Promise<string[]> {
  const notes: string[] = [];
  const rows = await session.query<{ name: string; slot: string | null }>(`
    SELECT subname::text AS name, subslotname::text AS slot
      FROM pg_catalog.pg_subscription
     WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
       AND pg_catalog.pg_has_role(subowner, 'USAGE')
     ORDER BY 1
  `);
  for (const { name, slot } of rows) {
    await dropSubscription(session, name);
    if (slot !== null) {
      notes.push(
        `subscription ${name} was dropped; its replication slot ${slot} stays at the publisher, where it ` +
          "keeps the write-ahead log until it is used or dropped",
      );
    }
  }
  return notes;
}

/** Looked for first: they go last, when the tables have gone for good. */
async function requireOwnLargeObjects(session: DatabaseSession): Promise<void> {
  const [row] = await session.query<{ oid: string }>(`
    SELECT oid::text AS oid
      FROM pg_catalog.pg_largeobject_metadata
     WHERE NOT pg_catalog.pg_has_role(lomowner, 'USAGE')
     LIMIT 1
  `);
  if (row === undefined) return;
  throw new HoldfastError(
    "database.permission",
    `large object ${row.oid} belongs to another role, so that the target cannot be emptied`,
    {
      hint: "Use a superuser or the role that owns the large objects.",
    },
  );
}
