import { isHoldfastError } from "../../../kernel/errors.ts";
import { displayPart } from "../../../postgres/display-name.ts";
import { likelyNamesOf } from "../../copy/artifacts/toc-names.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import { readDigests } from "../../../nouns/content/read/objects/field-digests.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { Database, DatabaseSession } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import { FUNCTION_KINDS, functionsOfSuperusers } from "./superusers-functions.ts";

/** How something is tried. */
interface Asked {
  /** What the attempt needs and every role may; where it is refused nothing is known. */
  readonly before?: string;
  readonly attempt: string;
}

/** Who may make nothing temporary may have nothing in `pg_temp` either. */
const SOMETHING_TEMPORARY = "CREATE TEMPORARY TABLE holdfast_asks_first ()";

/**
 * What PostgreSQL lets only a superuser make, by types of archive entries: what people call it, and how it is
 * tried whether this role may all the same (https://www.postgresql.org/docs/current/sql-commands.html, each
 * under its own CREATE; tried on 15). A base type stands behind its shell. What is tried is refused before
 * anything else is looked at, and where what comes before it is refused nothing is known.
 */
const SUPERUSER_ONLY: Readonly<Record<string, Asked & { readonly word: string }>> = {
  "EVENT TRIGGER": {
    word: "event trigger",
    // The server brings no function that one could call.
    before: "CREATE FUNCTION pg_temp.holdfast_asks() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    attempt: "CREATE EVENT TRIGGER holdfast_asks ON sql_drop EXECUTE FUNCTION pg_temp.holdfast_asks()",
  },
  "PUBLICATION TABLES IN SCHEMA": {
    word: "publication of whole schemas",
    before: "CREATE PUBLICATION holdfast_asks_first",
    attempt: "CREATE PUBLICATION holdfast_asks FOR TABLES IN SCHEMA pg_catalog",
  },
  "FOREIGN DATA WRAPPER": {
    word: "foreign data wrapper",
    attempt: "CREATE FOREIGN DATA WRAPPER holdfast_asks",
  },
  "ACCESS METHOD": {
    word: "access method",
    attempt: "CREATE ACCESS METHOD holdfast_asks TYPE TABLE HANDLER pg_catalog.heap_tableam_handler",
  },
  "OPERATOR CLASS": {
    word: "operator class",
    before: SOMETHING_TEMPORARY,
    attempt:
      "CREATE OPERATOR CLASS pg_temp.holdfast_asks FOR TYPE pg_catalog.int4 USING btree " +
      "AS OPERATOR 1 OPERATOR(pg_catalog.<)",
  },
  "OPERATOR FAMILY": {
    word: "operator family",
    before: SOMETHING_TEMPORARY,
    attempt: "CREATE OPERATOR FAMILY pg_temp.holdfast_asks USING btree",
  },
  "SHELL TYPE": {
    word: "base type",
    before: SOMETHING_TEMPORARY,
    attempt: "CREATE TYPE pg_temp.holdfast_asks",
  },
  "TEXT SEARCH PARSER": {
    word: "text search parser",
    before: SOMETHING_TEMPORARY,
    attempt:
      "CREATE TEXT SEARCH PARSER pg_temp.holdfast_asks (START = pg_catalog.prsd_start, " +
      "GETTOKEN = pg_catalog.prsd_nexttoken, END = pg_catalog.prsd_end, LEXTYPES = pg_catalog.prsd_lextype)",
  },
  "TEXT SEARCH TEMPLATE": {
    word: "text search template",
    before: SOMETHING_TEMPORARY,
    attempt: "CREATE TEXT SEARCH TEMPLATE pg_temp.holdfast_asks (LEXIZE = pg_catalog.dsimple_lexize)",
  },
  "PROCEDURAL LANGUAGE": {
    word: "language",
    attempt: "CREATE LANGUAGE holdfast_asks HANDLER pg_catalog.plpgsql_call_handler",
  },
};

/** The same for publications of all tables, of which an archive does not say that they are. */
const ALL_TABLES: Asked = {
  before: "CREATE PUBLICATION holdfast_asks_first",
  attempt: "CREATE PUBLICATION holdfast_asks FOR ALL TABLES",
};

/** Type of an entry that may be a publication of all tables. */
export const PUBLICATION = "PUBLICATION";

/** Whoever makes a cast owns one of its types; of the server's own types that is nobody but a superuser. */
const CAST_OF_SERVERS_TYPES = "CAST OF THE SERVER'S TYPES";
const SERVERS_CAST: Asked & { readonly word: string } = {
  word: "cast between the server's own types",
  attempt: "CREATE CAST (pg_catalog.text AS pg_catalog.point) WITH INOUT",
};

