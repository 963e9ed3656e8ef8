import { displayName } from "../../../../postgres/display-name.ts";
import { readDigests, writeDigests } from "../../../../nouns/content/read/objects/field-digests.ts";
import type { ExtensionContent, MeasuredContent, ObjectKind } from "../../../../nouns/content/record.ts";
import { leadingNames, namesKey, schemaOf, wordAndRest } from "../../../../nouns/platform/identity.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import { whoseIs } from "../../../../nouns/platform/whose.ts";
import { filledByUsers } from "./members.ts";

/**
 * What of a content record is the user's: what a restore into a project brings, and what is compared
 * afterwards. The platform's own comes from the target's platform and need not be of the same version. Rights
 * on the platform's objects are given again one by one and belong to its lists.
 *
 * @param like large objects are not brought: the record to take their number from
 */
export function usersPart<Content extends MeasuredContent>(
  content: Content,
  record: PlatformRecord,
  like: Pick<MeasuredContent, "largeObjects">,
): Content {
  const users = (kind: Parameters<typeof whoseIs>[1], identity: string): boolean =>
    whoseIs(record, kind, identity) === "user";
  const objects = Object.fromEntries(
    Object.entries(content.objects).map(([kind, map]) => [
      kind,
      Object.fromEntries(
        Object.entries(map).filter(
          ([identity]) => users(kind as ObjectKind, identity) && !isRightOnPlatform(record, kind, identity),
        ),
      ),
    ]),
  );
  // Of a publication of the platform's, what the user has put into it.
  const filled = filledByUsers(record);
  for (const [name, digests] of Object.entries(content.objects.publication ?? {})) {
    if (filled.includes(name) && !users("publication", name)) {
      objects["publication"]![name] = membership(digests);
    }
  }
  const extensions = content.extensions.filter(({ name }) => users("extension", name));
  return {
    ...content,
    tables: content.tables.filter((table) =>
      users(table.kind === "matview" ? "materialized-view" : "table", displayName(table)),
    ),
    sequences: content.sequences.filter((sequence) => users("sequence", displayName(sequence))),
    objects,
    roles: content.roles.filter(({ name }) => users("role", name)),
    extensions,
    ...(content.extensionContents === undefined
      ? {}
      : {
          extensionContents: content.extensionContents.map((one) =>
            extensions.some(({ name }) => name === one.name) ? one : addedTo(one, record),
          ),
        }),
    largeObjects: like.largeObjects,
  };
}

/**
 * Of an extension of the platform's, the tables that stand in no schema of the platform's: somebody
 * has added them.
 */
function addedTo(extension: ExtensionContent, { schemas }: PlatformRecord): ExtensionContent {
  const relations = extension.relations.filter(({ schema }) => !schemas.includes(schema));
  return { name: extension.name, relations, parts: {}, others: { count: 0, digest: null } };
}

/** What a publication holds: fields of its digests. */
const MEMBERSHIP: ReadonlySet<string> = new Set([
  "all-tables",
  "tables",
  "columns",
  "filters",
  "has-filters",
  "schemas",
]);

function membership(digests: string): string {
  return writeDigests([...readDigests(digests)].filter(([field]) => MEMBERSHIP.has(field)));
}

/** Whether something of a content record is rights on an object of the platform's. */
export function isRightOnPlatform(record: PlatformRecord, kind: string, identity: string): boolean {
  if (kind !== "grant" || !record.schemas.includes(schemaOf(kind, identity) ?? "")) return false;
  return !usersKeys(record).has(namesKey(leadingNames(wordAndRest(identity)[1]).slice(0, 2)));
}

/** Asked for thousands of objects of one record. */
const KEYS = new WeakMap<PlatformRecord, ReadonlySet<string>>();

function usersKeys(record: PlatformRecord): ReadonlySet<string> {
  const keys = KEYS.get(record) ?? new Set(usersInPlatform(record).map(namesKey));
  KEYS.set(record, keys);
  return keys;
}

/** Kinds of what stands in a schema by itself and has rights. */
const WITH_RIGHTS: ReadonlySet<string> = new Set([
  "table",
  "view",
  "materialized-view",
  "sequence",
  "function",
  "type",
]);

/** What is the user's in the platform's schemas and has rights of its own: schema and name. */
export function usersInPlatform({ users }: PlatformRecord): (readonly [schema: string, name: string])[] {
  return users
    .filter(([kind]) => WITH_RIGHTS.has(kind))
    .flatMap(([, identity]) => {
      const [schema, name] = leadingNames(identity);
      return schema === undefined || name === undefined ? [] : [[schema, name] as const];
    });
}
