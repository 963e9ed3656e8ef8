import { cutAfter, outsideQuotes } from "../../../postgres/sql-quotes.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { ARCHIVED_ROUTINE } from "./archived-arguments.ts";
import { anyOf } from "../../../kernel/pattern.ts";

/** One right that an archive's statement gives, which may give several. */
export interface SingleRight {
  readonly role: string;
  readonly right: string;
  /** In quotes where it needs them, as in the statement. */
  readonly column: string | undefined;
  /** `TABLE`, `FUNCTION` … */
  readonly kind: string;
  /** As the statement writes it; empty for what future objects give. */
  readonly object: string;
  /** Whose future objects give it, and in which schema. */
  readonly future?: { readonly owner: string; readonly schema: string | undefined };
  readonly grantable: boolean;
  /** That gives this one alone. */
  readonly sql: string;
}

/** What ALL stands for, of each kind that rights are given on. */
const ALL: Readonly<Record<string, readonly string[]>> = {
  TABLE: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"],
  SEQUENCE: ["USAGE", "SELECT", "UPDATE"],
  FUNCTION: ["EXECUTE"],
  PROCEDURE: ["EXECUTE"],
  SCHEMA: ["CREATE", "USAGE"],
  TYPE: ["USAGE"],
  LANGUAGE: ["USAGE"],
  "FOREIGN SERVER": ["USAGE"],
  "FOREIGN DATA WRAPPER": ["USAGE"],
  "LARGE OBJECT": ["SELECT", "UPDATE"],
};
const ALL_OF_COLUMN = ["SELECT", "INSERT", "UPDATE", "REFERENCES"];

/** What default privileges are for is named in the plural. */
const PLURAL: Readonly<Record<string, string>> = {
  TABLES: "TABLE",
  SEQUENCES: "SEQUENCE",
  FUNCTIONS: "FUNCTION",
  TYPES: "TYPE",
  SCHEMAS: "SCHEMA",
  "LARGE OBJECTS": "LARGE OBJECT",
};

/** A name as an archive writes it, quoted where it must be. */
const NAME = /"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*/.source;
/** The beginning of one that says what future objects give: whose, and in which schema. */
const FUTURE = new RegExp(`^ALTER DEFAULT PRIVILEGES FOR ROLE (${NAME}) (?:IN SCHEMA (${NAME}) )?(?=GRANT )`);
/** What rights are given on. */
const KIND = anyOf(
  /TABLES?|SEQUENCES?|FUNCTIONS?|SCHEMAS?|TYPES?|LARGE OBJECTS?/,
  /PROCEDURE|LANGUAGE|FOREIGN SERVER|FOREIGN DATA WRAPPER/,
).source;
/** The end of a statement. */
const TO = new RegExp(String.raw`^ (${KIND})(?: (.*))? TO (${NAME})( WITH GRANT OPTION)?;\s*$`, "s");

/**
 * The rights that a GRANT of an archive gives; none where it is no such statement.
 *
 * @param sourceMajor of the server that was backed up: since 17 tables have a right more
 */
export function singleRights(statement: string, sourceMajor: number): readonly SingleRight[] {
  const [future = "", owner, schema] = FUTURE.exec(statement.trimStart()) ?? [];
  const text = statement.trimStart().slice(future.length);
  const on = text.startsWith("GRANT ")
    ? [...outsideQuotes(text)].find((at) => text.startsWith(" ON ", at))
    : undefined;
  const [, words, object = "", grantee, option] =
    on === undefined ? [] : (TO.exec(text.slice(on + " ON".length)) ?? []);
  if (on === undefined || words === undefined || grantee === undefined) return [];
  // One names an object, the other only its kind.
  if ((object === "") !== (owner !== undefined && PLURAL[words] !== undefined)) return [];
  const kind = PLURAL[words] ?? words;
  return cutAfter(text.slice("GRANT ".length, on), ",").flatMap((item) => {
    const [, word = "", column] = /^\s*([A-Z]+)(?:\((.+)\))?,?$/s.exec(item) ?? [];
    const whole = [...(ALL[kind] ?? []), ...(kind === "TABLE" && sourceMajor >= 17 ? ["MAINTAIN"] : [])];
    const rights = word !== "ALL" ? [word] : column === undefined ? whole : ALL_OF_COLUMN;
    return rights.map((right): SingleRight => ({
      role: plain(grantee),
      right,
      column,
      kind,
      object,
      grantable: option !== undefined,
      ...(owner === undefined
        ? {}
        : { future: { owner: plain(owner), schema: schema === undefined ? undefined : plain(schema) } }),
      sql:
        `${future}GRANT ${right}${column === undefined ? "" : `(${column})`} ON ` +
        `${words}${object === "" ? "" : ` ${object}`} TO ${grantee}${option ?? ""}`,
    }));
  });
}

/** A name as a statement writes it, without its quotes. */
export function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/**
 * How a right that somebody has, or has by a role or by PUBLIC, is asked for: $1 who, $2 on what, $3 which,
 * $4 of which column.
 */
const HELD: Readonly<Record<string, string>> = {
  TABLE: `
    CASE WHEN $4::text IS NULL THEN has_table_privilege($1::name, to_regclass($2)::oid, $3)
         ELSE has_column_privilege($1::name, to_regclass($2)::oid, $4::text, $3) END
  `,
  SEQUENCE: "has_sequence_privilege($1::name, to_regclass($2)::oid, $3)",
  SCHEMA:
    "has_schema_privilege($1::name, (SELECT oid FROM pg_namespace WHERE quote_ident(nspname) = $2), $3)",
  TYPE: "has_type_privilege($1::name, to_regtype($2)::oid, $3)",
  LANGUAGE:
    "has_language_privilege($1::name, (SELECT oid FROM pg_language WHERE quote_ident(lanname) = $2), $3)",
  "FOREIGN SERVER":
    "has_server_privilege($1::name, (SELECT oid FROM pg_foreign_server WHERE quote_ident(srvname) = $2), $3)",
  "FOREIGN DATA WRAPPER": `
    has_foreign_data_wrapper_privilege($1::name,
                                       (SELECT oid
                                          FROM pg_foreign_data_wrapper
                                         WHERE quote_ident(fdwname) = $2),
                                       $3)
  `,
  FUNCTION: `
    has_function_privilege($1::name,
                           (SELECT p.oid
                              FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                             WHERE ${ARCHIVED_ROUTINE} = $2),
                           $3)
  `,
};

/**
 * Whether the role can do it now; undefined where no function of the server's tells. What it refused to tell
 * counts as no.
 */
export async function isHeld(
  session: DatabaseSession,
  { role, right, column, kind, object, grantable, future }: SingleRight,
): Promise<boolean | undefined> {
  const asked = HELD[kind === "PROCEDURE" ? "FUNCTION" : kind];
  if (asked === undefined || future !== undefined) return undefined;
  let held = false;
  await refusal(session, async () => {
    const [row] = await session.query<{ held: boolean | null }>(
      `SELECT ${asked} AS held WHERE $4::text IS NULL OR true`,
      [
        role,
        object,
        `${right}${grantable ? " WITH GRANT OPTION" : ""}`,
        column === undefined ? null : plain(column),
      ],
    );
    held = row?.held === true;
  });
  return held;
}
