import { quantity } from "../../../kernel/quantity.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { ContentScope } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { Log } from "../../../ports/log.ts";
import { isHoldfastError } from "../../../kernel/errors.ts";
import { emptySchema, hasDefaultsOfOthers, resetSchemaRights } from "./empty-schema.ts";
import { platformsExtensions } from "./platforms-extensions.ts";
import { dropRelationsInBatches, unlinkInBatches } from "./drop-batches.ts";
import { readLockNeeds, type LockNeeds } from "../target/lock-needs.ts";
import { foreseeUntouched, listOutside, requireUntouched } from "./outside-scope.ts";
import { isWholeDatabase } from "../chosen/scope.ts";
import { dropUnschemed } from "./unschemed.ts";
import { LOCK_TIMEOUT } from "../care/lock-timeout.ts";
import { Untouched } from "../care/untouched.ts";
import { isUsersSchema } from "../../../postgres/schemas.ts";

/**
 * Empties the part of a database that a backup covers, in one transaction: if anything refuses to go (a
 * right, a lock, a managed schema), or something outside the backup's schemas would go with it, everything
 * stays as it was. A whole database with more objects than one transaction can lock is emptied in several,
 * what was made last first. Extensions of the platform's stay, and the schemas that they stand in, emptied of
 * everything else.
 *
 * @param remade extensions that the restore makes again
 * @throws Untouched when nothing was changed
 */
export async function clearScope(
  session: DatabaseSession,
  scope: ContentScope,
  remade: readonly string[],
  log: Log,
): Promise<void> {
  if (!isWholeDatabase(scope)) {
    await inTransaction(session, () => clearSchemas(session, scope, remade), untouched);
    return;
  }
  const needs = await readLockNeeds(session).catch((error: unknown) => {
    throw untouched(error);
  });
  if (needs.objects > needs.atOnce) await clearInSteps(session, needs, log);
  else {
    await inTransaction(
      session,
      () => clearEverything(session, needs.largeObjects <= needs.atOnce, log),
      untouched,
    );
  }
  if (needs.largeObjects > needs.atOnce) await unlinkInBatches(session, needs.atOnce, inTransaction);
}

function untouched(error: unknown): unknown {
  return isHoldfastError(error, "refused.outside-scope") ? error : new Untouched(error);
}

/** Only what fails before the commit, or at it with an answer, has certainly changed nothing. */
async function inTransaction(
  session: DatabaseSession,
  work: () => Promise<void>,
  failure: (error: unknown) => unknown = same,
): Promise<void> {
  try {
    // Every session's own default may be read-only, serializable or deferrable.
    await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE");
    await session.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    await work();
  } catch (error) {
    // A session that is gone has rolled back by itself.
    await session.query("ROLLBACK").catch(() => undefined);
    throw failure(error);
  }
  try {
    await session.query("COMMIT");
  } catch (error) {
    throw isHoldfastError(error, "database.lost") ? error : failure(error);
  }
}

const same = (error: unknown): unknown => error;

async function clearEverything(session: DatabaseSession, largeObjectsToo: boolean, log: Log): Promise<void> {
  for (const note of await dropUnschemed(session)) log.warn(note);
  if (largeObjectsToo) {
    await session.query("SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata");
  }
  const platforms = await platformsExtensions(session);
  for (const extension of (await extensions(session)).filter((name) => !platforms.names.has(name))) {
    await session.query(`DROP EXTENSION IF EXISTS ${quoteIdentifier(extension)} CASCADE`);
  }
  const schemas = await coveredSchemas(session, { includeSchemas: [], excludeSchemas: [] });
  const others = await publicsOtherOwner(session);
  const isKept = (name: string): boolean =>
    platforms.schemas.has(name) || (name === "public" && others !== undefined);
  await dropSchemas(
    session,
    schemas.filter((name) => !isKept(name)),
  );
  await emptyKept(session, schemas.filter(isKept));
  if (others !== undefined) {
    log.info(
      `schema public belongs to ${others}, whom this role cannot be: it is emptied, and stays ` +
        "with its owner and its rights",
    );
  }
  if (platforms.names.size > 0) {
    log.info(`extensions that are the platform's stay: ${[...platforms.names].join(", ")}`);
  }
}

