import { sha256 } from "../../../kernel/streams.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { DatabaseRecord } from "../record.ts";

const PROVIDERS: Readonly<Record<string, DatabaseRecord["provider"]>> = { c: "libc", i: "icu", b: "builtin" };

interface Row {
  readonly provider: string;
  readonly locale: string | null;
  readonly rules: string | null;
  readonly owner: string;
  readonly rights: string;
  readonly settings: string[];
  readonly comment: string | null;
  readonly list: NonNullable<DatabaseRecord["rights"]>;
}

/**
 * What belongs to the database itself. Of its settings only the names, because values may be secrets. Columns
 * that only newer servers have are read through `to_jsonb`: the provider came with 15, the ICU locale was
 * `daticulocale` until 16.
 */
export async function readDatabaseRecord(session: DatabaseSession): Promise<DatabaseRecord> {
  const [row] = await session.query<Row>(`
    SELECT coalesce(to_jsonb(d.*) ->> 'datlocprovider', 'c') AS provider,
           coalesce(to_jsonb(d.*) ->> 'datlocale', to_jsonb(d.*) ->> 'daticulocale') AS locale,
           to_jsonb(d.*) ->> 'daticurules' AS rules, pg_get_userbyid(d.datdba)::text AS owner,
           coalesce((SELECT string_agg(
             DISTINCT CASE WHEN x.grantee = 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
             || ':' || x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END,
             ',')
                       FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x),
                    '') AS rights,
           ARRAY(SELECT split_part(entry, '=', 1) || coalesce(' for role ' || r.rolname, '')
                   FROM pg_db_role_setting s
                   LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS entry
                  WHERE s.setdatabase = d.oid
                  ORDER BY 1) AS settings,
           shobj_description(d.oid, 'pg_database') AS comment,
           coalesce((SELECT json_agg(DISTINCT jsonb_build_array(
             CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee)::text END,
             x.privilege_type, x.is_grantable))
                       FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x),
                    '[]'::json) AS list
      FROM pg_database d
     WHERE d.datname = current_database()
  `);
  const { provider, locale, rules, owner, rights, settings, comment, list } = row!;
  const digest = (text: string): string => sha256(text).slice(0, 16);
  return {
    provider: PROVIDERS[provider] ?? "libc",
    locale,
    icuRules: rules,
    owner: digest(owner),
    grants: digest(rights),
    settings,
    rights: list,
    comment: comment === null ? null : digest(comment),
  };
}
