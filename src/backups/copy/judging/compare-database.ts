import type { Finding } from "../../../nouns/catalog/manifest.ts";
import type { DatabaseRecord } from "../../../nouns/content/record.ts";
import { sha256 } from "../../../kernel/streams.ts";
import type { DatabaseProperties, RightsStatement } from "./database-properties.ts";

/** What differs, and what needs to be said of what does not. */
export interface DatabaseCompared {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/**
 * What an archive holds of the database itself against what the manifest says of the source: names of
 * settings, rights, the comment's digest. No copy is needed for it. Values of settings and the connection
 * limit are in no manifest, so those are not compared.
 *
 * @param path of the artifact; one with rows alone has neither rights nor comment
 * @param roles all that the source had, by name
 */
export function compareDatabase(
  record: DatabaseRecord,
  properties: DatabaseProperties,
  path: string,
  roles: ReadonlySet<string> = new Set(),
): DatabaseCompared {
  const difference = (name: string, message: string): Finding => ({
    severity: "difference",
    about: "database",
    name,
    message: `${message} (${path})`,
  });
  if (properties.owner === "") {
    return {
      findings: [
        difference("properties", "are not in the archive, which holds nothing of the database itself"),
      ],
      notes: [],
    };
  }
  const archived = new Set(properties.settings.map(settingName));
  const recorded = new Set(record.settings);
  const comment = compareComments(record.comment, properties.comment);
  const rights =
    record.rights === undefined ? { differ: [], left: [] } : compareRights(record.rights, properties, roles);
  const findings = [
    ...[...recorded]
      .filter((name) => !archived.has(name))
      .map((name) =>
        difference(`setting ${name}`, "was set for the source's database, and the archive does not set it"),
      ),
    ...[...archived]
      .filter((name) => !recorded.has(name))
      .map((name) =>
        difference(`setting ${name}`, "is in the archive, and was not set for the source's database"),
      ),
    ...(comment === undefined ? [] : [difference("comment", comment)]),
    ...rights.differ.map((text) => difference("rights", text)),
  ];
  return {
    findings,
    notes: rights.left.map(
      (role) =>
        `role ${role} was dropped while the backup ran: the archive has its rights on the database itself ` +
        `by number (${path})`,
    ),
  };
}

/** `work_mem for role app`, as a manifest names a setting. */
export function settingName({
  name,
  role,
}: Pick<DatabaseProperties["settings"][number], "name" | "role">): string {
  return role === undefined ? name : `${name} for role ${role}`;
}

/** @param recorded its digest, null for none, undefined where the manifest does not say */
function compareComments(
  recorded: string | null | undefined,
  archived: string | undefined,
): string | undefined {
  if (recorded === undefined) return undefined;
  if (archived === undefined) {
    return recorded === null ? undefined : "is not in the archive, and the source's database had one";
  }
  if (recorded === null) return "is in the archive, and the source's database had none";
  return recorded === sha256(archived).slice(0, 16)
    ? undefined
    : "is another in the archive than at the source";
}

const ALL = ["CONNECT", "CREATE", "TEMPORARY"];
/**
 * How the server names a role that was dropped and is still in a list of rights: where a manifest reads it,
 * and where pg_dump does.
 */
const GONE_FROM_RECORD = /^unknown \(OID=\d+\)$/;
const GONE_FROM_ARCHIVE = /^\d+$/;

/** Role (null for PUBLIC) → right → whether it may be passed on. */
type Held = Map<string | null, Map<string, boolean>>;

/** What differs, and roles that were dropped between the two. */
interface RightsCompared {
  readonly differ: readonly string[];
  readonly left: readonly string[];
}

function compareRights(
  recorded: NonNullable<DatabaseRecord["rights"]>,
  { owner, rights }: DatabaseProperties,
  roles: ReadonlySet<string>,
): RightsCompared {
  const before: Held = new Map();
  const now = rightsOf(owner, rights ?? []);
  for (const [role, right, grantable] of recorded) give(before, role, right, grantable);
  // A role may well be called by a number: that it is one is known by the source's roles.
  const [goneBefore, goneNow] = [
    takeGone(before, GONE_FROM_RECORD, roles),
    takeGone(now, GONE_FROM_ARCHIVE, new Set([...roles, ...namesOf(before)])),
  ];
  const left = [...takeLeft(before, now, goneNow), ...takeLeft(now, before, goneBefore)];
  const differ = [...new Set([...before.keys(), ...now.keys()])].flatMap((role) => {
    const [was, is] = [
      before.get(role) ?? new Map<string, boolean>(),
      now.get(role) ?? new Map<string, boolean>(),
    ];
    const how = (right: string): string => {
      if (!is.has(right)) return "was given at the source, and is not by the archive";
      if (!was.has(right)) return "is given by the archive, and was not at the source";
      return "may be passed on otherwise in the archive than at the source";
    };
    return ALL.filter((right) => was.get(right) !== is.get(right)).map((right) => ({
      key: keyOf(role, right),
      text: `${right} of ${role ?? "PUBLIC"} on the database itself ${how(right)}`,
    }));
  });
  return { differ: differ.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ text }) => text), left };
}

function namesOf(held: Held): string[] {
  return [...held.keys()].filter((role) => role !== null);
}

/** Takes roles that were dropped out of a list, and returns what each of them held. */
function takeGone(held: Held, gone: RegExp, roles: ReadonlySet<string>): string[] {
  const found = namesOf(held).filter((role) => gone.test(role) && !roles.has(role));
  return found.map((role) => takeOut(held, role));
}

/**
 * Takes out roles that the other list does not know, as long as it has one that was dropped and held
 * the very same.
 */
function takeLeft(held: Held, other: Held, gone: string[]): string[] {
  return namesOf(held).filter((role) => {
    const at = other.has(role) ? -1 : gone.indexOf(rightsText(held.get(role)!));
    if (at < 0) return false;
    gone.splice(at, 1);
    takeOut(held, role);
    return true;
  });
}

function takeOut(held: Held, role: string): string {
  const text = rightsText(held.get(role)!);
  held.delete(role);
  return text;
}

function rightsText(rights: ReadonlyMap<string, boolean>): string {
  return JSON.stringify([...rights].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function keyOf(role: string | null, right: string): string {
  return JSON.stringify([role, right]);
}

/** Several may have given the same right. */
function give(held: Held, role: string | null, right: string, grantable: boolean): void {
  const rights = held.get(role) ?? new Map<string, boolean>();
  held.set(role, rights.set(right, grantable || rights.get(right) === true));
}

/** What a list of rights is after these statements, made on a new database of that owner. */
function rightsOf(owner: string, statements: readonly RightsStatement[]): Held {
  const held: Held = new Map();
  for (const right of ["CONNECT", "TEMPORARY"]) give(held, null, right, false);
  for (const right of ALL) give(held, owner, right, false);
  for (const { takes, optionOnly, rights, role = null, grantable } of statements) {
    for (const right of rights.includes("ALL")
      ? ALL
      : rights.map((each) => (each === "TEMP" ? "TEMPORARY" : each))) {
      if (!takes) give(held, role, right, grantable);
      else if (!optionOnly) held.get(role)?.delete(right);
      else if (held.get(role)?.has(right) === true) held.get(role)!.set(right, false);
    }
  }
  for (const [role, rights] of held) if (rights.size === 0) held.delete(role);
  return held;
}
