import type { DefinitionText } from "../../../copy/artifacts/definition-script.ts";
import { ARCHIVED_ROUTINE } from "../../../copy/rights/archived-arguments.ts";
import { statementsOf } from "../../../copy/rights/give-singly.ts";
import { mayBecome } from "../../../copy/rights/reach-roles.ts";
import { singleRights, type SingleRight } from "../../../copy/rights/single-rights.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import { outsideQuotes } from "../../../../postgres/sql-quotes.ts";
import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import { leadingNames, wordAndRest } from "../../../../nouns/platform/identity.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { inSequence } from "../../../../kernel/pattern.ts";

/** The rights on one object of the platform's: as they stand at the target, and made those of an archive. */

/** One right that somebody has on it; null is everybody. */
interface Item {
  readonly grantee: string | null;
  readonly right: string;
  readonly grantable: boolean;
  readonly grantor: string;
}

interface AccessList {
  /** As GRANT has it, behind ON. */
  readonly object: string;
  /** Behind every right of a column's; empty for all else. */
  readonly columns: string;
  readonly owner: string;
  /** What the session's role was set to. */
  readonly role: string;
  /** As an archive writes a function; null for all else. */
  readonly archived: string | null;
  /** Of others than the owner. */
  readonly items: readonly Item[];
  /** What the server gives of itself to everybody. */
  readonly standard: readonly string[];
}

/** A reason that is told of another role by itself. */
export const TOLD_ALREADY = "";

/**
 * A right on an object begins with what is allowed, in capitals; a role's name, of which one becomes a
 * member, never does.
 */
const ON_OBJECT = inSequence(
  /^\s*(?:GRANT|REVOKE) /,
  /(?:ALL|SELECT|INSERT|UPDATE|DELETE|TRUNCATE|REFERENCES|TRIGGER|MAINTAIN|USAGE|CREATE|EXECUTE)\b/,
);

/**
 * Sets an object's rights to what the server gives of itself, and then to what the archive says; all of it or
 * nothing. As the owner: a role with grant options of its own would give its own rights beside the owner's,
 * and take none of his away. What somebody had passed on is given in his name.
 *
 * @param identity `table auth.users`, as a content record names rights
 */
export async function setAccessList(
  session: DatabaseSession,
  identity: string,
  texts: readonly DefinitionText[],
): Promise<void> {
  const statements = texts.flatMap(statementsOf);
  if (!statements.every(({ sql }) => ON_OBJECT.test(sql))) return;
  const list = await readAccessList(session, identity);
  if (list === undefined) return;
  for (const role of [list.owner, ...statements.flatMap(({ grantor }) => grantor ?? [])]) {
    if ((await mayBecome(session, role)) !== true) return;
  }
  const { object, columns, items, standard } = list;
  const grantees = [...new Set(items.map(({ grantee }) => grantee))];
  await refusal(
    session,
    async () => {
      // What was passed on goes with the right to do so, and is in the archive's list where the
      // source had it.
      const revokes = grantees.map(
        (grantee) => `REVOKE ALL${columns} ON ${object} FROM ${roleSql(grantee)} CASCADE`,
      );
      const gives = standard.map((right) => `GRANT ${right} ON ${object} TO PUBLIC`);
      for (const { sql, grantor = list.owner } of [
        ...[...revokes, ...gives].map((one) => ({ sql: one, grantor: undefined })),
        ...statements,
      ]) {
        await session.query(`SET LOCAL ROLE ${quoteIdentifier(grantor)}`);
        await session.query(sql);
      }
      await session.query(`SET LOCAL ROLE ${list.role === "none" ? "NONE" : quoteIdentifier(list.role)}`);
    },
    "database.permission",
    "database.query",
  );
}

/**
 * Gives what the session's role may pass on of an archive's list, and takes what it has itself
 * given beyond it.
 *
 * @param told roles of whom what could not be given is told elsewhere
 * @returns why what is left is not as in the archive, each as `SELECT could not be given to anon: …`
 */
export async function adjustAccessList(
  session: DatabaseSession,
  identity: string,
  texts: readonly DefinitionText[],
  { sourceMajor, told }: { readonly sourceMajor: number; readonly told: ReadonlySet<string> },
): Promise<readonly string[]> {
  const list = await readAccessList(session, identity);
  if (list === undefined) return [];
  const wanted = texts
    .flatMap(statementsOf)
    .flatMap(({ sql }) => singles(sql, sourceMajor))
    .filter(
      ({ role, object }) => role !== list.owner && (list.archived === null || object === list.archived),
    );
  const isIt = ({ role, right, grantable }: SingleRight, item: Item): boolean =>
    role === (item.grantee ?? EVERYBODY) && right === item.right && (item.grantable || !grantable);
  const reasons: string[] = [];
  for (const right of wanted.filter((one) => !list.items.some((item) => isIt(one, item)))) {
    const refused = await refusal(session, () => session.query(right.sql));
    if (
      refused === undefined &&
      (await readAccessList(session, identity))?.items.some((item) => isIt(right, item)) === true
    ) {
      continue;
    }
    const why =
      refused === undefined
        ? `of ${list.owner}'s, the role that restores may not pass it on`
        : serverWords(refused);
    reasons.push(
      told.has(right.role)
        ? TOLD_ALREADY
        : `${words(right.right, right.grantable)} could not be given to ${right.role}: ${why}`,
    );
  }
  const more = list.items.filter(
    (item) =>
      !wanted.some((right) => isSameRight(right, item) && right.grantable >= item.grantable) &&
      !(item.grantee === null && list.standard.includes(item.right) && !isRevoked(texts)),
  );
  for (const item of more) {
    const option = wanted.some((right) => isSameRight(right, item)) ? "GRANT OPTION FOR " : "";
    const refused =
      (await mayBecome(session, item.grantor)) !== true
        ? `${item.grantor} gave it, in whose name the role that restores may not speak`
        : await serverRefusal(
            session,
            item.grantor,
            `REVOKE ${option}${item.right}${list.columns} ON ${list.object} FROM ${roleSql(item.grantee)}`,
            list.role,
          );
    if (refused !== undefined) {
      reasons.push(
        `${words(item.right, item.grantable)} could not be taken from ` +
          `${item.grantee ?? EVERYBODY}: ${refused}`,
      );
    }
  }
  return reasons;
}

