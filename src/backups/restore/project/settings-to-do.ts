import { refusal } from "../../../nouns/server/refusal.ts";
import { quoteIdentifier } from "../../../postgres/quoting.ts";
import type { PlatformRecord } from "../../../nouns/platform/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { KitItem } from "./rebuild-kit.ts";

/** What one end has set, by name alone: values may be secrets and are in no manifest. */
export type SettingsOfEnd = Pick<PlatformRecord, "settings">;

/**
 * Settings that roles have in every database, which no dump of one holds: each is named with the statement
 * that sets it. Where the target has one of the same name it may still have another value, so that is named
 * too, apart from those of roles which only the platform alters.
 *
 * @param session in no transaction
 */
export async function settingsToDo(
  session: DatabaseSession,
  source: SettingsOfEnd,
  target: SettingsOfEnd,
): Promise<readonly KitItem[]> {
  const here = settingsOf(target);
  const items: KitItem[] = [];
  if (source.settings === undefined) {
    items.push({
      what: "settings of roles (ALTER ROLE … SET)",
      how:
        "this backup does not say which there were: look at the source, or take a backup " +
        "with this version",
    });
  }
  for (const [role, names] of settingsOf(source)) {
    const set = here.get(role) ?? new Set<string>();
    const mayAlter = await mayAlterRole(session, role);
    const lacking = [...names].filter((name) => !set.has(name));
    const both = mayAlter ? [...names].filter((name) => set.has(name)) : [];
    const how = [
      ...(lacking.length > 0
        ? [
            `${lacking.join(", ")}: ` +
              `not set here, ${mayAlter ? "set it by hand" : "and only the platform may alter this role"}`,
          ]
        : []),
      ...(both.length > 0 ? [`${both.join(", ")}: set here too, look whether the value is right`] : []),
    ];
    if (how.length > 0) {
      items.push({
        what: `settings of role ${role} (ALTER ROLE ${quoteIdentifier(role)} SET …)`,
        how: how.join("; "),
      });
    }
  }
  return items;
}

function settingsOf({ settings = [] }: SettingsOfEnd): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [role, name] of settings) found.set(role, (found.get(role) ?? new Set()).add(name));
  return found;
}

/**
 * No function of the server tells, and a platform may forbid what the server allows: it is tried and taken
 * back. A role that is made may be altered.
 */
async function mayAlterRole(session: DatabaseSession, role: string): Promise<boolean> {
  const [there] = await session.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
  if (there === undefined) return true;
  await session.query("BEGIN");
  try {
    // A setting that changes nothing of what the role does.
    return (
      (await refusal(session, () =>
        session.query(`ALTER ROLE ${quoteIdentifier(role)} SET application_name = ''`),
      )) === undefined
    );
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}
