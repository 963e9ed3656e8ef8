import { HoldfastError } from "../../kernel/errors.ts";
import { quoteIdentifier } from "../../postgres/quoting.ts";
import type { DatabaseSession, ServerRefusal } from "../../ports/database.ts";
import { parseScript } from "../script/parse-script.ts";
import type { Statement } from "../script/script.ts";
import { fieldsOf, listOf, nameParts, relationParts, textOf, type Fields } from "../script/tree.ts";

/**
 * Whether a statement that no transaction may hold, and that a run which was killed may have carried out, is
 * done already. What a killed statement left half done is undone or ended here; what the server refuses of
 * that for a lock is returned, to be tried again.
 */
export async function isDone(
  session: DatabaseSession,
  statement: Statement,
): Promise<boolean | ServerRefusal> {
  const build = concurrentBuild(statement);
  if (build !== undefined) return await isBuilt(session, build);
  const dropped = concurrentDrop(statement);
  if (dropped !== undefined) return (await regclass(session, dropped)) === null;
  const detached = concurrentDetach(statement);
  return detached !== undefined && (await isDetached(session, detached));
}

/**
 * Drops the index that a failed build left behind: it is not valid, helps nobody and slows every write. One
 * that is locked is left to the next try.
 */
export async function dropInvalid(session: DatabaseSession, statement: Statement): Promise<void> {
  const build = concurrentBuild(statement);
  const found = build === undefined ? undefined : await indexThere(session, build);
  if (found === undefined || found.valid) return;
  const refusal = await session.execute(dropping(found));
  if (refusal !== undefined && !LOCKED.has(refusal.state)) throw undroppable(found, refusal.message);
}

const LOCKED = new Set(["55P03", "40P01"]);

interface Build {
  readonly table: readonly string[];
  readonly name: string;
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
  const name = textOf(fields["idxname"]);
  return type !== "IndexStmt" || fields["concurrent"] !== true || name === undefined
    ? undefined
    : { table: relationParts(fields["relation"]), name, fields };
}

/**
 * An invalid one would be taken for the real one by IF NOT EXISTS, so it is dropped; one of the same name
 * that is another index is not what was wanted, and the server says so.
 */
async function isBuilt(session: DatabaseSession, build: Build): Promise<boolean | ServerRefusal> {
  const found = await indexThere(session, build);
  if (found === undefined) return false;
  if (found.valid) return await isSame(found.definition, build.fields);
  const refusal = await session.execute(dropping(found));
  if (refusal === undefined) return false;
  if (LOCKED.has(refusal.state)) return refusal;
  throw undroppable(found, refusal.message);
}

async function indexThere(session: DatabaseSession, { name, table }: Build): Promise<Index | undefined> {
  const [row] = await session.query<Index>(
    `
      SELECT n.nspname::text AS schema, c.relname::text AS name, i.indisvalid AND i.indisready AS valid,
             pg_catalog.pg_get_indexdef(c.oid) AS definition
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relname::text = $1 AND i.indrelid = pg_catalog.to_regclass($2)
    `,
    [name, table.map(quoteIdentifier).join(".")],
  );
  return row;
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