/** How it is asked whether this role may make what only a superuser may. */
function askedOf(type: string): Asked {
  const kind = FUNCTION_KINDS.get(type);
  if (kind !== undefined) return { before: SOMETHING_TEMPORARY, attempt: kind.attempt };
  if (type === CAST_OF_SERVERS_TYPES) return SERVERS_CAST;
  return type === PUBLICATION ? ALL_TABLES : SUPERUSER_ONLY[type]!;
}

/** What people call it. */
export function wordOf(type: string): string {
  return (
    FUNCTION_KINDS.get(type)?.word ??
    (type === CAST_OF_SERVERS_TYPES ? SERVERS_CAST : SUPERUSER_ONLY[type]!).word
  );
}

/** What came of asking. */
export interface TypesAsked {
  /** Of the types that were asked about, those of which this role may make none. */
  readonly refused: ReadonlySet<string>;
  /** Those of which nothing is known. */
  readonly unasked: ReadonlySet<string>;
}

/**
 * Asks for types of entries whether this role may make such. A platform may let roles make what else only
 * superusers may, so it is tried and taken back.
 *
 * @param session in a transaction
 */
export async function askTypes(session: DatabaseSession, types: Iterable<string>): Promise<TypesAsked> {
  const [found, unknown] = [new Set<string>(), new Set<string>()];
  for (const type of new Set(types)) {
    const { before, attempt } = askedOf(type);
    const refusedTo = (sql: string): ReturnType<typeof refusal> =>
      refusal(session, () => session.query(sql), "database.permission", "database.query");
    await session.query("SAVEPOINT asking");
    const unasked = before === undefined ? undefined : await refusedTo(before);
    // Whoever may make one is told what else is wrong with the attempt, if anything.
    const refused = unasked === undefined ? await refusedTo(attempt) : undefined;
    await session.query("ROLLBACK TO SAVEPOINT asking; RELEASE SAVEPOINT asking");
    if (unasked !== undefined || (refused !== undefined && SAYS_NOTHING.test(refused.message))) {
      unknown.add(type);
    } else if (isHoldfastError(refused, "database.permission")) found.add(type);
  }
  return { refused: found, unasked: unknown };
}

/** A server that does not know the statement, or a database without the language, says nothing of rights. */
const SAYS_NOTHING = /SQLSTATE (?:42601|42704)/;

/** What every server has, and where nobody's event triggers act. */
const MAINTENANCE = "postgres";

/**
 * The same for a new database on the server. Event triggers of the target would act on what is tried; then it
 * is asked where people keep none.
 */
export async function askTypesForNew(target: Database, types: ReadonlySet<string>): Promise<TypesAsked> {
  let known: TypesAsked = { refused: new Set(), unasked: types };
  for (const database of new Set([target.address.database, MAINTENANCE])) {
    if (known.unasked.size === 0) break;
    const session = await target.connect({ purpose: "restore plan", database }).catch((error: unknown) => {
      if (database === target.address.database || !isHoldfastError(error)) throw error;
      return undefined;
    });
    if (session === undefined) continue;
    await using _ = session;
    const acting = await session.query(
      "SELECT FROM pg_catalog.pg_event_trigger WHERE evtenabled <> 'D' LIMIT 1",
    );
    if (acting.length > 0) continue;
    await session.query("BEGIN READ WRITE");
    try {
      const { refused, unasked } = await askTypes(session, known.unasked);
      known = { refused: new Set([...known.refused, ...refused]), unasked };
    } finally {
      await session.query("ROLLBACK").catch(() => undefined);
    }
  }
  return known;
}

/** Whether an entry is of a publication of all tables, which an archive does not say: the record does. */
export function isOfAllTables(entry: TocEntry, { digests, objects }: ContentRecord): boolean {
  if (entry.type !== PUBLICATION || digests !== 2) return false;
  return readDigests(objects.publication?.[displayPart(likelyNamesOf(entry).tag)] ?? "").has("all-tables");
}

/** An entry that only a superuser may make. */
export interface OfSuperuser {
  readonly entry: TocEntry;
  /** What is asked for it, as {@link askTypes} takes it: its type, or more than that. */
  readonly asked: string;
}

/** Of an archive, the entries that only a superuser may make, as far as its types and the record tell. */
export function ofSuperusers(entries: readonly TocEntry[], content: ContentRecord): readonly OfSuperuser[] {
  const functions = functionsOfSuperusers(entries, content);
  // A type of the user's, or of an extension's, is what a cast needs besides its function.
  const routines = new Set(entries.filter(({ type }) => type === "FUNCTION").map(({ id }) => id));
  return entries.flatMap((entry) => {
    const asked = functions.get(entry.id);
    if (asked !== undefined) return [{ entry, asked }];
    if (entry.type === "CAST" && entry.needs.every((id) => routines.has(id))) {
      return [{ entry, asked: CAST_OF_SERVERS_TYPES }];
    }
    return Object.hasOwn(SUPERUSER_ONLY, entry.type) || isOfAllTables(entry, content)
      ? [{ entry, asked: entry.type }]
      : [];
  });
}
