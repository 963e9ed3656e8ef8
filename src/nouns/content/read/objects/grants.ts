import { IN_SCOPE, notInExtension, WHOLE_DATABASE } from "../../scope.ts";
import { always, type ObjectClass, type ObjectField } from "./object-class.ts";
import { named, RELATION } from "./names.ts";

/**
 * Who may do what. An access list that was never touched (NULL) and one that spells the default out mean the
 * same, so lists are expanded against the default of their class and owner, and only what differs from the
 * default is recorded. The grantor is left out: a restore grants as whoever restores.
 */

/** An access list as sorted text: `grantee:PRIVILEGE`, `*` for the right to pass it on. */
const rights = (acl: string, where: string): string => `
  (SELECT string_agg(DISTINCT CASE WHEN x.grantee = 0 THEN 'public'
                                   ELSE quote_ident(pg_get_userbyid(x.grantee)) END
                     || ':' || x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END,
                     ',')
     FROM aclexplode(${acl}) x
    WHERE ${where})
`;

/** It came with 17, and whoever had all rights has it there: majors are compared without it. */
const MAINTAIN = "x.privilege_type = 'MAINTAIN'";
const fieldsOf = (acl: string): readonly ObjectField[] => [
  always("rights", rights(acl, `NOT ${MAINTAIN}`), "`GRANT`, `REVOKE`"),
  always("maintain", rights(acl, MAINTAIN), "`GRANT MAINTAIN`", { since: 17 }),
];

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
  /**
   * What the server makes and a person can make again, and the rights that it has from the server; its own
   * note of these goes with it.
   */
  readonly remade?: { readonly which: string; readonly rights: string };
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
    identity: `CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || ${RELATION}`,
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
    // Emptying a database in place makes `public` again, and pg_dump takes every `public` for the server's.
    // All could make things in it before 15.
    remade: {
      which: "n.nspname = 'public'",
      rights: `
        ARRAY[makeaclitem(0, n.nspowner, 'USAGE', false)]
          || CASE WHEN current_setting('server_version_num')::int < 150000 THEN ARRAY[
            makeaclitem(0, n.nspowner, 'CREATE', false)] END
      `,
    },
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
      `'function ' || ${named("n.nspname", "p.proname")} || '(' || ` +
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
    identity: `'type ' || ${named("n.nspname", "t.typname")}`,
  },
  {
    catalog: "pg_language",
    letter: "'l'",
    from: "pg_language l",
    oid: "l.oid",
    acl: "l.lanacl",
    owner: "l.lanowner",
    where: `l.lanispl AND ${WHOLE_DATABASE}`,
    identity: "'language ' || quote_ident(l.lanname)",
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

function granted({ catalog, letter, from, oid, acl, owner, where, identity }: Granted): ObjectClass {
  const standard = `acldefault(${letter}, ${owner})`;
  return {
    kind: "grant",
    identity,
    from: `
       FROM ${from}
      WHERE ${acl} IS NOT NULL
        AND ${where}
        AND ${notInExtension(catalog, oid)}
        AND ${rights(acl, "true")} IS DISTINCT FROM ${rights(standard, "true")}
    `,
    fields: fieldsOf(acl),
  };
}

const columns = (where: string): string => `
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${where}
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND ${IN_SCOPE}
    AND ${notInExtension("pg_class", "c.oid")}
`;

const onColumn: ObjectClass = {
  kind: "grant",
  identity: `'column ' || ${RELATION} || '.' || quote_ident(a.attname)`,
  from: columns("cardinality(a.attacl) > 0"),
  fields: fieldsOf("a.attacl"),
};

/** Rights that future objects will get: role, schema and class of objects → rights. */
const defaultPrivileges: ObjectClass = {
  kind: "default-privilege",
  identity:
    "quote_ident(pg_get_userbyid(d.defaclrole)) || coalesce(' in ' || quote_ident(n.nspname), '') " +
    "|| ' for ' || d.defaclobjtype::text",
  from: `
     FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    WHERE CASE WHEN d.defaclnamespace = 0 THEN ${WHOLE_DATABASE} ELSE ${IN_SCOPE} END
  `,
  fields: fieldsOf("d.defaclacl"),
};

/**
 * Rights as they hold: of a list that was never touched, those that the server gives of itself. Also of what
 * future objects get from a role in every schema.
 */
const effective = ({ catalog, letter, from, oid, acl, owner, where, identity }: Granted): ObjectClass => ({
  kind: "grant",
  identity,
  from: `FROM ${from} WHERE ${where} AND ${notInExtension(catalog, oid)}`,
  fields: [always("all", rights(`coalesce(${acl}, acldefault(${letter}, ${owner}))`, "true"), "`GRANT`")],
});

/** A column gives nothing of itself, so most have an empty list. */
const effectiveOfColumns: ObjectClass = {
  ...onColumn,
  from: columns("c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S')"),
  fields: [always("all", rights("a.attacl", "true"), "`GRANT`")],
};

const effectiveDefaults: ObjectClass = {
  kind: "default-privilege",
  identity: "quote_ident(r.rolname) || ' for ' || k.type::text",
  // Large objects have them since 18.
  from: `
     FROM pg_roles r CROSS JOIN (VALUES ('r'::"char"), ('S'), ('f'), ('T'), ('n'), ('L')) AS k (type)
    WHERE ${WHOLE_DATABASE}
      AND (k.type <> 'L' OR current_setting('server_version_num')::int >= 180000)
      AND NOT EXISTS (SELECT FROM pg_default_acl d
                       WHERE d.defaclrole = r.oid AND d.defaclnamespace = 0 AND d.defaclobjtype = k.type)
  `,
  fields: [
    always(
      "all",
      rights(`acldefault(CASE k.type WHEN 'S' THEN 's'::"char" ELSE k.type END, r.oid)`, "true"),
      "`ALTER DEFAULT PRIVILEGES`",
    ),
  ],
};

/** Every list of rights, also those that nobody has touched: field `all`. */
export const EFFECTIVE_RIGHTS: readonly ObjectClass[] = [
  ...GRANTED.map(effective),
  effectiveOfColumns,
  {
    ...defaultPrivileges,
    fields: [always("all", rights("d.defaclacl", "true"), "`ALTER DEFAULT PRIVILEGES`")],
  },
  effectiveDefaults,
];

/**
 * What was noted of an object when its extension, or the server, was made:
 * https://www.postgresql.org/docs/current/catalog-pg-init-privs.html
 */
const noted = (catalog: string, oid: string): string => `
  (SELECT i.initprivs
     FROM pg_init_privs i
    WHERE i.classoid = '${catalog}'::regclass AND i.objoid = ${oid} AND i.objsubid = 0)
`;

/** What the object had then. */
const initial = (catalog: string, oid: string, standard: string): string =>
  `coalesce(${noted(catalog, oid)}, ${standard})`;

/** Rights of one access list that another one has not, as {@link rights}. */
const beyond = (acl: string, other: string, where: string): string =>
  rights(
    acl,
    `
      ${where}
        AND NOT EXISTS (SELECT FROM aclexplode(${other}) y
                         WHERE y.grantee = x.grantee
                           AND y.privilege_type = x.privilege_type
                           AND y.is_grantable = x.is_grantable)
    `,
  );

/** Identities of what {@link onMembers} reads begin with one of these. */
const MEMBER = "member ";
const SERVERS = "catalog ";

/** Whether a grant is on a member of an extension or on an object of the server's own. */
export function isOnMember(identity: string): boolean {
  return identity.startsWith(MEMBER) || identity.startsWith(SERVERS);
}

/**
 * Rights on what extensions and the server bring: pg_dump writes only what was changed after that, so only
 * changes are read, and of those only the public's. What a role has there depends on who made the extension:
 * the owner needs no grant, and the copy's owner is another; a default privilege may have given it, which the
 * copy never had.
 */
function onMembers({
  catalog,
  letter,
  from,
  oid,
  acl,
  owner,
  where,
  identity,
  remade,
}: Granted): ObjectClass {
  const standard = `acldefault(${letter}, ${owner})`;
  const before = initial(
    catalog,
    oid,
    remade === undefined ? standard : `CASE WHEN ${remade.which} THEN ${remade.rights} ELSE ${standard} END`,
  );
  const isServers = `(${oid} < 16384${remade === undefined ? "" : ` OR ${remade.which}`})`;
  const given = beyond(acl, before, "x.grantee = 0");
  const taken = beyond(before, acl, "x.grantee = 0");
  // Most lists are what they were, which is seen without taking them apart; and without looking for each by
  // itself, which costs more than all the rest of what is asked of grants.
  const changed = `
    (${remade === undefined ? "" : `${remade.which} OR `}(${oid}, ${acl}) NOT IN (
      SELECT i.objoid, i.initprivs
        FROM pg_init_privs i
       WHERE i.classoid = '${catalog}'::regclass AND i.objsubid = 0))
  `;
  const inSchema = where.replace(
    IN_SCOPE,
    `(${IN_SCOPE} OR n.nspname = 'pg_catalog' AND ${oid} < 16384 AND ${WHOLE_DATABASE})`,
  );
  return {
    kind: "grant",
    title: "grant on a member of an extension, or on an object of the server's own",
    identity: `CASE WHEN ${isServers} THEN '${SERVERS}' ELSE '${MEMBER}' END || ${identity}`,
    from: `
       FROM ${from}
      WHERE ${acl} IS NOT NULL
        AND ${changed}
        AND ${inSchema}
        AND (${isServers} OR NOT ${notInExtension(catalog, oid)})
        AND coalesce(${given}, ${taken}) IS NOT NULL
    `,
    fields: [always("given", given, "`GRANT … TO PUBLIC`"), always("taken", taken, "`REVOKE … FROM PUBLIC`")],
  };
}

/** Classes that extensions and the server have members of. */
const WITH_MEMBERS: ReadonlySet<string> = new Set([
  "pg_class",
  "pg_proc",
  "pg_type",
  "pg_namespace",
  "pg_foreign_data_wrapper",
]);

export const GRANT_CLASSES: readonly ObjectClass[] = [
  ...GRANTED.map(granted),
  onColumn,
  defaultPrivileges,
  ...GRANTED.filter(({ catalog }) => WITH_MEMBERS.has(catalog)).map(onMembers),
];
