import type { Finding } from "../catalog/manifest.ts";
import type { DatabaseRecord } from "../content/record.ts";
import { sha256 } from "../kernel/streams.ts";
import type { DatabaseProperties, RightsStatement } from "./database-properties.ts";

/**
 * What an archive holds of the database itself against what the manifest says of the source: names of settings, rights, the comment's digest. No copy
 * is needed for it. Values of settings and the connection limit are in no manifest, so those are not compared.
 *
 * @param path of the artifact; one with rows alone has neither rights nor comment
 */
export function compareDatabase(record: DatabaseRecord, properties: DatabaseProperties, path: string): Finding[] {
  const difference = (name: string, message: string): Finding => ({ severity: "difference", about: "database", name, message: `${message} (${path})` });
  if (properties.owner === "") return [difference("properties", "are not in the archive, which holds nothing of the database itself")];
  const found: Finding[] = [];
  const archived = new Set(properties.settings.map(({ name, role }) => (role === undefined ? name : `${name} for role ${role}`)));
  const recorded = new Set(record.settings);
  for (const setting of recorded) if (!archived.has(setting)) found.push(difference(`setting ${setting}`, "was set for the source's database, and the archive does not set it"));
  for (const setting of archived) if (!recorded.has(setting)) found.push(difference(`setting ${setting}`, "is in the archive, and was not set for the source's database"));
  const { comment, rights } = record;
  const digest = properties.comment === undefined ? null : sha256(properties.comment).slice(0, 16);
  if (comment !== undefined && comment !== digest) {
    found.push(difference("comment", comment === null ? "is in the archive, and the source's database had none" : digest === null ? "is not in the archive, and the source's database had one" : "is another in the archive than at the source"));
  }
  if (rights !== undefined) found.push(...compareRights(rights, properties).map((message) => difference("rights", message)));
  return found;
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
  const name = (key: string): string => (([role, right]: [string | null, string]) => `${right} of ${role ?? "PUBLIC"}`)(JSON.parse(key) as [string | null, string]);
  return [...new Set([...before.keys(), ...now.keys()])].filter((key) => before.get(key) !== now.get(key)).sort()
    .map((key) => `${name(key)} on the database itself ${now.has(key) ? before.has(key) ? "may be passed on otherwise in the archive than at the source" : "is given by the archive, and was not at the source" : "was given at the source, and is not by the archive"}`);
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
