import { isHoldfastError, type HoldfastError } from "../../../kernel/errors.ts";
import { quoteIdentifier, quoteLiteral } from "../../../postgres/quoting.ts";
import { settingName } from "../../copy/judging/compare-database.ts";
import type { DatabaseSetting } from "../../copy/judging/database-properties.ts";
import { refusal } from "../../../nouns/server/refusal.ts";
import type { PlatformProfile } from "../../../nouns/platform/profile.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import { LIST_SETTINGS, splitListSetting } from "./list-setting.ts";

/** What is set, and what is only said. Names alone are ever said: values may be secrets. */
export interface SettingsToDo {
  readonly set: readonly DatabaseSetting[];
  readonly notes: readonly string[];
}

/** A plan that only asks gives up sooner than a restore does. */
const PATIENCE = "5s";

/**
 * Switches that would take the restored database away from those who need it. A library that is missing keeps
 * everybody out, another role lacks rights, and a source is often made read-only for the very backup; without
 * triggers and keys rows go wrong in silence; damage would be passed over.
 */
const SAID_ALONE: ReadonlySet<string> = new Set([
  "session_preload_libraries",
  "local_preload_libraries",
  "role",
  "session_authorization",
  "default_transaction_read_only",
  "transaction_read_only",
  "session_replication_role",
  "event_triggers",
  "zero_damaged_pages",
  "ignore_checksum_failure",
  "ignore_system_indexes",
  "allow_system_table_mods",
  "exit_on_error",
]);

/**
 * Settings of the source's database, and of roles in it, which the target's lacks. One that it has with
 * another value stays.
 *
 * @param made roles that the restore makes
 */
export async function settingsToSet(
  session: DatabaseSession,
  settings: readonly DatabaseSetting[],
  profile: PlatformProfile | undefined,
  made: ReadonlySet<string>,
): Promise<SettingsToDo> {
  const mayBeUsers = settings.filter(({ name }) => profile?.databaseSettings.includes(name) !== true);
  const own = mayBeUsers.filter((one) => profile === undefined || !isOfPlatformsRole(profile, one));
  const here = await settingsHere(session);
  const roles = await rolesAmong(
    session,
    own.flatMap(({ role }) => role ?? []),
  );
  const lacking = own.filter((one) => !here.has(keyOf(one)));
  const others = own.filter((one) => here.has(keyOf(one)) && !isSameValue(one, here.get(keyOf(one))!));
  const saidAlone = lacking.filter(({ name }) => SAID_ALONE.has(name.toLowerCase()));
  const ofPlatformsRoles = mayBeUsers.filter((one) => !own.includes(one) && !here.has(keyOf(one)));
  const homeless = lacking.filter(
    (one) => one.role !== undefined && !roles.has(one.role) && !made.has(one.role),
  );
  return {
    set: lacking.filter((one) => !saidAlone.includes(one) && !homeless.includes(one)),
    notes: [
      ...said(others, "is set for the target's database with another value than for the source's, and stays"),
      ...said(
        saidAlone,
        "is set for the source's database and is not set here: " +
          "it changes every session from its start, so set it by hand when you want it here",
      ),
      ...said(
        ofPlatformsRoles,
        "is set for a role of the platform's, which this role may not alter, and is not set here",
      ),
      ...said(homeless, "was not set: the role does not exist here"),
    ],
  };
}

function isOfPlatformsRole(profile: PlatformProfile, { role }: DatabaseSetting): boolean {
  return role !== undefined && profile.onlyPlatform.includes(role);
}

