import type { Difference } from "./difference.ts";
import type { ContentRecord, RoleRecord } from "../record.ts";

/**
 * What surrounds the content: the database's own properties, and what the roles that exist on both sides may
 * do. None of it is in the database, so what differs is no fault of the content; but a copy that takes the
 * source's place behaves otherwise. Every difference is a gap.
 */
export function compareProperties(expected: ContentRecord, actual: ContentRecord): Difference[] {
  return [...compareDatabase(expected, actual), ...compareRoleAttributes(expected.roles, actual.roles)];
}

function compareDatabase(expected: ContentRecord, actual: ContentRecord): Difference[] {
  const gap = (name: string, message: string): Difference => ({
    severity: "gap",
    about: "database",
    name,
    message,
  });
  const found: Difference[] = [];
  const [before, now] = [localeOf(expected), localeOf(actual)];
  if (before !== now) {
    found.push(
      gap("locale", `is ${now}, at the source it was ${before}: texts may sort and compare otherwise`),
    );
  }
  if (expected.database === undefined || actual.database === undefined) return found;
  if (expected.database.owner !== actual.database.owner) {
    found.push(gap("owner", "differs from the source; a restore leaves a database to its owner"));
  }
  if (expected.database.grants !== actual.database.grants) {
    found.push(gap("grants", "on the database itself differ from the source, and were not brought"));
  }
  const present = new Set(actual.database.settings);
  for (const setting of expected.database.settings.filter((name) => !present.has(name))) {
    found.push(
      gap(
        `setting ${setting}`,
        "is set for the source's database and not for this one (ALTER DATABASE … SET)",
      ),
    );
  }
  return found;
}

function localeOf({ collate, ctype, database }: ContentRecord): string {
  const words = [`collate ${collate}`, `ctype ${ctype}`];
  return (
    database === undefined || database.provider === "libc"
      ? words
      : [`${database.provider} ${database.locale ?? ""}`, ...words]
  ).join(", ");
}

const ATTRIBUTES = [
  ["superuser", "SUPERUSER"],
  ["createRole", "CREATEROLE"],
  ["createDb", "CREATEDB"],
  ["login", "LOGIN"],
  ["replication", "REPLICATION"],
  ["bypassRls", "BYPASSRLS"],
  ["inherit", "INHERIT"],
] as const;

function compareRoleAttributes(expected: readonly RoleRecord[], actual: readonly RoleRecord[]): Difference[] {
  const present = new Map(actual.map((role) => [role.name, role]));
  return expected.flatMap((role): Difference[] => {
    const now = present.get(role.name);
    // Missing roles are reported as such.
    if (now === undefined) return [];
    const lost = ATTRIBUTES.filter(([key]) => role[key] && !now[key]).map(([, word]) => `lacks ${word}`);
    const won = ATTRIBUTES.filter(([key]) => !role[key] && now[key]).map(([, word]) => `has ${word}`);
    const left = role.memberOf
      .filter((group) => !now.memberOf.includes(group))
      .map((group) => `is no member of ${group}`);
    const joined = now.memberOf
      .filter((group) => !role.memberOf.includes(group))
      .map((group) => `is a member of ${group}`);
    const words = [
      ...lost,
      ...won,
      ...left,
      ...joined,
      ...(role.connectionLimit === now.connectionLimit
        ? []
        : [`has connection limit ${now.connectionLimit}`]),
    ];
    return words.length === 0
      ? []
      : [
          {
            severity: "gap",
            about: "role",
            name: role.name,
            message: `${words.join(", ")} here, other than at the source`,
          },
        ];
  });
}
