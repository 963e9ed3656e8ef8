import { isHoldfastError, type HoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { ExtensionRecord } from "../../../nouns/content/record.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import { unavailableExtensions, type UnavailableExtension } from "./extensions.ts";
import { serverWords } from "../../../postgres/server-words.ts";

/**
 * Begins the name of a schema where an extension is tried that may be anywhere; it is never committed, and
 * nobody else's.
 */
const OWN_SCHEMA = "holdfast_rehearsal_";

/**
 * What createExtensions would meet in a database, found out in a transaction that is rolled back; nothing is
 * changed. Those that the database has already are taken for granted.
 *
 * An extension's script finds what the users of a schema put there, so it is run in a schema of its own, or
 * in one that is the server's or new
 * (https://www.postgresql.org/docs/current/extend-extensions.html#EXTEND-EXTENSIONS-SECURITY).
 *
 * @param empty whether nobody has anything in the database
 * @returns those the server would refuse; not those it could not be asked about
 */
export async function rehearseExtensions(
  database: Database,
  extensions: readonly ExtensionRecord[],
  empty: boolean,
): Promise<readonly UnavailableExtension[]> {
  const refused: UnavailableExtension[] = [];
  for (;;) {
    await using session = await database.connect({ purpose: "restore plan" });
    const unlisted = await unavailableExtensions(session, extensions);
    const rows = await session.query<{ name: string }>(
      "SELECT extname::text AS name FROM pg_catalog.pg_extension",
    );
    if (await hasEventTriggers(session)) return unlisted;
    const known = new Set([...rows, ...unlisted, ...refused].map(({ name }) => name));
    const found = await rehearse(
      session,
      extensions.filter(({ name }) => !known.has(name)),
      empty,
    );
    refused.push(...found.refused);
    // One that ended the session leaves the others unasked.
    if (!found.ended || found.refused.length === 0) return [...unlisted, ...refused];
  }
}

/** They would act on what is rehearsed, and not all that they do is rolled back. */
async function hasEventTriggers(session: DatabaseSession): Promise<boolean> {
  const rows = await session.query("SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D' LIMIT 1");
  return rows.length > 0;
}

interface Rehearsal {
  readonly refused: readonly UnavailableExtension[];
  readonly ended: boolean;
}

async function rehearse(
  session: DatabaseSession,
  extensions: readonly ExtensionRecord[],
  empty: boolean,
): Promise<Rehearsal> {
  let waiting = extensions;
  let refused: UnavailableExtension[] = [];
  let unknown = false;
  let tried = Number.POSITIVE_INFINITY;
  await session.query("BEGIN READ WRITE");
  await session.query("SET LOCAL lock_timeout = '5s'");
  while (waiting.length > 0 && waiting.length < tried) {
    tried = waiting.length;
    refused = [];
    for (const extension of waiting) {
      const answer = await rehearseOne(session, extension, empty);
      if (answer === "made") continue;
      const { name, version, schema } = extension;
      if (answer === "unknown" || saysNothing(answer, unknown)) unknown = true;
      else refused.push({ name, version, schema, reason: serverWords(answer) });
      if (answer === "unknown" || (await goesOn(session))) continue;
      return { refused: refused.slice(-1), ended: true };
    }
    waiting = refused;
  }
  await session.query("ROLLBACK");
  const certain = refused.filter(({ reason }) => !(unknown && NEEDS_ANOTHER.test(reason ?? "")));
  return { refused: certain, ended: false };
}

async function rehearseOne(
  session: DatabaseSession,
  { name }: ExtensionRecord,
  empty: boolean,
): Promise<HoldfastError | "made" | "unknown"> {
  try {
    const [own] = await session.query<{ schema: string }>(
      `SELECT '${OWN_SCHEMA}' || pg_catalog.to_hex((pg_catalog.random() * 2147483647)::int) AS schema`,
    );
    const [row] = await session.query<{ schema: string | null; there: boolean }>(
      `
        SELECT v.schema::text AS schema, to_regnamespace(quote_ident(v.schema)) IS NOT NULL AS there
          FROM pg_catalog.pg_available_extensions e
          JOIN pg_catalog.pg_available_extension_versions v ON v.name = e.name
               AND v.version = e.default_version
         WHERE e.name = $1
      `,
      [name],
    );
    const schema = row?.schema ?? own!.schema;
    if (row?.there === true && !empty && schema !== "pg_catalog") return "unknown";
    await session.query("SAVEPOINT one");
    if (row?.there !== true) await session.query(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
    await session.query(`CREATE EXTENSION ${quoteIdentifier(name)} SCHEMA ${quoteIdentifier(schema)}`);
    return "made";
  } catch (error) {
    if (!isHoldfastError(error, "database.query", "database.permission", "database.lock-timeout")) {
      throw error;
    }
    return error;
  }
}

/** What a server says of an extension that needs one which is not there. */
const NEEDS_ANOTHER = /\(SQLSTATE 42704\)$/;
/** What a server says of something that is in the way. */
const IN_THE_WAY = /\(SQLSTATE (?:42P06|42P07|42710|42723)\)$/;

/** Locks of others, and things that are in the way now and will not be in an emptied or new database. */
function saysNothing(refusal: HoldfastError, unknown: boolean): boolean {
  const { code, message } = refusal;
  return (
    code === "database.lock-timeout" || IN_THE_WAY.test(message) || (unknown && NEEDS_ANOTHER.test(message))
  );
}

/** Takes a refusal back; false when it has ended the session. */
async function goesOn(session: DatabaseSession): Promise<boolean> {
  try {
    await session.query("ROLLBACK TO one");
    return true;
  } catch (error) {
    if (!isHoldfastError(error, "database.lost")) throw error;
    return false;
  }
}
