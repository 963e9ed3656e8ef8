import { qualifiedName, quoteIdentifier } from "../../postgres/quoting.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { BookRow, Books, Tool } from "./tool.ts";
import { dbmate } from "./tools/dbmate.ts";
import { flyway } from "./tools/flyway.ts";
import { golangMigrate } from "./tools/golang-migrate.ts";
import { nodePgMigrate } from "./tools/node-pg-migrate.ts";
import { prisma } from "./tools/prisma.ts";
import { supabase } from "./tools/supabase.ts";

const TOOLS: readonly Tool[] = [supabase, dbmate, golangMigrate, nodePgMigrate, flyway, prisma];

const TABLES = `
  SELECT n.nspname::text AS schema, c.relname::text AS name,
         (SELECT pg_catalog.json_object_agg(a.attname, t.typname)
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND t.oid < 16384) AS columns,
         ARRAY(SELECT b.relname::text
                 FROM pg_catalog.pg_class b
                WHERE b.relnamespace = c.relnamespace AND b.relname::text = ANY ($2)) AS beside
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND c.relname::text = ANY ($1) AND n.nspname !~ '^pg_'
   ORDER BY 1, 2
`;

/**
 * Schemas in which a platform's own services keep such tables: they are migrated by these services, and say
 * nothing of the project. Supabase's: https://github.com/supabase/auth, …/storage, …/realtime.
 */
const OF_SERVICES = new Set(["auth", "storage", "realtime", "_realtime", "supabase_functions"]);

/**
 * The tables in which other tools have written down migrations; those that name none and are not unclear
 * say nothing. Columns of a type that somebody made are no tool's: their casts are somebody's functions, and
 * would run with our rights.
 */
export async function findBooks(session: DatabaseSession): Promise<readonly Books[]> {
  const tables = await session.query<Table>(TABLES, [
    TOOLS.map(({ table }) => table),
    TOOLS.flatMap(({ notBeside }) => notBeside ?? []),
  ]);
  const found: Books[] = [];
  for (const table of tables) {
    const { schema, name, columns } = table;
    if (OF_SERVICES.has(schema)) continue;
    const tool = TOOLS.find((each) => isOf(each, table));
    if (tool === undefined) continue;
    const content = tool.read(await readRows(session, { schema, name }, tool, columns ?? {}));
    if (content.applied.length > 0 || content.through !== undefined || content.unclear !== undefined) {
      found.push({ ...content, tool: tool.name, table: `${schema}.${name}`, kept: tool.kept ?? false });
    }
  }
  return found;
}

interface Table {
  readonly schema: string;
  readonly name: string;
  /** Column → its type; null of a table without any. */
  readonly columns: Readonly<Record<string, string>> | null;
  /** Of the tables that say whose one is: those in its schema. */
  readonly beside: readonly string[];
}

function isOf({ table, schema, columns, types = {}, without = [], notBeside }: Tool, place: Table): boolean {
  const has = new Map(Object.entries(place.columns ?? {}));
  return (
    place.name === table &&
    (schema ?? place.schema) === place.schema &&
    columns.every((column) => has.has(column)) &&
    Object.entries(types).every(([column, type]) => has.get(column) === type) &&
    !without.some((column) => has.has(column)) &&
    (notBeside === undefined || !place.beside.includes(notBeside))
  );
}

async function readRows(
  session: DatabaseSession,
  { schema, name }: { readonly schema: string; readonly name: string },
  { columns, optional = [] }: Tool,
  there: NonNullable<Table["columns"]>,
): Promise<readonly BookRow[]> {
  const wanted = [...columns, ...optional].map((column) => {
    const value = Object.hasOwn(there, column) ? `${quoteIdentifier(column)}::pg_catalog.text` : "NULL";
    return `${value} AS ${quoteIdentifier(column)}`;
  });
  return await session.query<Record<string, string | null>>(
    `SELECT ${wanted.join(", ")} FROM ${qualifiedName(schema, name)}`,
  );
}
