/**
 * Options are compared by the names that a person may set, never as a whole list: a server may keep
 * marks of its own among them. Debian's PostgreSQL 15.20 writes `pg_attver=<number>` into the options of
 * every user column.
 */

/**
 * https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-STORAGE-PARAMETERS; those
 * marked `toast.` exist for TOAST tables too.
 */
const TOAST_TOO = [
  "autovacuum_enabled",
  "autovacuum_freeze_max_age",
  "autovacuum_freeze_min_age",
  "autovacuum_freeze_table_age",
  "autovacuum_multixact_freeze_max_age",
  "autovacuum_multixact_freeze_min_age",
  "autovacuum_multixact_freeze_table_age",
  "autovacuum_vacuum_cost_delay",
  "autovacuum_vacuum_cost_limit",
  "autovacuum_vacuum_insert_scale_factor",
  "autovacuum_vacuum_insert_threshold",
  "autovacuum_vacuum_max_threshold",
  "autovacuum_vacuum_scale_factor",
  "autovacuum_vacuum_threshold",
  "log_autovacuum_min_duration",
  "vacuum_index_cleanup",
  "vacuum_max_eager_freeze_failure_rate",
  "vacuum_truncate",
];

export const TABLE_OPTIONS: readonly string[] = [
  ...TOAST_TOO,
  "autovacuum_analyze_scale_factor",
  "autovacuum_analyze_threshold",
  "fillfactor",
  "parallel_workers",
  "toast_tuple_target",
  "user_catalog_table",
];

/** Also settable on the TOAST table, as `toast.<name>`. */
export const TOAST_OPTIONS: readonly string[] = TOAST_TOO;

/** https://www.postgresql.org/docs/current/sql-createview.html */
export const VIEW_OPTIONS: readonly string[] = ["check_option", "security_barrier", "security_invoker"];

/** https://www.postgresql.org/docs/current/sql-altertable.html: attribute options. */
export const COLUMN_OPTIONS: readonly string[] = ["n_distinct", "n_distinct_inherited"];

/**
 * The options with these names as sorted text; null when there are none. Their order in the catalog depends
 * on how they were set.
 */
export function optionsNamed(list: string, names: readonly string[]): string {
  return `
    CASE WHEN ${list} IS NOT NULL
           THEN (SELECT string_agg(o, ',' ORDER BY o COLLATE "C")
                   FROM unnest(${list}) AS o
                  WHERE split_part(o, '=', 1) IN (${names.map((name) => `'${name}'`).join(", ")})) END
  `;
}

/**
 * All options as sorted text, where every name is a person's: those of foreign data wrappers,
 * settings of functions.
 */
export function allOptions(list: string): string {
  return `
    CASE WHEN ${list} IS NOT NULL
           THEN (SELECT string_agg(o, ',' ORDER BY o COLLATE "C") FROM unnest(${list}) AS o) END
  `;
}

/** Names that sound as if the value, or a part of it, were a secret, as does a connection string. */
const SECRET_NAMES = "pass|secret|token|key|cred|conn";

/**
 * All options as sorted text, those whose values may be secrets by their names alone: a digest would let a
 * reader confirm a guess.
 */
export function openOptions(list: string): string {
  return `
    CASE WHEN ${list} IS NOT NULL
           THEN (SELECT string_agg(CASE WHEN split_part(o, '=', 1) ~* '${SECRET_NAMES}'
                                          THEN split_part(o, '=', 1)
                                        ELSE o END,
                                   ',' ORDER BY o COLLATE "C")
                   FROM unnest(${list}) AS o) END
  `;
}

/**
 * Names of options that nobody is known to set, and which are therefore not compared: rows of `name`. Access
 * methods of extensions have their own.
 */
export const UNKNOWN_OPTIONS = `
  SELECT DISTINCT split_part(o, '=', 1) AS name
    FROM pg_attribute, unnest(attoptions) AS o
   WHERE attoptions IS NOT NULL
     AND split_part(o, '=', 1) NOT IN (${quoted(COLUMN_OPTIONS)})
     AND EXISTS (SELECT FROM pg_class c WHERE c.oid = attrelid AND c.relkind IN ('r', 'p', 'f', 'm'))
  UNION SELECT DISTINCT split_part(o, '=', 1)
          FROM pg_class c LEFT JOIN pg_am m ON m.oid = c.relam, unnest(c.reloptions) AS o
         WHERE c.relkind IN ('r', 'p', 'm', 'v')
           AND coalesce(m.amname, 'heap') = 'heap'
           AND split_part(o, '=', 1) NOT IN (${quoted([...TABLE_OPTIONS, ...VIEW_OPTIONS])})
         ORDER BY 1
`;

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}
