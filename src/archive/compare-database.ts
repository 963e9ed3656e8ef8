import type { Finding } from "../catalog/manifest.ts";
import type { DatabaseRecord } from "../content/record.ts";
import { sha256 } from "../kernel/streams.ts";
import type { DatabaseProperties, RightsStatement } from "./database-properties.ts";

/**
 * What an archive holds of the database itself against what the manifest says of the source: names of settings,
 * rights, the comment's digest. No copy is needed for it. Values of settings and the connection limit are in no
 * manifest, so those are not compared.
 *
 * @param path of the artifact; one with rows alone has neither rights nor comment
 */
export function compareDatabase(record: DatabaseRecord, properties: DatabaseProperties, path: string): Finding[] {
  const difference = (name: string, message: string): Finding =>
    ({ severity: "difference", about: "database", name, message: `${message} (${path})` });
  if (properties.owner === "") {
    return [difference("properties", "are not in the archive, which holds nothing of the database itself")];
  }
  const archived = new Set(properties.settings.map(settingName));
  const recorded = new Set(record.settings);
  const comment = compareComments(record.comment, properties.comment);
  return [
    ...[...recorded].filter((name) => !archived.has(name))
      .map((name) => difference(`setting ${name}`, "was set for the source's database, and the archive does not set it")),
    ...[...archived].filter((name) => !recorded.has(name))
      .map((name) => difference(`setting ${name}`, "is in the archive, and was not set for the source's database")),
    ...(comment === undefined ? [] : [difference("comment", comment)]),
    ...(record.rights === undefined ? [] : compareRights(record.rights, properties).map((text) => difference("rights", text))),
  ];
}

/** `work_mem for role app`, as a manifest names a setting. */
export function settingName({ name, role }: Pick<DatabaseProperties["settings"][number], "name" | "role">): string {
  return role === undefined ? name : `${name} for role ${role}`;
}

/** @param recorded its digest, null for none, undefined where the manifest does not say */
function compareComments(recorded: string | null | undefined, archived: string | undefined): string | undefined {
  if (recorded === undefined) return undefined;
  if (archived === undefined) return recorded === null ? undefined : "is not in the archive, and the source's database had one";
  if (recorded === null) return "is in the archive, and the source's database had none";
  return recorded === sha256(archived).slice(0, 16) ? undefined : "is another in the archive than at the source";
}

const ALL = ["CONNECT", "CREATE", "TEMPORARY"];
/** A role that was dropped leaves its number in the list. */
const DROPPED = /^(?:unknown \(OID=\d+\)|\d+)$/;

function compareRights(recorded: NonNullable<DatabaseRecord["rights"]>, { owner, rights }: DatabaseProperties): string[] {
  const [before, now] = [new Map<string, boolean>(), rightsOf(owner, rights ?? [])];
  for (const [role, right, grantable] of recorded) {
    const key = keyOf(role ?? undefined, right);
    if (role === null || !DROPPED.test(role)) before.set(key, grantable || before.get(key) === true);
  }
  const how = (key: string): string => {
    if (!now.has(key)) return "was given at the source, and is not by the archive";
    if (!before.has(key)) return "is given by the archive, and was not at the source";
    return "may be passed on otherwise in the archive than at the source";
  };
  return [...new Set([...before.keys(), ...now.keys()])].filter((key) => before.get(key) !== now.get(key)).sort().map((key) => {
    const [role, right] = JSON.parse(key) as [string | null, string];
    return `${right} of ${role ?? "PUBLIC"} on the database itself ${how(key)}`;
  });
}

/** What a list of rights is after these statements, made on a new database of that owner. */
function rightsOf(owner: string, statements: readonly RightsStatement[]): Map<string, boolean> {
  const held = new Map<string, boolean>([
    ...["CONNECT", "TEMPORARY"].map((right): [string, boolean] => [keyOf(undefined, right), false]),
    ...ALL.map((right): [string, boolean] => [keyOf(owner, right), false]),
  ]);
  for (const { takes, optionOnly, rights, role, grantable } of statements) {
    if (role !== undefined && DROPPED.test(role)) continue;
    for (const right of rights.includes("ALL") ? ALL : rights.map((each) => (each === "TEMP" ? "TEMPORARY" : each))) {
      const key = keyOf(role, right);
      if (!takes) held.set(key, grantable || held.get(key) === true);
      else if (optionOnly && held.has(key)) held.set(key, false);
      else held.delete(key);
    }
  }
  return held;
}

function keyOf(role: string | undefined, right: string): string {
  return JSON.stringify([role ?? null, right]);
}