async function clearInSteps(session: DatabaseSession, needs: LockNeeds, log: Log): Promise<void> {
  log.warn(
    `${quantity(needs.objects, "object")} are more than one transaction can lock here ` +
      "(max_locks_per_transaction): the target is emptied in several transactions",
  );
  const outsideSchemas = async (): Promise<void> => {
    for (const note of await dropUnschemed(session)) log.warn(note);
  };
  await inTransaction(session, outsideSchemas, untouched);
  await dropRelationsInBatches(session, needs.atOnce, inTransaction);
  await inTransaction(session, () => clearEverything(session, needs.largeObjects <= needs.atOnce, log));
}

async function clearSchemas(
  session: DatabaseSession,
  scope: ContentScope,
  remade: readonly string[],
): Promise<void> {
  const { schemas, dropped, kept, isKept } = await schemasToClear(session, scope);
  const before = await listOutside(session, schemas);
  await dropSchemas(session, dropped);
  if (isKept) await emptySchema(session, "public");
  await emptyKept(session, kept);
  requireUntouched(before, await listOutside(session, schemas), remade);
}

/**
 * Asks, without changing or locking anything, whether emptying would take something along that is outside of
 * the backup's schemas.
 *
 * @throws refused.outside-scope
 */
export async function requireClearable(
  session: DatabaseSession,
  scope: ContentScope,
  remade: readonly string[],
): Promise<void> {
  if (isWholeDatabase(scope)) return;
  const { schemas, dropped } = await schemasToClear(session, scope);
  await foreseeUntouched(
    session,
    dropped,
    schemas.filter((name) => !dropped.includes(name)),
    remade,
  );
}

/** What emptying does with the schemas that a backup covers. */
export interface SchemasToClear {
  /** All that the backup covers. */
  readonly schemas: readonly string[];
  readonly dropped: readonly string[];
  /** In which an extension of the platform's stands. */
  readonly kept: readonly string[];
  /** Whether `public` stays, with what others have set in it. */
  readonly isKept: boolean;
}

export async function schemasToClear(session: DatabaseSession, scope: ContentScope): Promise<SchemasToClear> {
  const schemas = await coveredSchemas(session, scope);
  const platforms = await platformsExtensions(session);
  const isKept =
    schemas.includes("public") &&
    ((await hasDefaultsOfOthers(session, "public")) || (await publicsOtherOwner(session)) !== undefined);
  const kept = schemas.filter((name) => platforms.schemas.has(name) && !(isKept && name === "public"));
  return {
    schemas,
    dropped: schemas.filter((name) => !kept.includes(name) && !(isKept && name === "public")),
    kept,
    isKept,
  };
}

/** Who owns `public`, where this role may not drop it. */
async function publicsOtherOwner(session: DatabaseSession): Promise<string | undefined> {
  const [row] = await session.query<{ owner: string }>(`
    SELECT pg_catalog.pg_get_userbyid(nspowner)::text AS owner
      FROM pg_catalog.pg_namespace
     WHERE nspname = 'public' AND NOT pg_catalog.pg_has_role(nspowner, 'USAGE')
  `);
  return row?.owner;
}

/** Schemas in which an extension of the platform's stands are as new but for that. */
async function emptyKept(session: DatabaseSession, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await emptySchema(session, schema);
    await resetSchemaRights(session, schema);
  }
}

async function dropSchemas(session: DatabaseSession, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await session.query(`DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)} CASCADE`);
  }
  if (schemas.includes("public")) await remakePublic(session);
}

async function coveredSchemas(session: DatabaseSession, scope: ContentScope): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE ${isUsersSchema("nspname")} ORDER BY 1`,
  );
  const names = rows.map((row) => row.name);
  if (scope.includeSchemas.length > 0) return names.filter((name) => scope.includeSchemas.includes(name));
  return names.filter((name) => !scope.excludeSchemas.includes(name));
}

async function extensions(session: DatabaseSession): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    "SELECT extname::text AS name FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY oid DESC",
  );
  return rows.map((row) => row.name);
}

/**
 * `public` as a new database has it: https://www.postgresql.org/docs/15/ddl-schemas.html#DDL-SCHEMAS-PATTERNS
 */
async function remakePublic(session: DatabaseSession): Promise<void> {
  const [row] = await session.query<{ num: number }>(
    "SELECT current_setting('server_version_num')::int AS num",
  );
  await session.query("CREATE SCHEMA public");
  await session.query("COMMENT ON SCHEMA public IS 'standard public schema'");
  if ((row?.num ?? 0) >= 150_000) {
    await session.query("ALTER SCHEMA public OWNER TO pg_database_owner");
    await session.query("GRANT USAGE ON SCHEMA public TO PUBLIC");
  } else {
    await session.query("GRANT ALL ON SCHEMA public TO PUBLIC");
  }
}
