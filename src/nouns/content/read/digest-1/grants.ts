import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";

/**
 * Who may do what. An access list that was never touched (NULL) and one that spells the default out mean the
 * same, so lists are expanded against the default of their class and owner, and only what differs from the
 * default is recorded. The grantor is left out: a restore grants as whoever restores.
 */

/** An access list as sorted text: `grantee:PRIVILEGE`, `*` for the right to pass it on. */
const rights = (acl: string, where = "true"): string => `
  coalesce((SELECT string_agg(
    DISTINCT CASE WHEN x.grantee = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(x.grantee)) END || ':'
    || x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END,
    ',')
              FROM aclexplode(${acl}) x
             WHERE ${where}),
           '')
`;

/** Rights that every major version knows: MAINTAIN came with 17, and whoever had all rights has it there. */
const PORTABLE = "x.privilege_type <> 'MAINTAIN'";

interface Granted {
  readonly catalog: string;
  /** Letter of `acldefault`: https://www.postgresql.org/docs/current/functions-info.html */
  readonly letter: string;
  readonly from: string;
  readonly oid: string;
  readonly acl: string;
  readonly owner: string;
  readonly identity: string;
  readonly where: string;
}

const GRANTED: readonly Granted[] = [
  {
    catalog: "pg_class",
    letter: "CASE WHEN c.relkind = 'S' THEN 's'::\"char\" ELSE 'r'::\"char\" END",
    from: "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
    oid: "c.oid",
    acl: "c.relacl",
    owner: "c.relowner",
    where: `c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S') AND ${IN_SCOPE}`,
    identity: `
      (CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END) || quote_ident(n.nspname) || '.'
        || quote_ident(c.relname)
    `,
  },
  {
    catalog: "pg_namespace",
    letter: "'n'",
    from: "pg_namespace n",
    oid: "n.oid",
    acl: "n.nspacl",
    owner: "n.nspowner",
    where: IN_SCOPE,
    identity: "'schema ' || quote_ident(n.nspname)",
  },
  {
    catalog: "pg_proc",
    letter: "'f'",
    from: "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace",
    oid: "p.oid",
    acl: "p.proacl",
    owner: "p.proowner",
    where: IN_SCOPE,
    identity:
      "'function ' || quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || " +
      "pg_get_function_identity_arguments(p.oid) || ')'",
  },
  {
    catalog: "pg_type",
    letter: "'T'",
    from: "pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace",
    oid: "t.oid",
    acl: "t.typacl",
    owner: "t.typowner",
    where: `
      ${IN_SCOPE}
        AND t.typtype IN ('b', 'c', 'd', 'e', 'r')
        AND NOT EXISTS (SELECT FROM pg_type el WHERE el.typarray = t.oid)
        AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
    `,
    identity: "'type ' || quote_ident(n.nspname) || '.' || quote_ident(t.typname)",
  },
  {
    catalog: "pg_foreign_server",
    letter: "'S'",
    from: "pg_foreign_server s",
    oid: "s.oid",
    acl: "s.srvacl",
    owner: "s.srvowner",
    where: WHOLE_DATABASE,
    identity: "'server ' || quote_ident(s.srvname)",
  },
  {
    catalog: "pg_foreign_data_wrapper",
    letter: "'F'",
    from: "pg_foreign_data_wrapper w",
    oid: "w.oid",
    acl: "w.fdwacl",
    owner: "w.fdwowner",
    where: WHOLE_DATABASE,
    identity: "'wrapper ' || quote_ident(w.fdwname)",
  },
  {
    catalog: "pg_largeobject",
    letter: "'L'",
    from: "pg_largeobject_metadata l",
    oid: "l.oid",
    acl: "l.lomacl",
    owner: "l.lomowner",
    where: WHOLE_DATABASE,
    identity: "'large object ' || l.oid",
  },
];

/** Rows of `identity`, `definition` for every object and column whose rights are not the default. */
export const GRANTS_QUERY = `
  SELECT identity, definition, portable FROM (
    ${GRANTED.map(
      ({ catalog, letter, from, oid, acl, owner, where, identity }) => `
        SELECT ${identity} AS identity,
               ${rights(`coalesce(${acl}, acldefault(${letter}, ${owner}))`)} AS definition,
               ${rights(`acldefault(${letter}, ${owner})`)} AS standard,
               ${rights(`coalesce(${acl}, acldefault(${letter}, ${owner}))`, PORTABLE)} AS portable
          FROM ${from}
         WHERE ${acl} IS NOT NULL AND ${where} AND ${notInExtension(catalog, oid)}
      `,
    ).join(" UNION ALL ")}
    UNION ALL
    SELECT 'column ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) || '.'
                                              || quote_ident(a.attname),
           ${rights("a.attacl")}, '', ${rights("a.attacl", PORTABLE)}
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE a.attacl IS NOT NULL
       AND NOT a.attisdropped
       AND ${IN_SCOPE}
       AND ${notInExtension("pg_class", "c.oid")}
  ) AS granted WHERE definition <> standard
`;

/** Rights that future objects will get: role, schema and class of objects → rights. */
export const DEFAULT_PRIVILEGES_QUERY = `
  SELECT quote_ident(pg_get_userbyid(d.defaclrole)) || coalesce(' in ' || quote_ident(n.nspname), '')
    || ' for ' || d.defaclobjtype::text AS identity,
         ${rights("d.defaclacl")} AS definition
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
   WHERE CASE WHEN d.defaclnamespace = 0 THEN ${WHOLE_DATABASE} ELSE ${IN_SCOPE} END
`;
