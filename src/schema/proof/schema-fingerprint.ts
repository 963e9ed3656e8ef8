import { anyOf, inSequence } from "../../kernel/pattern.ts";
import { sha256 } from "../../kernel/streams.ts";
import { OBJECT_CLASSES } from "../../nouns/content/read/objects/all.ts";
import { ownersAlike } from "./owner-alike.ts";
import type { SchemaState } from "./state.ts";

/** A schema in one line, and each object of it, so that what differs has a name. */
export interface SchemaFingerprint {
  /** `schema-1:` and the SHA-256 of all that follows, in hex. */
  readonly hash: string;
  /** Object → the first 16 hex digits of the SHA-256 of its fields. */
  readonly objects: ReadonlyMap<string, string>;
}

const FORMAT = "schema-1";

/**
 * Whose an object is, which settings a server has and what version of an extension it brings differ between
 * servers on which the same migrations were applied.
 */
const OF_THE_SERVER = new Set(["owner", "role", "settings", "security-label", "default-privilege"]);
/**
 * What is Holdfast's own is not the project's, and what other tools write down about migrations
 * changes with each.
 */
const NOT_THE_PROJECTS = anyOf(
  // A schema's name stands first, or after what is said of it: `schema holdfast`, `on holdfast.lease`.
  /(?:^|\b(?:schema|table|on|constraint|index|column|sequence) )(?:holdfast|supabase_migrations)(?:[ .]|$)/,
  inSequence(
    /(?:^|\.)(?:schema_migrations|flyway_schema_history|pgmigrations|_prisma_migrations)/,
    // Indexes and sequences that a server or the tool names after them; no name is longer than 63 bytes.
    /(?:_[a-z_]{0,63}(?:pkey|pk|key|idx|seq))?(?:[ .(]|$)/,
  ),
);
/** What is said of roles and of the database itself, or given on it; and of large objects, which are rows. */
const ON_THE_SERVER = /^(?:comment|grant) (?:role |database\b|large object )/;
/** Fields that tell of rows, or of what a server brings. */
const NOT_DEFINED = new Set(["extension version", "materialized-view unfilled"]);

/** Of these only a superuser is told. */
const SUPERUSERS = new Set<string>(
  OBJECT_CLASSES.filter(({ superuser }) => superuser === true).map(({ kind }) => kind),
);
/** Fields that some roles may not read: options of user mappings. */
const HIDDEN_FROM_SOME = new Set(
  OBJECT_CLASSES.flatMap(({ kind, fields }) =>
    fields.filter(({ hidden }) => hidden !== undefined).map(({ name }) => `${kind} ${name}`),
  ),
);

/**
 * Without what a role with less rights cannot see: plans are made by one that only reads, and carried out by
 * another. What may not be looked at is not the same as what is not there.
 */
export function seenByAll(state: SchemaState): SchemaState {
  const seen = new Map<string, ReadonlyMap<string, string>>();
  for (const [object, fields] of state) {
    const kind = object.replace(/^(?:comment|security-label) /, "").split(" ", 1)[0]!;
    if (SUPERUSERS.has(kind)) continue;
    const all = [...fields].every(([field]) => !HIDDEN_FROM_SOME.has(`${kind} ${field}`));
    seen.set(
      object,
      all ? fields : new Map([...fields].filter(([field]) => !HIDDEN_FROM_SOME.has(`${kind} ${field}`))),
    );
  }
  return seen;
}

/** The fingerprint of a state, without what belongs to the server or to the books of migration tools, and
 * without what not every role may see. */
export function schemaFingerprint(state: SchemaState): SchemaFingerprint {
  const objects = new Map<string, string>();
  for (const [object, fields] of [...ownersAlike(seenByAll(state))].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const blank = object.indexOf(" ");
    const [kind, name] = [object.slice(0, blank), object.slice(blank + 1)];
    if (OF_THE_SERVER.has(kind) || ON_THE_SERVER.test(object) || NOT_THE_PROJECTS.test(name)) continue;
    const told = [...fields].filter(([field]) => !NOT_DEFINED.has(`${kind} ${field}`));
    objects.set(object, sha256(told.map(([field, text]) => `${field}=${text}`).join("\n")).slice(0, 16));
  }
  return {
    hash: `${FORMAT}:${sha256([...objects].map(([object, digest]) => `${object} ${digest}`).join("\n"))}`,
    objects,
  };
}
