import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import { leadingNames, wordAndRest } from "../../../../nouns/platform/identity.ts";
import { profileOf } from "../../../../nouns/platform/profiles.ts";
import { whoseIs } from "../../../../nouns/platform/whose.ts";
import { displayPart } from "../../../../postgres/display-name.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import { namesOf } from "../../../copy/artifacts/toc-names.ts";
import { filledByUsers } from "./members.ts";
import type { TocEntry, TocNames } from "../../../../ports/dump-tools.ts";
import { before } from "../../../../kernel/cut.ts";

/** What of an archive a project gets, and when. */
export interface ProjectEntries {
  /** Definitions that have to stand before there are rows. */
  readonly before: readonly TocEntry[];
  /** Definitions that are made on rows, or act on them. */
  readonly after: readonly TocEntry[];
  /** Rights, and rights of future objects. */
  readonly rights: readonly TocEntry[];
  /** Rows of tables, and values of sequences. */
  readonly rows: readonly TocEntry[];
  /** Who owns `public`; undefined where neither the archive nor the record says so. */
  readonly publicOwner: string | undefined;
  /** Of the definitions, those that stand on the platform's ground. */
  readonly onPlatform: readonly TocEntry[];
  /** Rights on the platform's objects, the platform's among them. */
  readonly rightsOnPlatform: readonly TocEntry[];
  /**
   * Comments on the platform's tables and columns, whoever wrote them, and on its publications
   * that users fill.
   */
  readonly commentsOnPlatform: readonly TocEntry[];
}

/** Made on rows, or acting on them (`SECTION_POST_DATA` in src/bin/pg_dump/pg_dump.c). */
const AFTER_ROWS: ReadonlySet<string> = new Set([
  "INDEX",
  "INDEX ATTACH",
  "CONSTRAINT",
  "FK CONSTRAINT",
  "CHECK CONSTRAINT",
  "TRIGGER",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "STATISTICS",
  "EVENT TRIGGER",
  "PUBLICATION",
  "PUBLICATION TABLE",
  "PUBLICATION TABLES IN SCHEMA",
  "COMMENT",
  "SECURITY LABEL",
  "MATERIALIZED VIEW DATA",
  "STATISTICS DATA",
]);
const RIGHTS: ReadonlySet<string> = new Set(["ACL", "DEFAULT ACL"]);
const ROWS: ReadonlySet<string> = new Set(["TABLE DATA", "SEQUENCE SET"]);
/**
 * Not brought: extensions are made by us, the database's properties are the platform's, subscriptions would
 * take another's changes, and large objects (named as a gap) would need numbers that the target may have.
 */
const LEFT: ReadonlySet<string> = new Set([
  "EXTENSION",
  "DATABASE",
  "DATABASE PROPERTIES",
  "SUBSCRIPTION",
  "SUBSCRIPTION TABLE",
  "BLOB",
  "BLOBS",
  "BLOB METADATA",
  "BLOB COMMENTS",
  "LARGE OBJECT",
  "STATISTICS DATA",
]);

/** Kinds of a content record by types of entries. */
const KINDS: Readonly<Record<string, Parameters<typeof whoseIs>[1]>> = {
  TABLE: "table",
  "FOREIGN TABLE": "table",
  VIEW: "view",
  "MATERIALIZED VIEW": "materialized-view",
  SEQUENCE: "sequence",
  INDEX: "index",
  TRIGGER: "trigger",
  POLICY: "policy",
  RULE: "rule",
  CONSTRAINT: "constraint",
  "FK CONSTRAINT": "constraint",
  "CHECK CONSTRAINT": "constraint",
  FUNCTION: "function",
  PROCEDURE: "function",
  AGGREGATE: "function",
  TYPE: "type",
  DOMAIN: "type",
  COLLATION: "collation",
  STATISTICS: "statistics",
  SCHEMA: "schema",
  "EVENT TRIGGER": "event-trigger",
  PUBLICATION: "publication",
  SERVER: "foreign-server",
  "FOREIGN DATA WRAPPER": "foreign-server",
  CAST: "cast",
  TRANSFORM: "transform",
  "PROCEDURAL LANGUAGE": "language",
  "ACCESS METHOD": "access-method",
};

/**
 * Types whose objects have owners: a record says of each whose it is, whatever it needs (a check of the
 * user's on the platform's table needs his function).
 */
const OWNED: ReadonlySet<string> = new Set([
  "TABLE",
  "FOREIGN TABLE",
  "VIEW",
  "MATERIALIZED VIEW",
  "SEQUENCE",
  "FUNCTION",
  "PROCEDURE",
  "AGGREGATE",
  "TYPE",
  "DOMAIN",
  "COLLATION",
]);

/** Words with which a content record begins the identities of a kind that has several classes. */
const WORDS: Readonly<Record<string, string>> = { SERVER: "server ", "FOREIGN DATA WRAPPER": "wrapper " };

/**
 * Chooses what is the user's. On the platform's ground that is what the record names, and what needs
 * something of the user's: a trigger that calls his function, a key that refers to his table.
 *
 * @param restored whether the rows of a table of the platform's are brought
 */
