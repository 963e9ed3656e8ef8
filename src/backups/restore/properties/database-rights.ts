import { quoteIdentifier } from "../../../postgres/quoting.ts";
import { serverWords } from "../../../postgres/server-words.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { readDatabaseRecord } from "../../../nouns/content/read/database-record.ts";
import type { ContentRecord, DatabaseRecord } from "../../../nouns/content/record.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { PlatformProfile } from "../../../nouns/platform/profile.ts";
import type { DatabaseSession } from "../../../ports/database.ts";

/** One right on the database itself: whose (null for PUBLIC), which, and whether he may pass it on. */
export type DatabaseRight = NonNullable<DatabaseRecord["rights"]>[number];

/** What is taken from the target's list of rights, and what is added. */
export interface DatabaseRightsToDo {
  readonly taken: readonly DatabaseRight[];
  readonly given: readonly DatabaseRight[];
  /**
   * Roles that log in here, may connect by PUBLIC alone, and lose that; of the platform's none, which
   * are given it.
   */
  readonly shutOut?: readonly string[];
}

/** Whose lists they are. */
export interface DatabaseRightsEnds {
  readonly source: DatabaseRecord | undefined;
  /** Roles of the platform's: what they may do here is their platform's, and nothing is taken from them. */
  readonly platform: readonly string[];
  /** All roles of the source: one that it did not know keeps what it has. */
  readonly roles: readonly string[];
}

export function databaseRightsEnds(content: ContentRecord, { roles }: PlatformProfile): DatabaseRightsEnds {
  return { source: content.database, platform: roles, roles: content.roles.map(({ name }) => name) };
}

/**
 * What makes the rights on the target's database those that the source's had, for PUBLIC and for the user's
 * roles. A right of one of the platform's roles is only ever added: it may be what was left to it when the
 * same was taken from PUBLIC. One that the source did not know, a later platform's, keeps what it had by
 * PUBLIC: nobody has shut it out.
 */
export async function databaseRightsToDo(
  session: DatabaseSession,
  { source, platform, roles }: DatabaseRightsEnds,
): Promise<DatabaseRightsToDo> {
  if (source?.rights === undefined) return { taken: [], given: [] };
  const here = (await readDatabaseRecord(session)).rights ?? [];
  const isUsers = ([role]: DatabaseRight): boolean =>
    role === null || (roles.includes(role) && !platform.includes(role));
  const wanted = source.rights;
  const taken = here.filter(
    (right) => isUsers(right) && !wanted.some((one) => isSame(one, right) && one[2] >= right[2]),
  );
  const given = wanted.filter((right) => !here.some((one) => isSame(one, right) && one[2] >= right[2]));
  const losing = (await losingConnect(session, { taken, given })).filter((role) => !roles.includes(role));
  const isPlatforms = (role: string): boolean => platform.includes(role);
  return {
    taken,
    given: [...given, ...losing.filter(isPlatforms).map(connectOf)],
    shutOut: losing.filter((role) => !isPlatforms(role)),
  };
}

export function connectOf(role: string): DatabaseRight {
  return [role, "CONNECT", false];
}

/**
 * Roles that log in, are no superusers, and may connect to the session's database by nothing but what is
 * taken from PUBLIC.
 */
export async function losingConnect(
  session: DatabaseSession,
  { taken, given }: DatabaseRightsToDo,
): Promise<readonly string[]> {
  if (!taken.some(([role, right]) => role === null && right === "CONNECT")) return [];
  const keeping = given.flatMap(([role, right]) => (right === "CONNECT" ? (role ?? []) : []));
  const rows = await session.query<{ name: string }>(
    `
      SELECT r.rolname::text AS name
        FROM pg_roles r
       WHERE r.rolcanlogin
         AND NOT r.rolsuper
         AND NOT EXISTS (SELECT FROM pg_database d,
                                aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
                          WHERE d.datname = current_database()
                            AND x.privilege_type = 'CONNECT'
                            AND x.grantee <> 0
                            AND pg_has_role(r.oid, x.grantee, 'USAGE'))
         AND NOT EXISTS (SELECT FROM pg_roles g
                          WHERE g.rolname = ANY ($1::text[]) AND pg_has_role(r.oid, g.oid, 'USAGE'))
       ORDER BY 1
    `,
    [keeping],
  );
  return rows.map(({ name }) => name);
}

