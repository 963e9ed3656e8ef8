import * as z from "zod";
import { namesMapOf } from "./names-map.ts";

/**
 * What a database held at one instant, as compared between a source and its restored copy.
 * This is a part of the manifest, so its shape is a format: `docs/formats.md` explains every field.
 */

/** A name as PostgreSQL keeps it: any text without NUL, which no PostgreSQL text can hold. */
const identifier = z.string().regex(/^[^\0]*$/);
/** A 64-bit integer as decimal text. */
const decimal = z.string().regex(/^-?\d{1,19}$/);
const hex16 = z.string().regex(/^[0-9a-f]{16}$/);
/**
 * Digests 1: of a whole definition, and of its portable part. Digests 2: `field=<16 hex>` of every field that
 * is set, `?` for one that was not readable.
 */
const definitionDigest = z
  .string()
  .regex(/^(?:[0-9a-f]{16}(?:[0-9a-f]{16})?|(?:[a-z-]+=(?:[0-9a-f]{16}|\?)(?: (?!$)|$))*)$/);

/** One ordinary, partition-leaf, unlogged or materialized relation. */
export const tableRecord = z.strictObject({
  schema: identifier,
  name: identifier,
  kind: z.enum(["table", "partitioned", "matview", "foreign"]),
  owner: identifier,
  /**
   * Rows at the snapshot; null where rows are not counted (partitioned parents, foreign tables, proof none).
   */
  rows: z.int().nonnegative().nullable(),
  /**
   * Order-independent fingerprint of every row: the sum, as a decimal integer, of 64-bit
   * row hashes. Null where content is not fingerprinted. How a row hash is made is stated by
   * {@link contentRecord}'s `algorithm`.
   */
  fingerprint: z
    .string()
    .regex(/^-?\d+$/)
    .nullable(),
  /** Bytes on disk at the source, an estimate for planning. */
  bytes: z.int().nonnegative(),
  /** Materialized views: whether it was populated. */
  populated: z.boolean().optional(),
  /**
   * Belongs to an extension, which has marked it as holding user data: CREATE EXTENSION makes it, a dump
   * holds only its rows.
   */
  ofExtension: z.boolean().optional(),
  /** Extensions whose types or functions this relation needs. */
  extensions: z.array(identifier).optional(),
  /** Names of its indexes (in its schema), so that it can be restored alone. */
  indexes: z.array(identifier).optional(),
  /** Names of the sequences its columns own (in its schema). */
  sequences: z.array(identifier).optional(),
  /** Object ids of these at the source, in the same order. */
  sequenceOids: z.array(decimal).optional(),
  /** Schema and name of the extended statistics on it, which may stand in any schema. */
  statistics: z.array(z.tuple([identifier, identifier])).optional(),
  /** Its object id at the source, by which an archive's table of contents names it. */
  oid: decimal.optional(),
  /**
   * From `rowhash-2` on: for each column, in the byte order of names, the sum of its values' hashes, so that
   * a difference can name its column.
   */
  columns: z.array(z.tuple([identifier, z.string().regex(/^-?\d+$/)])).optional(),
  /** Stored generated columns: a restore computes them anew. */
  computed: z.array(identifier).optional(),
  /** The extension it belongs to, where {@link ofExtension}. */
  extension: identifier.optional(),
  /**
   * The partitioned table through which pg_dump loads its rows: they may land in other leaves, so only sums
   * over that tree are comparable.
   */
  tree: z.strictObject({ schema: identifier, name: identifier }).optional(),
});
export type TableRecord = z.infer<typeof tableRecord>;

/**
 * Sequences are not transactional: the value is read before and after the dump, and the restored one
 * must lie between.
 */
export const sequenceRecord = z.strictObject({
  schema: identifier,
  name: identifier,
  /** Last value handed out (decimal text; may exceed 2^53) and whether it has been handed out. */
  before: z.strictObject({ value: decimal, called: z.boolean() }),
  after: z.strictObject({ value: decimal, called: z.boolean() }),
  /** Counts down. */
  descending: z.literal(true).optional(),
  /** Begins again at its other end after its last value. */
  cyclic: z.literal(true).optional(),
});
export type SequenceRecord = z.infer<typeof sequenceRecord>;

/** A role as needed to own and be granted things; passwords are never read. */
export const roleRecord = z.strictObject({
  name: identifier,
  superuser: z.boolean(),
  createRole: z.boolean(),
  createDb: z.boolean(),
  login: z.boolean(),
  replication: z.boolean(),
  bypassRls: z.boolean(),
  inherit: z.boolean(),
  connectionLimit: z.int(),
  memberOf: z.array(identifier),
  /**
   * The same with their options, `inherit` and `set` null on servers before 16. Absent in manifests that did
   * not record it.
   */
  memberships: z
    .array(
      z.strictObject({
        role: identifier,
        admin: z.boolean(),
        inherit: z.boolean().nullable(),
        set: z.boolean().nullable(),
      }),
    )
    .optional(),
  /** Until when its password is good, as SQL reads it; null: for ever. Absent likewise. */
  validUntil: z.string().nullable().optional(),
  /**
   * Whether anything in this database belongs to it, is granted to it or names it; a role without is of no
   * concern to a restore.
   */
  needed: z.boolean().optional(),
});
export type RoleRecord = z.infer<typeof roleRecord>;

export const extensionRecord = z.strictObject({ name: identifier, version: z.string(), schema: identifier });
export type ExtensionRecord = z.infer<typeof extensionRecord>;