export function projectEntries(
  entries: readonly TocEntry[],
  record: PlatformRecord,
  content: ContentRecord,
  restored: (schema: string, table: string) => boolean,
): ProjectEntries {
  const ground = new Ground(entries, record, content);
  const filled = filledByUsers(record);
  const wanted = entries.filter((entry) => !LEFT.has(entry.type));
  const definitions = wanted.filter(
    (entry) => !ROWS.has(entry.type) && ground.isUsers(entry) && !isPublicSchema(entry),
  );
  return {
    before: definitions.filter(({ type }) => !AFTER_ROWS.has(type) && !RIGHTS.has(type)),
    after: definitions.filter(({ type }) => AFTER_ROWS.has(type)),
    rights: definitions.filter(({ type }) => RIGHTS.has(type)),
    rows: wanted.filter((entry) => ROWS.has(entry.type) && ground.bringsRows(entry, restored)),
    rightsOnPlatform: wanted.filter((entry) => entry.type === "ACL" && ground.isPlatforms(entry)),
    commentsOnPlatform: wanted.filter(
      (entry) =>
        entry.type === "COMMENT" &&
        ((ground.isPlatforms(entry) && isOnTableOrColumn(entry)) ||
          (isOnPublication(entry, filled) && !ground.isUsers(entry))),
    ),
    publicOwner: wanted
      .filter(isPublicSchema)
      .map((entry) => namesOf(entry).owner)
      .find((owner) => owner !== ""),
    onPlatform: definitions.filter(
      (entry) => ground.schemaOf(entry) !== undefined && !RIGHTS.has(entry.type),
    ),
  };
}

function isOnTableOrColumn(entry: TocEntry): boolean {
  return /^(?:TABLE|COLUMN) /.test(namesOf(entry).tag);
}

function isOnPublication(entry: TocEntry, publications: readonly string[]): boolean {
  return publications.some((name) => namesOf(entry).tag === `PUBLICATION ${name}`);
}

/** Every project has it, and the platform's rights in it. */
function isPublicSchema(entry: TocEntry): boolean {
  return entry.type === "SCHEMA" && namesOf(entry).tag === "public";
}