/** Of these roles those that the server has. */
export async function rolesAmong(
  session: DatabaseSession,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>(
    "SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1::name[])",
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * Sets them, inside a transaction; a setting that the server refuses is said and nothing more. Once it has
 * waited in vain the rest is not tried: all of them wait for the same.
 *
 * @param database the session's, by name
 */
export async function setSettings(
  session: DatabaseSession,
  database: string,
  settings: readonly DatabaseSetting[],
): Promise<SettingsToDo> {
  return await trying(
    settings,
    async (setting) =>
      (await refusedByName(session, setting, database)) ??
      (await refusal(session, () => session.query(settingStatement(setting, database)))),
  );
}

/**
 * What of them the server would take, tried and taken back: no function of it tells. A value of an
 * application's parameter, which may be a secret, is sent by nobody who only asks. Of a role that is still to
 * be made nothing can be asked.
 */
export async function settingsTaken(
  session: DatabaseSession,
  database: string,
  settings: readonly DatabaseSetting[],
  made: ReadonlySet<string>,
): Promise<SettingsToDo> {
  const isLater = ({ role }: DatabaseSetting): boolean => role !== undefined && made.has(role);
  await session.query("BEGIN READ WRITE");
  try {
    await session.query(`SET LOCAL lock_timeout = '${PATIENCE}'`);
    const { set, notes } = await trying(
      settings.filter((one) => !isLater(one)),
      async (setting) => {
        const error = await refusedByName(session, setting, database);
        if (error !== undefined || isApplications(setting)) return error;
        return await refusal(session, () => session.query(settingStatement(setting, database)));
      },
    );
    return { set: settings.filter((one) => isLater(one) || set.includes(one)), notes };
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}

/** Tells each one's fate. */
async function trying(
  settings: readonly DatabaseSetting[],
  attempt: (setting: DatabaseSetting) => Promise<HoldfastError | undefined>,
): Promise<SettingsToDo> {
  const set: DatabaseSetting[] = [];
  const notes: string[] = [];
  let inVain: HoldfastError | undefined;
  for (const setting of settings) {
    const error = inVain ?? (await attempt(setting));
    if (error === undefined) set.push(setting);
    else notes.push(...said([setting], `cannot be set: ${reason(error)}`));
    if (isHoldfastError(error, "database.lock-timeout")) inVain = error;
  }
  return { set, notes };
}

/** PostgreSQL's own parameters have no dot. */
function isApplications({ name }: DatabaseSetting): boolean {
  return name.includes(".");
}

/**
 * Whether the role may set it, asked without its value: a server writes every statement that it refuses into
 * its log. Inside a transaction; nothing is left of the question.
 */
export async function refusedByName(
  session: DatabaseSession,
  setting: Pick<DatabaseSetting, "name" | "role">,
  database: string,
): Promise<HoldfastError | undefined> {
  await session.query("SAVEPOINT asking");
  const error = await refusal(session, () => session.query(nameStatements(setting, database)));
  await session.query("ROLLBACK TO SAVEPOINT asking; RELEASE SAVEPOINT asking");
  return error;
}

/**
 * RESET needs the same right as SET, and has no value; but it is only checked where something is set, so
 * something is that everybody may set. Everything in it is a name.
 */
function nameStatements(setting: Pick<DatabaseSetting, "name" | "role">, database: string): string {
  const alter = `ALTER ${subjectOf(setting, database)}`;
  return `${alter} SET application_name = ''; ${alter} RESET ${parameterOf(setting)}`;
}

/**
 * Everything in it is a name or a literal.
 *
 * @param value stands for the values where people read it
 */
export function settingStatement(setting: DatabaseSetting, database: string, value?: string): string {
  const { values } = setting;
  const literals = values.length === 0 ? "''" : values.map(quoteLiteral).join(", ");
  return `ALTER ${subjectOf(setting, database)} SET ${parameterOf(setting)} = ${value ?? literals}`;
}

function subjectOf({ role }: Pick<DatabaseSetting, "role">, database: string): string {
  const where = `DATABASE ${quoteIdentifier(database)}`;
  return role === undefined ? where : `ROLE ${quoteIdentifier(role)} IN ${where}`;
}

function parameterOf({ name }: Pick<DatabaseSetting, "name">): string {
  return name.split(".").map(quoteIdentifier).join(".");
}

function said(settings: readonly DatabaseSetting[], what: string): string[] {
  return settings.map((one) => `database setting ${settingName(one)} ${what}`);
}

/** What a change says that has waited for another one of the same row. */
const AT_ONCE = /XX000|23505/;

/** Without the server's words, which may repeat the value. */
function reason(error: HoldfastError): string {
  const state = /\(SQLSTATE [0-9A-Z]{5}\)$/.exec(error.message)?.[0] ?? "";
  const why = isHoldfastError(error, "database.permission")
    ? "the role that restores may not"
    : isHoldfastError(error, "database.lock-timeout") || AT_ONCE.test(state)
      ? "somebody else is changing settings of the same database or role"
      : "the server does not take it";
  return `${why} ${state}`.trim();
}

function keyOf({ name, role }: Pick<DatabaseSetting, "name" | "role">): string {
  return JSON.stringify([role ?? null, name.toLowerCase()]);
}

async function settingsHere(session: DatabaseSession): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ role: string | null; entry: string }>(`
    SELECT r.rolname::text AS role, entry
      FROM pg_db_role_setting s
      JOIN pg_database d ON d.oid = s.setdatabase
      LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS entry
     WHERE d.datname = current_database()
  `);
  return new Map(
    rows.map(({ role, entry }) => {
      const at = entry.indexOf("=");
      return [keyOf({ role: role ?? undefined, name: entry.slice(0, at) }), entry.slice(at + 1)];
    }),
  );
}

function isSameValue({ name, values }: DatabaseSetting, stored: string): boolean {
  const here = LIST_SETTINGS.has(name) || values.length > 1 ? splitListSetting(stored) : [stored];
  // No element, and one that is empty, are the same to the server.
  const elements = (list: readonly string[]): string => JSON.stringify(list.length === 0 ? [""] : list);
  return elements(here) === elements(values);
}
