import type { DatabaseSession } from "../../ports/database.ts";

/** Something that goes by a statement of its own. */
export interface Droppable {
  /** As people read it: `table public.posts`. */
  readonly title: string;
  readonly drop: string;
  /** As an archive's entries name it; absent for what stands in a schema. */
  readonly key?: string;
}

/** One catalog whose objects can be dropped by name. */
interface Class {
  readonly catalog: string;
  readonly schema: string;
  readonly where?: string;
}

/** What goes with something else. A partitioned table is noted as a part of itself: of the columns that divide it. */
export const COMES_WITH = (catalog: string): string =>
  `EXISTS (SELECT FROM pg_depend d WHERE d.classid = '${catalog}'::regclass AND d.objid = o.oid AND d.deptype IN ('e', 'i', 'a')
    AND NOT (d.refclassid = d.classid AND d.refobjid = d.objid))`;

/** A function that another's event trigger calls: nobody but its owner can take the two apart, so it stays. */
const CALLED = "EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtfoid = o.oid AND NOT pg_has_role(e.evtowner, 'USAGE'))";

/** Tables first: what hangs on them goes along. */
const CLASSES: readonly Class[] = [
  { catalog: "pg_class", schema: "relnamespace", where: "o.relkind IN ('r', 'p', 'f', 'v', 'm')" },
  { catalog: "pg_class", schema: "relnamespace", where: "o.relkind = 'S'" },
  { catalog: "pg_operator", schema: "oprnamespace" }, { catalog: "pg_opclass", schema: "opcnamespace" },
  { catalog: "pg_opfamily", schema: "opfnamespace" }, { catalog: "pg_proc", schema: "pronamespace", where: `NOT ${CALLED}` },
  {
    catalog: "pg_type", schema: "typnamespace",
    where: `o.typtype <> 'm' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = o.oid)
      AND (o.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c'))`,
  },
  { catalog: "pg_collation", schema: "collnamespace" }, { catalog: "pg_conversion", schema: "connamespace" },
  { catalog: "pg_ts_config", schema: "cfgnamespace" }, { catalog: "pg_ts_dict", schema: "dictnamespace" },
  { catalog: "pg_statistic_ext", schema: "stxnamespace" },
];

/** What stands in schemas, in the order in which it goes; parts of extensions are their extensions'. */
export async function objectsIn(session: DatabaseSession, schemas: readonly string[]): Promise<Droppable[]> {
  const objects: Droppable[] = [];
  for (const { catalog, schema, where = "true" } of CLASSES) {
    const found = await session.query<{ type: string; identity: string }>(
      `SELECT i.type, i.identity FROM pg_catalog.${catalog} o, pg_identify_object('pg_catalog.${catalog}'::regclass, o.oid, 0) i
        WHERE o.${schema} IN (SELECT oid FROM pg_namespace WHERE nspname = ANY ($1)) AND NOT ${COMES_WITH(catalog)} AND ${where} ORDER BY o.oid DESC`,
      [schemas],
    );
    objects.push(...found.map(({ type, identity }) => ({ title: `${type} ${identity}`, drop: `DROP ${catalog === "pg_proc" ? "ROUTINE" : sqlWord(type)} IF EXISTS ${identity} CASCADE` })));
  }
  return objects;
}

function sqlWord(type: string): string {
  return type === "statistics object" ? "STATISTICS" : type.toUpperCase();
}
