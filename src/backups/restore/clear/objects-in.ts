import type { DatabaseSession } from "../../../ports/database.ts";

/** Something that goes by a statement of its own. */
export interface Droppable {
  /** As people read it: `table public.posts`. */
  readonly title: string;
  readonly drop: string;
  /** Whether this role may drop it: as its owner's or its schema's; absent for what stands in none. */
  readonly isOwn?: boolean;
  /** As an archive's entries name it; absent for what stands in a schema. */
  readonly key?: string;
}

/** One catalog whose objects can be dropped by name. */
interface Class {
  readonly catalog: string;
  readonly schema: string;
  readonly owner: string;
  readonly where?: string;
}

/**
 * What goes with something else. A partitioned table is noted as a part of itself: of the columns
 * that divide it.
 */
export const COMES_WITH = (catalog: string): string => `
  EXISTS (SELECT FROM pg_depend d
           WHERE d.classid = '${catalog}'::regclass
             AND d.objid = o.oid
             AND d.deptype IN ('e', 'i', 'a')
             AND NOT (d.refclassid = d.classid AND d.refobjid = d.objid))
`;

/**
 * A function that another's event trigger calls: nobody but its owner can take the two apart, so it stays.
 */
const CALLED =
  "EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtfoid = o.oid AND NOT pg_has_role(e.evtowner, 'USAGE'))";

/** Tables first: what hangs on them goes along. */
const CLASSES: readonly Class[] = [
  {
    catalog: "pg_class",
    schema: "relnamespace",
    owner: "relowner",
    where: "o.relkind IN ('r', 'p', 'f', 'v', 'm')",
  },
  { catalog: "pg_class", schema: "relnamespace", owner: "relowner", where: "o.relkind = 'S'" },
  { catalog: "pg_operator", schema: "oprnamespace", owner: "oprowner" },
  { catalog: "pg_opclass", schema: "opcnamespace", owner: "opcowner" },
  { catalog: "pg_opfamily", schema: "opfnamespace", owner: "opfowner" },
  { catalog: "pg_proc", schema: "pronamespace", owner: "proowner", where: `NOT ${CALLED}` },
  {
    catalog: "pg_type",
    schema: "typnamespace",
    owner: "typowner",
    where: `
      o.typtype <> 'm'
        AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = o.oid)
        AND (o.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))
    `,
  },
  { catalog: "pg_collation", schema: "collnamespace", owner: "collowner" },
  { catalog: "pg_conversion", schema: "connamespace", owner: "conowner" },
  { catalog: "pg_ts_config", schema: "cfgnamespace", owner: "cfgowner" },
  { catalog: "pg_ts_dict", schema: "dictnamespace", owner: "dictowner" },
  { catalog: "pg_statistic_ext", schema: "stxnamespace", owner: "stxowner" },
];

/** What stands in schemas, in the order in which it goes; parts of extensions are their extensions'. */
export async function objectsIn(session: DatabaseSession, schemas: readonly string[]): Promise<Droppable[]> {
  const objects: Droppable[] = [];
  for (const { catalog, schema, owner, where = "true" } of CLASSES) {
    const found = await session.query<{ type: string; identity: string; own: boolean }>(
      `
        SELECT i.type, i.identity, pg_has_role(o.${owner}, 'USAGE')
                 OR (SELECT pg_has_role(n.nspowner, 'USAGE')
                       FROM pg_namespace n
                      WHERE n.oid = o.${schema}) AS own
          FROM pg_catalog.${catalog} o, pg_identify_object('pg_catalog.${catalog}'::regclass, o.oid, 0) i
         WHERE o.${schema} IN (SELECT oid FROM pg_namespace WHERE nspname = ANY ($1))
           AND NOT ${COMES_WITH(catalog)}
           AND ${where}
         ORDER BY o.oid DESC
      `,
      [schemas],
    );
    objects.push(
      ...found.map(({ type, identity, own }) => ({
        title: `${type} ${identity}`,
        isOwn: own,
        drop: `DROP ${catalog === "pg_proc" ? "ROUTINE" : sqlWord(type)} IF EXISTS ${identity} CASCADE`,
      })),
    );
  }
  return objects;
}

function sqlWord(type: string): string {
  return type === "statistics object" ? "STATISTICS" : type.toUpperCase();
}