/** Whether it is the same right of the same role. */
export function isSame([role, right]: DatabaseRight, [other, same]: DatabaseRight): boolean {
  return role === other && right === same;
}

/** As a plan says it. */
export function databaseRightsNotes({ taken, given, shutOut = [] }: DatabaseRightsToDo): string[] {
  return [
    ...(shutOut.length > 0
      ? [
          "roles that the source did not know and that may connect here by PUBLIC alone cannot any more: " +
            `${shutOut.join(", ")} (GRANT CONNECT ON DATABASE … TO each that should)`,
        ]
      : []),
    ...(taken.length > 0
      ? [
          "rights on the database itself that the source had not are taken " +
            `away: ${taken.map(sentence).join(", ")}`,
        ]
      : []),
    ...(given.length > 0
      ? [`rights on the database itself are given as at the source: ${given.map(sentence).join(", ")}`]
      : []),
  ];
}

/** `CONNECT WITH GRANT OPTION of app` */
export function sentence([role, right, grantable]: DatabaseRight): string {
  return `${right}${grantable ? " WITH GRANT OPTION" : ""} of ${role ?? "PUBLIC"}`;
}

/** What became of it. */
export interface DatabaseRightsPut {
  readonly done: DatabaseRightsToDo;
  /** What could not be given or taken. */
  readonly findings: readonly Finding[];
}

/**
 * Does it, inside a transaction: what is given first, so that whoever keeps a right that PUBLIC loses is
 * never without it.
 *
 * @param database the session's, by name
 * @param toDo asked again at the end: the server only warns of a right that the role may not pass on
 * @param source what stays without the option loses only that
 */
export async function putDatabaseRights(
  session: DatabaseSession,
  database: string,
  toDo: () => Promise<DatabaseRightsToDo>,
  source: readonly DatabaseRight[] = [],
): Promise<DatabaseRightsPut> {
  const { taken, given, shutOut = [] } = await toDo();
  const refused = new Map<string, string>();
  const attempt = async (right: DatabaseRight, statement: string): Promise<void> => {
    const error = await refusal(session, () => session.query(statement));
    if (error !== undefined) refused.set(sentence(right), serverWords(error));
  };
  for (const right of given) await attempt(right, grantStatement(right, database));
  for (const right of taken) {
    const keeps = source.some((one) => isSame(one, right));
    await attempt(right, revokeStatement(right, database, keeps));
  }
  if (taken.length + given.length === 0) return { done: { taken, given }, findings: [] };
  const still = await toDo();
  const gap = (right: DatabaseRight, what: string): Finding => ({
    severity: "gap",
    about: "database",
    name: "rights",
    message:
      `${sentence(right)} ` +
      `${what}: ${refused.get(sentence(right)) ?? "the role that restores may not pass it on"}`,
  });
  const without = (
    rights: readonly DatabaseRight[],
    left: readonly DatabaseRight[],
  ): readonly DatabaseRight[] => rights.filter((right) => !left.some((one) => isSame(one, right)));
  return {
    done: {
      taken: without(taken, still.taken),
      given: without(given, still.given),
      shutOut: still.taken.length > 0 ? [] : shutOut,
    },
    findings: [
      ...still.given.map((right) => gap(right, "could not be given")),
      ...still.taken.map((right) => gap(right, "could not be taken away")),
    ],
  };
}

export function grantStatement(right: DatabaseRight, database: string): string {
  return (
    `GRANT ${right[1]} ON DATABASE ${quoteIdentifier(database)} ` +
    `TO ${roleSql(right)}${right[2] ? " WITH GRANT OPTION" : ""}`
  );
}

/** @param keeps the right itself, and loses only the option to pass it on */
export function revokeStatement(right: DatabaseRight, database: string, keeps = false): string {
  return (
    `REVOKE ${keeps ? "GRANT OPTION FOR " : ""}${right[1]} ` +
    `ON DATABASE ${quoteIdentifier(database)} FROM ${roleSql(right)}`
  );
}

function roleSql([role]: DatabaseRight): string {
  return role === null ? "PUBLIC" : quoteIdentifier(role);
}