/** A relation of an extension of which a dump does not hold every row, or not the value. */
export const extensionRelation = z.strictObject({
  schema: identifier,
  name: identifier,
  kind: z.enum(["table", "sequence"]),
  /** Null without proof, or where it could not be read. */
  rows: z.int().nonnegative().nullable(),
  /** Sum of the rows' hashes; of a sequence twice its value, and one more once it has been handed out. */
  fingerprint: z
    .string()
    .regex(/^-?\d+$/)
    .nullable(),
  /** Marked for dumping, but for the rows that the mark's condition leaves out. */
  filtered: z.boolean().optional(),
  /** The role that measured could not read it. */
  unreadable: z.boolean().optional(),
});
export type ExtensionRelation = z.infer<typeof extensionRelation>;

/** What an extension holds and no dump does: to be compared with what CREATE EXTENSION makes. */
export const extensionContent = z.strictObject({
  name: identifier,
  relations: z.array(extensionRelation),
  /**
   * Its relations and what is on them (columns, indexes, constraints, triggers, rules) → digest of all that
   * can be altered.
   */
  parts: z.record(z.string(), hex16),
  /**
   * Its other members: how many, and a digest of what they are and how they were altered
   * (`src/nouns/content/read/extension-members.ts`); null where it could not be made.
   */
  others: z.strictObject({ count: z.int().nonnegative(), digest: hex16.nullable() }),
});
export type ExtensionContent = z.infer<typeof extensionContent>;

/**
 * Classes of objects that records with digests 1 hold; in such a record a class without objects is absent.
 */
export const OBJECT_KINDS_1 = [
  "schema",
  "table",
  "sequence",
  "column",
  "constraint",
  "index",
  "trigger",
  "policy",
  "row-security",
  "view",
  "materialized-view",
  "function",
  "type",
  "grant",
  "owner",
  "default-privilege",
  "comment",
  "event-trigger",
  "publication",
  "cast",
  "operator",
  "collation",
  "text-search",
  "foreign-server",
  "statistics",
  "rule",
] as const;

/** Classes of objects whose definitions are compared one by one. */
export const OBJECT_KINDS = [
  ...OBJECT_KINDS_1,
  "user-mapping",
  "subscription",
  "language",
  "transform",
  "access-method",
  "conversion",
  "security-label",
] as const;
export const objectKind = z.enum(OBJECT_KINDS);
export type ObjectKind = z.infer<typeof objectKind>;

/** Identity of an object → its digests, see {@link contentRecord}. */
export const objectMap = namesMapOf(definitionDigest);

/**
 * What belongs to the database itself: an archive may hold some of it, and pg_restore uses that only
 * with `--create`.
 */
export const databaseRecord = z.strictObject({
  provider: z.enum(["libc", "icu", "builtin"]),
  /** Locale of ICU or of the built-in provider. */
  locale: identifier.nullable(),
  icuRules: identifier.nullable(),
  /** Digests of the owner's name and of the access list. */
  owner: hex16,
  grants: hex16,
  /** Names of its settings, ` for role <name>` after those of one role; never the values. */
  settings: z.array(z.string()),
  /**
   * `[role, right, may pass it on]` of the access list, null for PUBLIC. Absent in manifests that did
   * not record it.
   */
  rights: z.array(z.tuple([identifier.nullable(), z.string(), z.boolean()])).optional(),
  /** Digest of its comment, null without one. Absent likewise. */
  comment: hex16.nullable().optional(),
});
export type DatabaseRecord = z.infer<typeof databaseRecord>;

export const contentRecord = z.strictObject({
  /** Name of the way rows are hashed; a reader that does not know it says so instead of comparing. */
  algorithm: z.string(),
  proof: z.enum(["content", "rows", "none"]),
  serverMajor: z.int(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  tables: z.array(tableRecord),
  sequences: z.array(sequenceRecord),
  objects: z.partialRecord(objectKind, objectMap),
  /**
   * How the digests in `objects` are made. 2: of every field that a dump promises (`objects/`); a class
   * that was read is there, even when empty. Absent = 1: the first 16 hex digits of the SHA-256 of a whole
   * definition, where it holds expressions followed by 16 of the portable part.
   */
  digests: z.literal(2).optional(),
  /** `<kind> <identity>` of an object that cannot exist without extensions → their names. */
  objectExtensions: namesMapOf(z.array(z.string())).optional(),
  /** Properties of the database itself. */
  database: databaseRecord.optional(),
  roles: z.array(roleRecord),
  extensions: z.array(extensionRecord),
  /** What the extensions hold beside that, and no dump holds. Absent in format 1. */
  extensionContents: z.array(extensionContent).optional(),
  /** Large objects: how many, and the sum of their content hashes (null without content proof). */
  largeObjects: z.strictObject({ count: z.int().nonnegative(), fingerprint: z.string().nullable() }),
});
export type ContentRecord = z.infer<typeof contentRecord>;

/** A copy's content, measured to be compared. */
export interface MeasuredContent extends ContentRecord {
  /**
   * Table, as {@link displayName} writes it, that may have another fingerprint than the source's although its
   * rows are equal → why.
   */
  readonly doubts?: ReadonlyMap<string, string>;
  /**
   * Table, likewise → columns whose names of objects may have been numbers at the source
   * (`object-numbers.ts`).
   */
  readonly numbers?: ReadonlyMap<string, ReadonlyMap<string, readonly bigint[]>>;
  /**
   * Table, likewise → columns that its rows were not hashed by, because the source's table had none
   * of that name.
   */
  readonly surplus?: ReadonlyMap<string, readonly string[]>;
}

/** What part of a database a backup covers. */
export interface ContentScope {
  /** Empty = every schema that is not the server's own. */
  readonly includeSchemas: readonly string[];
  readonly excludeSchemas: readonly string[];
}
