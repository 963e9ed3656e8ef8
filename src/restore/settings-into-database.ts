import { isHoldfastError, type HoldfastError } from "../kernel/errors.ts";
import { quoteIdentifier, quoteLiteral } from "../kernel/sql.ts";
import { settingName } from "../archive/compare-database.ts";
import type { DatabaseSetting } from "../archive/database-properties.ts";
import { refusal } from "../content/refusal.ts";
import type { PlatformProfile } from "../platform/profile.ts";
import type { DatabaseSession } from "../ports/database.ts";
import { LIST_SETTINGS, splitListSetting } from "./list-setting.ts";

/** What is set, and what is only said. Names alone are ever said: values may be secrets. */
export interface SettingsToDo {
  readonly set: readonly DatabaseSetting[];
  readonly notes: readonly string[];
}

/** They act on every session before its first statement, and a library that is missing keeps everybody out. */
const AT_THE_START: ReadonlySet<string> = new Set(["session_preload_libraries", "local_preload_libraries", "role"]);

/**
 * Settings of the source's database, and of roles in it, which the target's lacks. One that it has with another value stays.
 *
 * @param made roles that the restore makes
 */
export async function settingsToSet(
  session: DatabaseSession, settings: readonly DatabaseSetting[], profile: PlatformProfile | undefined,
  made: ReadonlySet<string>,
): Promise<SettingsToDo> {
  const own = settings.filter((one) => profile === undefined || !isPlatforms(profile, one));
  const here = await settingsHere(session);
  const roles = await rolesAmong(session, own.flatMap(({ role }) => role ?? []));
  const lacking = own.filter((one) => !here.has(keyOf(one)));
  const others = own.filter((one) => here.has(keyOf(one)) && !isSameValue(one, here.get(keyOf(one))!));
  const atStart = lacking.filter(({ name }) => AT_THE_START.has(name.toLowerCase()));
  const homeless = lacking.filter((one) => one.role !== undefined && !roles.has(one.role) && !made.has(one.role));
  return {
    set: lacking.filter((one) => !atStart.includes(one) && !homeless.includes(one)),
    notes: [
      ...said(others, "is set for the target's database with another value than for the source's, and stays"),
      ...said(atStart, "is set for the source's database and is not set here: " +
        "it acts on every session at its start, so set it by hand when you have seen to it"),
      ...said(homeless, "was not set: the role does not exist here"),
    ],
  };
}

function isPlatforms(profile: PlatformProfile, { name, role }: DatabaseSetting): boolean {
  return profile.databaseSettings.includes(name) || (role !== undefined && profile.onlyPlatform.includes(role));
}

/** Of these roles those that the server has. */
export async function rolesAmong(session: DatabaseSession, names: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>(
    "SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1::name[])", [names],
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * Sets them, inside a transaction; a setting that the server refuses is said and nothing more.
 *
 * @param database the session's, by name
 */
export async function setSettings(
  session: DatabaseSession, database: string, settings: readonly DatabaseSetting[],
): Promise<SettingsToDo> {
  const set: DatabaseSetting[] = [];
  const notes: string[] = [];
  for (const setting of settings) {
    const error = await refusal(session, () => session.query(settingStatement(setting, database)));
    if (error === undefined) set.push(setting);
    else notes.push(...said([setting], `cannot be set: ${reason(error)}`));
  }
  return { set, notes };
}

/**
 * What of them the server would take, tried and taken back: no function of it tells. Of a role that is still to be
 * made nothing can be asked.
 */
export async function settingsTaken(
  session: DatabaseSession, database: string, settings: readonly DatabaseSetting[], made: ReadonlySet<string>,
): Promise<SettingsToDo> {
  const isLater = ({ role }: DatabaseSetting): boolean => role !== undefined && made.has(role);
  await session.query("BEGIN READ WRITE");
  try {
    const { set, notes } = await setSettings(session, database, settings.filter((one) => !isLater(one)));
    return { set: settings.filter((one) => isLater(one) || set.includes(one)), notes };
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}

/** Everything in it is a name or a literal. */
export function settingStatement({ role, name, values }: DatabaseSetting, database: string): string {
  const where = `DATABASE ${quoteIdentifier(database)}`;
  const subject = role === undefined ? where : `ROLE ${quoteIdentifier(role)} IN ${where}`;
  const literals = values.length === 0 ? "''" : values.map(quoteLiteral).join(", ");
  return `ALTER ${subject} SET ${name.split(".").map(quoteIdentifier).join(".")} = ${literals}`;
}

function said(settings: readonly DatabaseSetting[], what: string): string[] {
  return settings.map((one) => `database setting ${settingName(one)} ${what}`);
}

/** Without the server's words, which may repeat the value. */
function reason(error: HoldfastError): string {
  const state = /\(SQLSTATE [0-9A-Z]{5}\)$/.exec(error.message)?.[0] ?? "";
  return `${isHoldfastError(error, "database.permission") ? "the role that restores may not" : "the server does not take it"} ${state}`.trim();
}

function keyOf({ name, role }: Pick<DatabaseSetting, "name" | "role">): string {
  return JSON.stringify([role ?? null, name.toLowerCase()]);
}

async function settingsHere(session: DatabaseSession): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ role: string | null; entry: string }>(
    `SELECT r.rolname::text AS role, entry
       FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS entry
      WHERE d.datname = current_database()`,
  );
  return new Map(rows.map(({ role, entry }) => {
    const at = entry.indexOf("=");
    return [keyOf({ role: role ?? undefined, name: entry.slice(0, at) }), entry.slice(at + 1)];
  }));
}

function isSameValue({ name, values }: DatabaseSetting, stored: string): boolean {
  const here = LIST_SETTINGS.has(name) || values.length > 1 ? splitListSetting(stored) : [stored];
  return JSON.stringify(here.length === 0 ? [""] : here) === JSON.stringify(values);
}
