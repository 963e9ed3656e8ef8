import { cutAfter, outsideQuotes } from "../../kernel/sql-quotes.ts";
import { refusal } from "../../content/refusal.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/** One right that an archive's statement gives, which may give several. */
export interface SingleRight {
  readonly role: string;
  readonly right: string;
  /** In quotes where it needs them, as in the statement. */
  readonly column: string | undefined;
  /** `TABLE`, `FUNCTION` … */
  readonly kind: string;
  /** As the statement writes it. */
  readonly object: string;
  readonly grantable: boolean;
  /** That gives this one alone. */
  readonly sql: string;
}

/** What ALL stands for, of each kind of which the platform has things in its schemas. */
const ALL: Readonly<Record<string, readonly string[]>> = {
  TABLE: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"], SEQUENCE: ["USAGE", "SELECT", "UPDATE"],
  FUNCTION: ["EXECUTE"], PROCEDURE: ["EXECUTE"], SCHEMA: ["CREATE", "USAGE"], TYPE: ["USAGE"],
};
const ALL_OF_COLUMN = ["SELECT", "INSERT", "UPDATE", "REFERENCES"];

/** The end of a statement: the grantee may be quoted. */
const TO = /^ (TABLE|SEQUENCE|FUNCTION|PROCEDURE|SCHEMA|TYPE) (.+) TO ("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)( WITH GRANT OPTION)?;\s*$/s;

/**
 * The rights that a GRANT of an archive gives; none where it is no such statement.
 *
 * @param sourceMajor of the server that was backed up: since 17 tables have a right more
 */
export function singleRights(statement: string, sourceMajor: number): readonly SingleRight[] {
  const text = statement.trimStart();
  const on = text.startsWith("GRANT ") ? [...outsideQuotes(text)].find((at) => text.startsWith(" ON ", at)) : undefined;
  const [, kind, object, grantee, option] = on === undefined ? [] : TO.exec(text.slice(on + " ON".length)) ?? [];
  if (on === undefined || kind === undefined || object === undefined || grantee === undefined) return [];
  const role = grantee.startsWith('"') ? grantee.slice(1, -1).replaceAll('""', '"') : grantee;
  return cutAfter(text.slice("GRANT ".length, on), ",").flatMap((item) => {
    const [, word = "", column] = /^\s*([A-Z]+)(?:\((.+)\))?,?$/s.exec(item) ?? [];
    const whole = [...(ALL[kind] ?? []), ...(kind === "TABLE" && sourceMajor >= 17 ? ["MAINTAIN"] : [])];
    const rights = word !== "ALL" ? [word] : column === undefined ? whole : ALL_OF_COLUMN;
    return rights.map((right): SingleRight => ({
      role, right, column, kind, object, grantable: option !== undefined,
      sql: `GRANT ${right}${column === undefined ? "" : `(${column})`} ON ${kind} ${object} TO ${grantee}${option ?? ""}`,
    }));
  });
}

/** How a right that somebody has, or has by a role or by PUBLIC, is asked for: $1 who, $2 on what, $3 which, $4 of which column. */
const HELD: Readonly<Record<string, string>> = {
  TABLE: "CASE WHEN $4::text IS NULL THEN has_table_privilege($1::name, to_regclass($2)::oid, $3) ELSE has_column_privilege($1::name, to_regclass($2)::oid, $4::text, $3) END",
  SEQUENCE: "has_sequence_privilege($1::name, to_regclass($2)::oid, $3)",
  SCHEMA: "has_schema_privilege($1::name, (SELECT oid FROM pg_namespace WHERE quote_ident(nspname) = $2), $3)",
  TYPE: "has_type_privilege($1::name, to_regtype($2)::oid, $3)",
  FUNCTION: `has_function_privilege($1::name, (SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' = $2), $3)`,
};

/** Whether the role can do it now; what could not be asked counts as no. */
export async function isHeld(session: DatabaseSession, { role, right, column, kind, object, grantable }: SingleRight): Promise<boolean> {
  const asked = HELD[kind === "PROCEDURE" ? "FUNCTION" : kind];
  const name = column?.startsWith('"') === true ? column.slice(1, -1).replaceAll('""', '"') : column;
  let held = false;
  await refusal(session, async () => {
    const [row] = await session.query<{ held: boolean | null }>(
      `SELECT ${asked} AS held WHERE $4::text IS NULL OR true`, [role, object, `${right}${grantable ? " WITH GRANT OPTION" : ""}`, name ?? null],
    );
    held = row?.held === true;
  });
  return held;
}
