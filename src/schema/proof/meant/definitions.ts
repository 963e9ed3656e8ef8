import type { DatabaseSession } from "../../../ports/database.ts";
import { parseScript } from "../../script/parse-script.ts";
import type { PreparedScript } from "../../script/prepare.ts";
import type { Statement } from "../../script/script.ts";
import { everyNode, everyRelation, nameParts } from "../../script/tree.ts";

/** A view, a function or a trigger's function that was there before a pair and that it comes to. */
export interface Definition {
  /** `view app.v`, `function app.f`. */
  readonly object: string;
  /** Its name without its schema. */
  readonly name: string;
  readonly statements: readonly Statement[];
}

interface Row {
  readonly object: string;
  readonly name: string;
  readonly definition: string;
}

/**
 * Views and functions by name, and functions of the triggers of tables. What extensions bring is left out:
 * nothing of theirs speaks of a migration's rows.
 */
const DEFINITIONS = `
  WITH wanted AS (
    SELECT p.oid
      FROM pg_catalog.pg_proc p
     WHERE p.proname = ANY ($2::pg_catalog.text[]) AND p.prokind IN ('f', 'p')
     UNION
    SELECT t.tgfoid
      FROM pg_catalog.pg_trigger t
     WHERE NOT t.tgisinternal
       AND t.tgrelid IN (SELECT pg_catalog.to_regclass(name)
                           FROM pg_catalog.unnest($3::pg_catalog.text[]) AS name))
  SELECT 'view ' || n.nspname || '.' || c.relname AS object, c.relname::text AS name,
         pg_catalog.pg_get_viewdef(c.oid) AS definition
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'v'
     AND c.relname = ANY ($1::pg_catalog.text[])
     AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   UNION ALL
  SELECT 'function ' || n.nspname || '.' || p.proname, p.proname::text,
         pg_catalog.pg_get_functiondef(p.oid)
    FROM wanted w
    JOIN pg_catalog.pg_proc p ON p.oid = w.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND l.lanname NOT IN ('c', 'internal')
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                        AND d.objid = p.oid
                        AND d.deptype = 'e')
   ORDER BY 1
`;

const ABOUT_ROWS = new Set([
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "SelectStmt",
  "DoStmt",
  "CallStmt",
  "CreateTableAsStmt",
]);

/**
 * What the scripts come to that is written elsewhere.
 *
 * @param touched tables that they change, as `schema.table`: their triggers fire
 */
export async function definitionsFor(
  session: DatabaseSession,
  scripts: readonly PreparedScript[],
  touched: readonly string[],
): Promise<readonly Definition[]> {
  const relations = new Set<string>();
  const functions = new Set<string>();
  let isAboutRows = false;
  for (const { tree, type: kind } of scripts.flatMap(({ script }) => script.statements)) {
    isAboutRows ||= ABOUT_ROWS.has(kind);
    for (const { relname } of everyRelation(tree)) relations.add(String(relname));
    for (const { type, fields } of everyNode(tree)) {
      const name = type === "FuncCall" ? nameParts(fields["funcname"]).at(-1) : undefined;
      if (name !== undefined) functions.add(name);
    }
  }
  // Neither a view nor a trigger is come to by what changes definitions alone.
  if (!isAboutRows && functions.size === 0) return [];
  const rows = await session.query<Row>(DEFINITIONS, [[...relations], [...functions], [...touched]]);
  const found: Definition[] = [];
  for (const { object, name, definition } of rows) {
    found.push({ object, name, statements: (await parseScript(definition)).statements });
  }
  return found;
}
