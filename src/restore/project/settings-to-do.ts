import type { DatabaseRecord } from "../../content/record.ts";
import { refusal } from "../../content/refusal.ts";
import { quoteIdentifier } from "../../kernel/sql.ts";
import type { PlatformRecord } from "../../platform/record.ts";
import type { DatabaseSession } from "../../ports/database.ts";
import type { KitItem } from "./rebuild-kit.ts";

/** What one end has set, by name alone: values may be secrets and are in no manifest. */
export interface SettingsOfEnd {
  readonly platform: Pick<PlatformRecord, "settings">;
  readonly database: Pick<DatabaseRecord, "settings" | "comment"> | undefined;
}

/**
 * Settings of roles and of the database, and its comment, which nothing brings back: each is named with the statement that sets it. Where the target has one of
 * the same name it may still have another value, so that is named too, apart from those of roles which only the platform alters.
 *
 * @param session in no transaction
 * @param name of the target's database
 */
export async function settingsToDo(session: DatabaseSession, name: string, source: SettingsOfEnd, target: SettingsOfEnd): Promise<readonly KitItem[]> {
  const here = settingsOf(target, name);
  const items: KitItem[] = [];
  if (source.platform.settings === undefined) {
    items.push({ what: "settings of roles (ALTER ROLE … SET)", how: "this backup does not say which there were: look at the source, or take a backup with this version" });
  }
  for (const [statement, { role, names }] of settingsOf(source, name)) {
    const set = here.get(statement)?.names ?? new Set<string>();
    const mayAlter = role === undefined || (await mayAlterRole(session, role));
    const lacking = [...names].filter((name) => !set.has(name));
    const both = mayAlter ? [...names].filter((name) => set.has(name)) : [];
    const how = [
      ...(lacking.length > 0 ? [`${lacking.join(", ")}: not set here, ${mayAlter ? "set it by hand" : "and only the platform may alter this role"}`] : []),
      ...(both.length > 0 ? [`${both.join(", ")}: set here too, look whether the value is right`] : []),
    ];
    if (how.length > 0) items.push({ what: `settings of ${role === undefined ? "the database" : `role ${role}`} (${statement} SET …)`, how: how.join("; ") });
  }
  const { comment } = source.database ?? {};
  if (comment !== undefined && comment !== null && comment !== target.database?.comment) {
    items.push({ what: "comment on the database", how: `is not the source's here, and a backup keeps no more than a digest of it: COMMENT ON DATABASE ${quoteIdentifier(name)} IS …` });
  }
  return items;
}

/** For whom something is set: a role, or the database. */
interface SetFor {
  readonly role: string | undefined;
  readonly names: Set<string>;
}

/** By the statement that sets them. */
function settingsOf({ platform, database }: SettingsOfEnd, databaseName: string): ReadonlyMap<string, SetFor> {
  const found = new Map<string, SetFor>();
  const add = (statement: string, role: string | undefined, name: string): void => {
    const known = found.get(statement) ?? { role, names: new Set() };
    known.names.add(name);
    found.set(statement, known);
  };
  for (const [role, name] of platform.settings ?? []) add(`ALTER ROLE ${quoteIdentifier(role)}`, role, name);
  const inDatabase = quoteIdentifier(databaseName);
  for (const setting of database?.settings ?? []) {
    // A setting's name holds no blank.
    const at = setting.indexOf(OF_ROLE);
    const role = at < 0 ? undefined : setting.slice(at + OF_ROLE.length);
    const statement = role === undefined ? `ALTER DATABASE ${inDatabase}` : `ALTER ROLE ${quoteIdentifier(role)} IN DATABASE ${inDatabase}`;
    add(statement, role, at < 0 ? setting : setting.slice(0, at));
  }
  return found;
}

/** As a {@link DatabaseRecord} has it. */
const OF_ROLE = " for role ";

/** No function of the server tells, and a platform may forbid what the server allows: it is tried and taken back. A role that is made may be altered. */
async function mayAlterRole(session: DatabaseSession, role: string): Promise<boolean> {
  const [there] = await session.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
  if (there === undefined) return true;
  await session.query("BEGIN");
  try {
    // A setting that changes nothing of what the role does.
    return (await refusal(session, () => session.query(`ALTER ROLE ${quoteIdentifier(role)} SET application_name = ''`))) === undefined;
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}
