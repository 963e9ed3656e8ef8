import { HoldfastError } from "../../kernel/errors.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import type { DatabaseSession, ServerRefusal } from "../../ports/database.ts";
import { parseScript } from "../script/parse-script.ts";
import type { Statement } from "../script/script.ts";
import { fieldsOf, listOf, nameParts, relationParts, textOf, type Fields } from "../script/tree.ts";

/**
 * Whether what a statement does that no transaction may hold is there already: where a run that was
 * killed had sent it, it is done then. What a killed statement left half done is undone or ended here; what
 * the server refuses of that for a lock is returned, to be tried again.
 */
export async function isDone(
  session: DatabaseSession,
  statement: Statement,
): Promise<boolean | ServerRefusal> {
  const build = concurrentBuild(statement);
  if (build !== undefined) return await isBuilt(session, build);
  const rebuilt = concurrentRebuild(statement);
  if (rebuilt !== undefined) return (await dropAll(session, await leftByRebuilds(session, rebuilt))) ?? false;
  const dropped = concurrentDrop(statement);
  if (dropped !== undefined) return (await regclass(session, dropped)) === null;
  const detached = concurrentDetach(statement);
  return detached !== undefined && (await isDetached(session, detached));
}

/** Whether one can tell by the database that a statement has happened. */
export function canBeSeen(statement: Statement): boolean {
  return [concurrentBuild, concurrentDrop, concurrentDetach].some((read) => read(statement) !== undefined);
}

/**
 * Drops what a failed build left behind: it is not valid, helps nobody and slows every write. One that is
 * locked is left to the next try.
 */
export async function dropInvalid(session: DatabaseSession, statement: Statement): Promise<void> {
  const build = concurrentBuild(statement);
  const rebuilt = concurrentRebuild(statement);
  const left = [
    ...(build === undefined ? [] : (await indexesThere(session, build)).filter(({ valid }) => !valid)),
    ...(rebuilt === undefined ? [] : await leftByRebuilds(session, rebuilt)),
  ];
  await dropAll(session, left);
}

/** @returns what was refused for a lock, to be tried again */
async function dropAll(
  session: DatabaseSession,
  indexes: readonly Index[],
): Promise<ServerRefusal | undefined> {
  for (const index of indexes) {
    const refusal = await session.execute(dropping(index));
    if (refusal === undefined) continue;
    if (LOCKED.has(refusal.state)) return refusal;
    throw undroppable(index, refusal.message);
  }
  return undefined;
}

const LOCKED = new Set(["55P03", "40P01"]);

interface Build {
  readonly table: readonly string[];
  /** Undefined where the server is to choose one. */
  readonly name: string | undefined;
  readonly fields: Fields;
}

interface Index {
  readonly schema: string;
  readonly name: string;
  readonly valid: boolean;
  readonly definition: string;
}

function concurrentBuild({ type, tree }: Statement): Build | undefined {
  const fields = fieldsOf(tree);
  if (type !== "IndexStmt" || fields["concurrent"] !== true) return undefined;
  return { table: relationParts(fields["relation"]), name: textOf(fields["idxname"]), fields };
}

/**
 * An invalid one would be taken for the real one by IF NOT EXISTS, so it is dropped; one of the same name
 * that is another index is not what was wanted, and the server says so. One without a name is known by its
 * shape.
 */
async function isBuilt(session: DatabaseSession, build: Build): Promise<boolean | ServerRefusal> {
  const found = await indexesThere(session, build);
  const refusal = await dropAll(
    session,
    found.filter(({ valid }) => !valid),
  );
  if (refusal !== undefined) return refusal;
  // Two that were not named may be alike in shape and differ in an expression: rather one twice than none.
  if (build.name === undefined && !isPlain(build.fields)) return false;
  const [valid] = found.filter((index) => index.valid);
  return valid !== undefined && (await isSame(valid.definition, build.fields));
}

/** Columns by their names and nothing else, so that the shape is all there is. */
function isPlain(wanted: Fields): boolean {
  return (
    wanted["whereClause"] === undefined &&
    listOf(wanted["indexParams"]).every((param) => {
      const { name, ordering, opclass, collation } = fieldsOf(param);
      const isOrdinary = ordering === undefined || textOf(ordering) === "SORTBY_DEFAULT";
      return name !== undefined && isOrdinary && opclass === undefined && collation === undefined;
    })
  );
}

/** The indexes on the table that the statement may have made: that of its name, or of its shape. */
async function indexesThere(
  session: DatabaseSession,
  { name, table, fields }: Build,
): Promise<readonly Index[]> {
  const rows = await session.query<Index>(
    `
      SELECT n.nspname::text AS schema, c.relname::text AS name, i.indisvalid AND i.indisready AS valid,
             pg_catalog.pg_get_indexdef(c.oid) AS definition
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE ($1::text IS NULL OR c.relname::text = $1) AND i.indrelid = pg_catalog.to_regclass($2)
       ORDER BY c.oid
    `,
    [name ?? null, table.map(quoteIdentifier).join(".")],
  );
  if (name !== undefined) return rows;
  const same: Index[] = [];
  for (const row of rows) {
    if (await isSame(row.definition, fields)) same.push(row);
  }
  return same;
}

/** What `REINDEX … CONCURRENTLY` works on. */
interface Rebuild {
  readonly kind: "index" | "table";
  readonly relation: readonly string[];
}

