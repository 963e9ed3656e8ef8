import { OBJECT_CLASSES } from "../content/read/objects/all.ts";
import { RELATION } from "../content/read/objects/names.ts";
import { always, type ObjectClass, type ObjectField } from "../content/read/objects/object-class.ts";
import { objectQuery, type ObjectRow } from "../content/read/objects/object-query.ts";
import { referredSchema } from "../content/read/objects/referred-schema.ts";
import { serverFacts } from "../content/read/objects/server-facts.ts";
import { decodeText } from "../content/read/objects/server-text.ts";
import type { ObjectKind } from "../content/record.ts";
import { notInExtension } from "../content/scope.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import { isUsersSchema } from "../../postgres/schemas.ts";

/** An object in one of the platform's schemas, and what tells whose it is. */
export interface GroundObject {
  readonly kind: ObjectKind;
  readonly identity: string;
  /** `<catalog> <oid>`, where other objects may depend on it. */
  readonly place: string | null;
  /** Of kinds that have one of their own. */
  readonly owner: string | null;
  /** Kind-specific, see {@link SIGNS}. */
  readonly sign: string | null;
}

/** Objects of the platform's schemas, and on what the objects on its relations depend. */
export interface Ground {
  readonly objects: readonly GroundObject[];
  /** Place of an object, or `column <identity>` → what it depends on. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
}

/** Something that an object depends on. */
export interface Need {
  readonly place: string;
  readonly schema: string;
}

/** Ends the sign of a constraint's index. */
export const OF_CONSTRAINT = " constraint";

/** What is read of some kinds beside the owner. */
const SIGNS: Readonly<Partial<Record<ObjectKind, string>>> = {
  // A webhook is a trigger that calls one of the platform's functions.
  trigger: `
    (SELECT quote_ident(fn.nspname) || '.' || quote_ident(p.proname)
       FROM pg_namespace fn
      WHERE fn.oid = p.pronamespace)
  `,
  // The place of its table, and whether it is a constraint's.
  index: `
    'pg_class ' || c.oid
      || CASE WHEN EXISTS (SELECT FROM pg_constraint ic WHERE ic.conindid = x.oid) THEN '${OF_CONSTRAINT}'
              ELSE '' END
  `,
};

/** Whose rights are is told by the grantees, the server's own roles left out. */
const GRANTEES = (acl: string): string => `
  (SELECT string_agg(DISTINCT g.rolname, chr(10))
     FROM aclexplode(${acl}) x JOIN pg_roles g ON g.oid = x.grantee
    WHERE g.rolname !~ '^pg_')
`;

/**
 * Every object in these schemas, by the queries with which a content record is made, so that the identities
 * are the same.
 */
export async function readGround(session: DatabaseSession, schemas: readonly string[]): Promise<Ground> {
  const server = await serverFacts(session);
  const objects: GroundObject[] = [];
  for (const each of OBJECT_CLASSES) {
    for (const row of await session.query<ObjectRow>(objectQuery(server, signed(each)), [[...schemas], []])) {
      // The server's functions that print names look at the present: what has been dropped since has none.
      if ((row.identity as string | null) === null) continue;
      const sign = row["f0"] ?? null;
      objects.push({
        kind: each.kind,
        identity: decodeText(server, row.identity),
        place: row.place,
        owner: row.owner === null ? null : decodeText(server, row.owner),
        sign: sign === null ? null : decodeText(server, sign),
      });
    }
  }
  objects.push(...(await columnComments(session, schemas)));
  return { objects, needs: await readNeeds(session, schemas) };
}

/** Comments on columns of tables; one on anything else goes with what it is on. */
async function columnComments(session: DatabaseSession, schemas: readonly string[]): Promise<GroundObject[]> {
  const rows = await session.query<{ identity: string }>(
    `
      SELECT 'column ' || ${RELATION} || '.' || quote_ident(a.attname) AS identity
        FROM pg_description d
        JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
       WHERE d.objsubid > 0 AND n.nspname::text = ANY ($1::text[]) AND ${notInExtension("pg_class", "c.oid")}
    `,
    [[...schemas]],
  );
  return rows.map(({ identity }) => ({ kind: "comment", identity, place: null, owner: null, sign: null }));
}

/** The class with nothing to be compared, and its sign as the only field. */
function signed(each: ObjectClass): ObjectClass {
  const rights = each.kind === "grant" ? each.fields.find(({ name }) => name === "rights") : undefined;
  const acl = rights === undefined ? undefined : /aclexplode\(([\w.]+)\)/.exec(rights.sql)?.[1];
  const sql = acl === undefined ? SIGNS[each.kind] : GRANTEES(acl);
  const fields: readonly ObjectField[] = sql === undefined ? [] : [always("sign", sql, "")];
  return { ...each, fields };
}

/**
 * On what the triggers, constraints, indexes and columns of the schemas' relations depend, members of
 * extensions left out.
 */
const NEEDS = `
  WITH ground AS (
    SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS relation
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname::text = ANY ($1::text[])
  ), dependent AS (
    SELECT 'pg_trigger'::regclass AS class, g.oid, 0 AS sub, 'pg_trigger ' || g.oid AS of
      FROM pg_trigger g JOIN ground ON ground.oid = g.tgrelid WHERE NOT g.tgisinternal
    UNION ALL
    SELECT 'pg_constraint'::regclass, k.oid, 0, 'pg_constraint ' || k.oid
      FROM pg_constraint k JOIN ground ON ground.oid = k.conrelid
    UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid, 0, 'pg_class ' || i.indexrelid
      FROM pg_index i JOIN ground ON ground.oid = i.indrelid
    UNION ALL
    SELECT 'pg_class'::regclass, a.attrelid, a.attnum, 'column ' || relation || '.' || quote_ident(a.attname)
      FROM pg_attribute a JOIN ground ON ground.oid = a.attrelid WHERE a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'pg_attrdef'::regclass, f.oid, 0, 'column ' || relation || '.' || quote_ident(a.attname)
      FROM pg_attrdef f
      JOIN ground ON ground.oid = f.adrelid
      JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
  )
  SELECT of, d.refclassid::regclass || ' ' || d.refobjid AS place, n.nspname::text AS schema
    FROM dependent
    JOIN pg_depend d ON d.classid = dependent.class AND d.objid = dependent.oid AND d.objsubid = dependent.sub
    JOIN pg_namespace n ON n.oid = ${referredSchema("d.refclassid", "d.refobjid")}
   WHERE ${isUsersSchema()} AND NOT EXISTS (SELECT FROM pg_depend member
     WHERE member.classid = d.refclassid AND member.objid = d.refobjid AND member.deptype = 'e')
`;

async function readNeeds(session: DatabaseSession, schemas: readonly string[]): Promise<Map<string, Need[]>> {
  const needs = new Map<string, Need[]>();
  for (const { of, ...need } of await session.query<Need & { of: string }>(NEEDS, [[...schemas]])) {
    needs.set(of, [...(needs.get(of) ?? []), need]);
  }
  return needs;
}