/** Whose ground an entry stands on, and whose it is. */
class Ground {
  readonly #record: PlatformRecord;
  readonly #content: ContentRecord;
  readonly #roles: ReadonlySet<string>;
  readonly #workingRole: string | undefined;
  readonly #filledByItself: readonly string[];
  readonly #byId: ReadonlyMap<string, TocEntry>;
  readonly #known = new Map<string, boolean>();
  /** Kind of the user's objects on the platform's ground → their schemas and tags, see {@link tagIn}. */
  readonly #named: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(entries: readonly TocEntry[], record: PlatformRecord, content: ContentRecord) {
    const profile = profileOf(record.name);
    this.#record = record;
    this.#content = content;
    this.#roles = new Set(profile.onlyPlatform);
    this.#workingRole = profile.workingRole;
    this.#filledByItself = profile.filledByItself;
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
    const named = new Map<string, Set<string>>();
    for (const [kind, identity] of record.users) {
      named.set(
        kind,
        (named.get(kind) ?? new Set()).add(kind === "comment" ? commentOn(identity) : identityIn(identity)),
      );
    }
    this.#named = named;
  }

  /** The schema of the platform's in which an entry's object stands. */
  schemaOf(entry: TocEntry): string | undefined {
    const { schema } = namesOf(entry);
    return schema !== undefined && this.#record.schemas.includes(schema) ? schema : undefined;
  }

  /** On the platform's ground, and said of something of the platform's. */
  isPlatforms(entry: TocEntry): boolean {
    return (this.schemaOf(entry) !== undefined || this.#isOfPlatformsSchema(entry)) && !this.isUsers(entry);
  }

  /** Rights on a schema stand in none. */
  #isOfPlatformsSchema(entry: TocEntry): boolean {
    const [word, name] = wordAndRest(namesOf(entry).tag);
    return (
      entry.type === "ACL" &&
      word === "SCHEMA" &&
      this.#record.schemas.includes(leadingNames(name)[0] ?? name)
    );
  }

  isUsers(entry: TocEntry): boolean {
    const known = this.#known.get(entry.id);
    if (known !== undefined) return known;
    // What leads back to itself is asked for once.
    this.#known.set(entry.id, false);
    const found = this.#whose(entry);
    this.#known.set(entry.id, found);
    return found;
  }

  #whose(entry: TocEntry): boolean {
    const { type } = entry;
    if (type === "DEFAULT ACL") return this.#isUsersDefault(namesOf(entry));
    const schema = this.schemaOf(entry);
    // What a publication holds of the platform's tables is for whoever fills it to say.
    if (schema !== undefined && type.startsWith("PUBLICATION TABLE")) {
      return !this.#filledByItself.some((name) => namesOf(entry).tag.startsWith(`${name} `));
    }
    if (schema !== undefined) return this.#isNamed(entry) || (!OWNED.has(type) && this.#needsUsers(entry));
    return namesOf(entry).schema !== undefined || this.#isUsersAlone(entry);
  }

  /** Whose future objects get them, and where. */
  #isUsersDefault({ schema, owner: role }: TocNames): boolean {
    if (this.#roles.has(role) && role !== this.#workingRole) return false;
    return schema === undefined || !this.#record.schemas.includes(schema);
  }

  /** What no schema holds. */
  #isUsersAlone(entry: TocEntry): boolean {
    const { type } = entry;
    const { tag } = namesOf(entry);
    if (type === "COMMENT" || type === "ACL" || type === "SECURITY LABEL") {
      const [word, name] = wordAndRest(tag);
      if (word === "EXTENSION" || word === "LARGE") return false;
      if (word === "SCHEMA") return whoseIs(this.#record, "schema", name) === "user";
      return this.#needsUsers(entry);
    }
    if (type === "USER MAPPING") {
      const [, user = "", server = ""] = /^USER MAPPING (.+) SERVER (.+)$/s.exec(tag) ?? [];
      return (
        whoseIs(this.#record, "user-mapping", `${displayPart(user)} on ${displayPart(server)}`) === "user"
      );
    }
    const kind = KINDS[type];
    return (
      kind === undefined || whoseIs(this.#record, kind, `${WORDS[type] ?? ""}${displayPart(tag)}`) === "user"
    );
  }

  #isNamed(entry: TocEntry): boolean {
    // Comments on tables and columns are given one by one, where the target has none.
    if (entry.type === "COMMENT") {
      return !isOnTableOrColumn(entry) && this.#named.get("comment")?.has(commentedOn(entry)) === true;
    }
    const kind = KINDS[entry.type];
    const { schema = "", tag, owner } = namesOf(entry);
    if (kind === undefined) return false;
    if (kind !== "function") return this.#isNamedAs(kind, schema, tag);
    // The archive names a function by its arguments' types, the record by their names too.
    const isOthers = this.#roles.has(owner) && owner !== this.#workingRole;
    return !isOthers && this.#isNamedAs(kind, schema, tag.replace(/\([^()]*\)$/s, ""));
  }

  #isNamedAs(kind: string, schema: string, tag: string): boolean {
    return this.#named.get(kind)?.has(tagIn(schema, tag)) === true;
  }

  #needsUsers({ needs }: TocEntry): boolean {
    return needs.some((id) => {
      const other = this.#byId.get(id);
      return (
        other !== undefined && other.type !== "SCHEMA" && other.type !== "EXTENSION" && this.isUsers(other)
      );
    });
  }

  bringsRows(entry: TocEntry, restored: (schema: string, table: string) => boolean): boolean {
    const schema = this.schemaOf(entry);
    if (schema === undefined) return true;
    const name = namesOf(entry).tag;
    if (entry.type === "TABLE DATA") return restored(schema, name) || this.#isUsersRelation(schema, name);
    const owning = this.#content.tables.find(
      (table) => table.schema === schema && (table.sequences ?? []).includes(name),
    );
    return owning === undefined
      ? this.#isUsersRelation(schema, name)
      : restored(schema, owning.name) || this.#isUsersRelation(schema, owning.name);
  }

  #isUsersRelation(schema: string, name: string): boolean {
    return ["table", "sequence"].some((kind) => this.#isNamedAs(kind, schema, name));
  }
}

/**
 * A schema and what an archive calls something in it, as one text: what stands on a table has the table's
 * name, a blank, and its own.
 */
function tagIn(schema: string, tag: string): string {
  return JSON.stringify([schema, tag]);
}

/** An identity of a content record in an archive's words. */
function identityIn(identity: string): string {
  const [schema = "", ...names] = leadingNames(identity);
  return tagIn(schema, names.join(" "));
}

/** The same of a comment, with the kind of what it is on: `trigger auth.users.t`. */
function commentOn(identity: string): string {
  const [word, rest] = wordAndRest(identity);
  return `${word} ${identityIn(rest)}`;
}

/**
 * The tag of a comment in the same words: `TRIGGER t ON users` in schema auth, `COLUMN users.city`,
 * `FUNCTION f(text)`; names are quoted where SQL needs it.
 */
function commentedOn(entry: TocEntry): string {
  const { schema = "", tag } = namesOf(entry);
  const [, kind = "", object = "", table] = /^([A-Z]+(?: VIEW)?) (.+?)(?: ON ([^ ].*))?$/s.exec(tag) ?? [];
  const names = [...(table === undefined ? [] : leadingNames(table)), ...leadingNames(before(object, "("))];
  return `${kind.toLowerCase().replace(" ", "-")} ${tagIn(schema, names.join(" "))}`;
}

/** The extensions that an entry needs, directly or through what it needs: entry id → names. */
export function extensionsNeeded(entries: readonly TocEntry[]): ReadonlyMap<string, ReadonlySet<string>> {
  const needed = new Map<string, Set<string>>();
  // An archive's order is one in which everything comes after what it needs.
  for (const entry of entries) {
    const { id, type, needs } = entry;
    const names = needs.flatMap((one) => [...(needed.get(one) ?? [])]);
    if (type === "EXTENSION") names.push(namesOf(entry).tag);
    if (names.length > 0) needed.set(id, new Set(names));
  }
  return needed;
}
