import { displayName } from "../../postgres/display-name.ts";
import type { ObjectKind, TableRecord } from "../content/record.ts";
import { afterName, leadingNames, namesKey, schemaOf, wordAndRest } from "./identity.ts";
import { ON_RELATION } from "./on-relation.ts";
import { profileOf } from "./profiles.ts";
import type { PlatformRecord } from "./record.ts";

/** Whom an object belongs to. */
export type Owner = "platform" | "user";

/** What can be asked for: every kind of a content record's objects, and what it lists apart from them. */
export type OwnedKind = ObjectKind | "role" | "extension";

/** Relations: what stands on one of the user's is the user's. */
const RELATIONS = ["table", "view", "materialized-view"] as const;
/** Kinds that no schema holds: the platform's where the record names them. */
const SCHEMALESS: ReadonlySet<string> = new Set([
  "event-trigger",
  "publication",
  "subscription",
  "cast",
  "transform",
  "language",
  "access-method",
  "foreign-server",
]);

/**
 * Whose an object of a content record is, in a database of a known platform.
 *
 * In the platform's schemas everything is the platform's but what {@link PlatformRecord.users} names and what
 * stands on such a table; elsewhere everything is the user's but what {@link PlatformRecord.own} names. What
 * is said of an object (owner, comment, rights) is its owner's.
 *
 * @param identity as the record names the object within its kind; of a role and an extension the plain name
 */
export function whoseIs(record: PlatformRecord, kind: OwnedKind, identity: string): Owner {
  return whose(indexOf(record), kind, identity);
}

/**
 * Whether the platform keeps its own in this table: one of that name in a schema that somebody made himself
 * is none, what an extension made always is.
 */
export function isPlatformsTable(
  record: PlatformRecord,
  table: Pick<TableRecord, "schema" | "name" | "ofExtension">,
): boolean {
  return table.ofExtension === true || whoseIs(record, "table", displayName(table)) === "platform";
}

/**
 * Whose something on the platform's or the user's ground is, by what the record says of it and
 * where it stands.
 */
function whose(index: RecordIndex, kind: string, identity: string): Owner {
  const said = index.said(kind, identity);
  if (said !== undefined) return said;
  switch (kind) {
    case "role":
      return index.roles.has(identity) ? "platform" : "user";
    case "extension":
      return index.extensions.has(identity) ? "platform" : "user";
    case "owner":
    case "comment":
    case "grant":
      return whoseAttached(index, kind, identity);
    case "security-label":
      return whoseAttached(index, kind, afterName(identity));
    case "default-privilege":
      return whoseDefault(index, identity);
    case "user-mapping":
      return whoseMapping(index, identity);
    default:
  }
  if (SCHEMALESS.has(kind)) return "user";
  if (ON_RELATION.has(kind) && index.usersRelation(leadingNames(identity))) return "user";
  return index.schemas.has(schemaOf(kind, identity) ?? "") ? "platform" : "user";
}

/**
 * `table auth.users`, `column auth.users.id`, `trigger auth.users.t`, `large object 12`,
 * `large objects of x`.
 */
function whoseAttached(index: RecordIndex, kind: string, identity: string): Owner {
  if (/^large objects? /.test(identity)) return "user";
  const [word, rest] = wordAndRest(identity);
  // Rights on what an extension brings are whose its schema is; on the server's own objects only a
  // superuser gives any.
  if (word === "member") return whoseAttached(index, kind, rest);
  if (word === "catalog") return index.workingRole === undefined ? "user" : "platform";
  if (word === "server" || word === "wrapper") return whose(index, "foreign-server", identity);
  // Rights name views and materialized views as tables.
  if (kind === "grant" && word === "table" && index.usersRelation(leadingNames(rest))) return "user";
  return whose(index, word, rest);
}

/** `role in schema for r`: rights that a role's future objects get. */
function whoseDefault(index: RecordIndex, identity: string): Owner {
  const [role = ""] = leadingNames(identity);
  if (index.onlyPlatform.has(role)) return "platform";
  const rest = afterName(identity);
  const [schema] = rest.startsWith("in ") ? leadingNames(rest.slice("in ".length)) : [];
  return schema !== undefined && index.schemas.has(schema) ? "platform" : "user";
}

/** `role on server`: its server's. */
function whoseMapping(index: RecordIndex, identity: string): Owner {
  return whose(index, "foreign-server", `server ${afterName(identity).replace(/^on /, "")}`);
}

/** A record, ready to be asked. */
interface RecordIndex {
  readonly schemas: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  readonly onlyPlatform: ReadonlySet<string>;
  readonly extensions: ReadonlySet<string>;
  readonly workingRole: string | undefined;
  /** What the record names outright. */
  said(kind: string, identity: string): Owner | undefined;
  /** Whether this relation in a schema of the platform's is named as the user's. */
  usersRelation(names: readonly string[]): boolean;
}

/** Asked for thousands of objects of one record. */
const INDEXES = new WeakMap<PlatformRecord, RecordIndex>();

function indexOf(record: PlatformRecord): RecordIndex {
  const known = INDEXES.get(record);
  if (known !== undefined) return known;
  const made = makeIndex(record);
  INDEXES.set(record, made);
  return made;
}

function makeIndex(record: PlatformRecord): RecordIndex {
  const profile = profileOf(record.name);
  const users = new Set(record.users.map(objectKey));
  const own = new Set(record.own.map(objectKey));
  const relations = new Set(
    record.users
      .filter(([kind]) => (RELATIONS as readonly string[]).includes(kind))
      .map(([, identity]) => namesKey(leadingNames(identity))),
  );
  return {
    schemas: new Set(record.schemas),
    roles: new Set(profile.roles),
    onlyPlatform: new Set(profile.onlyPlatform),
    extensions: new Set(profile.extensions),
    workingRole: profile.workingRole,
    said: (kind, identity) => {
      const key = objectKey([kind, identity]);
      if (users.has(key)) return "user";
      return own.has(key) ? "platform" : undefined;
    },
    usersRelation: (names) => relations.has(namesKey(names.slice(0, 2))),
  };
}

/**
 * Tables and sequences are also named as people read them, with quotes in fewer places than the
 * server writes them.
 */
function objectKey([kind, identity]: readonly [string, string]): string {
  const dotted = /^(?:(?:"(?:[^"]|"")*"|[^".( ]+)(?:\.|$))+$/.test(identity);
  return JSON.stringify([kind, dotted ? leadingNames(identity) : identity]);
}