/** No role can be of this name. */
const EVERYBODY = "public";

/** Everybody is no role, whose rights an archive gives like one's. */
function singles(sql: string, sourceMajor: number): readonly SingleRight[] {
  const at = [...outsideQuotes(sql)].findLast((place) => sql.startsWith(" TO PUBLIC", place));
  if (at === undefined) return singleRights(sql, sourceMajor);
  const end = sql.slice(at + " TO PUBLIC".length);
  return singleRights(`${sql.slice(0, at)} TO everybody${end}`, sourceMajor).map((right) => ({
    ...right,
    role: EVERYBODY,
    sql: right.sql.replace(/ TO everybody( WITH GRANT OPTION)?$/, " TO PUBLIC"),
  }));
}

function isSameRight({ role, right }: SingleRight, item: Item): boolean {
  return role === (item.grantee ?? EVERYBODY) && right === item.right;
}

/** Whether an archive takes from everybody what the server gives of itself. */
function isRevoked(texts: readonly DefinitionText[]): boolean {
  return texts.flatMap(statementsOf).some(({ sql }) => /^REVOKE .* FROM PUBLIC;?$/s.test(sql));
}

async function serverRefusal(
  session: DatabaseSession,
  role: string,
  sql: string,
  back: string,
): Promise<string | undefined> {
  const refused = await refusal(session, async () => {
    await session.query(`SET LOCAL ROLE ${quoteIdentifier(role)}`);
    await session.query(sql);
    await session.query(`SET LOCAL ROLE ${back === "none" ? "NONE" : quoteIdentifier(back)}`);
  });
  return refused === undefined ? undefined : serverWords(refused);
}

function words(right: string, grantable: boolean): string {
  return grantable ? `${right} WITH GRANT OPTION` : right;
}

function roleSql(role: string | null): string {
  return role === null ? "PUBLIC" : quoteIdentifier(role);
}

async function readAccessList(session: DatabaseSession, identity: string): Promise<AccessList | undefined> {
  const [word, rest] = wordAndRest(identity);
  const [schema = "", name = "", column = ""] = leadingNames(rest);
  const [row] = await session.query<AccessList>(ACCESS_LIST, [word, rest, schema, name, column]);
  return row;
}

const ROUTINE =
  "quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || " +
  "pg_get_function_identity_arguments(p.oid) || ')'";

const ACCESS_LIST = `
  WITH meant AS (
    SELECT format('%s %s', CASE o.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                  o.oid::regclass) AS object,
           '' AS columns, o.relacl AS acl, o.relowner AS owner,
           NULL::aclitem[] AS standard, NULL::text AS archived
      FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
     WHERE $1::text IN ('table', 'sequence') AND $2::text IS NOT NULL AND n.nspname = $3 AND o.relname = $4
    UNION ALL
    SELECT format('TABLE %s', o.oid::regclass), format(' (%I)', a.attname), a.attacl, o.relowner, NULL, NULL
      FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace JOIN pg_attribute a ON a.attrelid = o.oid
     WHERE $1::text = 'column' AND n.nspname = $3 AND o.relname = $4 AND a.attname = $5
    UNION ALL
    SELECT format('ROUTINE %s', p.oid::regprocedure), '', coalesce(p.proacl, acldefault('f', p.proowner)),
           p.proowner, acldefault('f', p.proowner), ${ARCHIVED_ROUTINE}
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE $1::text = 'function' AND n.nspname = $3 AND p.proname = $4 AND ${ROUTINE} = $2
    UNION ALL
    SELECT format('TYPE %s', o.oid::regtype), '', coalesce(o.typacl, acldefault('T', o.typowner)), o.typowner,
           acldefault('T', o.typowner), NULL
      FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
     WHERE $1::text = 'type' AND n.nspname = $3 AND o.typname = $4
    UNION ALL
    SELECT format('SCHEMA %I', n.nspname), '', n.nspacl, n.nspowner, NULL, NULL
      FROM pg_namespace n WHERE $1::text = 'schema' AND n.nspname = $3
  )
  SELECT m.object, m.columns, pg_get_userbyid(m.owner)::text AS owner, current_setting('role') AS role,
         m.archived,
         coalesce((SELECT json_agg(json_build_object('grantee',
                                                     CASE WHEN a.grantee <> 0
                                                            THEN pg_get_userbyid(a.grantee) END,
                                                     'right',
                                                     a.privilege_type,
                                                      'grantable', a.is_grantable, 'grantor',
                                                     pg_get_userbyid(a.grantor)))
                     FROM aclexplode(m.acl) a WHERE a.grantee <> m.owner), '[]'::json) AS items,
         coalesce((SELECT json_agg(s.privilege_type) FROM aclexplode(m.standard) s WHERE s.grantee = 0),
                  '[]'::json) AS standard
    FROM meant m
`;