/** Those of a whole schema or database are left to people: what lies there may be somebody else's work. */
function concurrentRebuild({ type, tree }: Statement): Rebuild | undefined {
  const fields = fieldsOf(tree);
  const concurrent = listOf(fields["params"]).some(
    (param) => textOf(fieldsOf(param)["defname"]) === "concurrently",
  );
  if (type !== "ReindexStmt" || !concurrent || fields["relation"] === undefined) return undefined;
  const kind = textOf(fields["kind"]) === "REINDEX_OBJECT_INDEX" ? "index" : "table";
  return { kind, relation: relationParts(fields["relation"]) };
}

/**
 * What an interrupted rebuild leaves: the new index, or the old one, not valid. One at which somebody is at
 * work just now is his.
 * https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY
 */
async function leftByRebuilds(
  session: DatabaseSession,
  { kind, relation }: Rebuild,
): Promise<readonly Index[]> {
  return await session.query<Index>(
    `
      SELECT n.nspname::text AS schema, c.relname::text AS name, false AS valid, '' AS definition
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE NOT i.indisvalid AND c.relname::text ~ '_cc(new|old)[0-9]*$'
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p
                          WHERE p.datid = (SELECT d.oid FROM pg_catalog.pg_database d
                                            WHERE d.datname = pg_catalog.current_database())
                            AND p.relid = i.indrelid)
         AND i.indrelid = CASE WHEN $1 THEN
               (SELECT o.indrelid FROM pg_catalog.pg_index o
                 WHERE o.indexrelid = pg_catalog.to_regclass($2))
             ELSE pg_catalog.to_regclass($2) END
       ORDER BY c.oid
    `,
    [kind === "index", relation.map(quoteIdentifier).join(".")],
  );
}

/**
 * The server writes expressions in its own way, so of these only the number is compared; names of columns,
 * their order, the method and uniqueness are written by both alike.
 */
async function isSame(definition: string, wanted: Fields): Promise<boolean> {
  const [there] = (await parseScript(definition, 1)).statements;
  return there !== undefined && shapeOf(fieldsOf(there.tree)) === shapeOf(wanted);
}

function shapeOf(fields: Fields): string {
  const columns = (list: unknown): (string | null)[] =>
    listOf(list).map((each) => textOf(fieldsOf(each)["name"]) ?? null);
  return JSON.stringify({
    unique: fields["unique"] === true,
    method: textOf(fields["accessMethod"]) ?? "btree",
    columns: columns(fields["indexParams"]),
    included: columns(fields["indexIncludingParams"]),
    partial: fields["whereClause"] !== undefined,
  });
}

function dropping({ schema, name }: Index): string {
  return `DROP INDEX CONCURRENTLY IF EXISTS ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

function undroppable({ schema, name }: Index, message: string): HoldfastError {
  const text = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  return new HoldfastError(
    "database.query",
    `the index ${schema}.${name}, which a failed build left behind, could not be dropped: ${message}`,
    {
      hint: `It is not valid and slows every write. Drop it by hand: DROP INDEX CONCURRENTLY ${text};`,
    },
  );
}

function concurrentDrop({ type, tree }: Statement): readonly string[] | undefined {
  const fields = fieldsOf(tree);
  const [object] = listOf(fields["objects"]);
  if (type !== "DropStmt" || fields["concurrent"] !== true || object === undefined) return undefined;
  return nameParts(object);
}

interface Detached {
  readonly parent: readonly string[];
  readonly partition: readonly string[];
}

function concurrentDetach({ type, tree }: Statement): Detached | undefined {
  const fields = fieldsOf(tree);
  const command = fieldsOf(listOf(fields["cmds"])[0]);
  const partition = fieldsOf(command["def"]);
  if (type !== "AlterTableStmt" || command["subtype"] !== "AT_DetachPartition") return undefined;
  return partition["concurrent"] === true
    ? { parent: relationParts(fields["relation"]), partition: relationParts(partition["name"]) }
    : undefined;
}

/** One that was interrupted hangs between the two states until it is ended. */
async function isDetached(session: DatabaseSession, { parent, partition }: Detached): Promise<boolean> {
  const [above, below] = [parent, partition].map((parts) => parts.map(quoteIdentifier).join("."));
  const [row] = await session.query<{ pending: boolean }>(
    `
      SELECT inhdetachpending AS pending
        FROM pg_catalog.pg_inherits
       WHERE inhrelid = pg_catalog.to_regclass($1) AND inhparent = pg_catalog.to_regclass($2)
    `,
    [below, above],
  );
  if (row?.pending !== true) return row === undefined && (await regclass(session, partition)) !== null;
  const refusal = await session.execute(`ALTER TABLE ${above} DETACH PARTITION ${below} FINALIZE`);
  if (refusal === undefined) return true;
  throw new HoldfastError(
    "database.query",
    `the partition ${partition.join(".")}, which an earlier run began to detach, ` +
      `could not be detached: ${refusal.message}`,
    { hint: `End it by hand: ALTER TABLE ${above} DETACH PARTITION ${below} FINALIZE;` },
  );
}

async function regclass(session: DatabaseSession, parts: readonly string[]): Promise<string | null> {
  const [row] = await session.query<{ there: string | null }>(
    "SELECT pg_catalog.to_regclass($1)::pg_catalog.text AS there",
    [parts.map(quoteIdentifier).join(".")],
  );
  return row!.there;
}
