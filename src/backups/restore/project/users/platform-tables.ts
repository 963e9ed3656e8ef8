import { compareFields } from "../../../../nouns/content/compare/compare-fields.ts";
import type { ContentRecord, ObjectKind } from "../../../../nouns/content/record.ts";
import { leadingNames, namesKey, wordAndRest } from "../../../../nouns/platform/identity.ts";
import { profileOf } from "../../../../nouns/platform/profiles.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import { whoseIs } from "../../../../nouns/platform/whose.ts";
import type { TargetObjects } from "./target-objects.ts";

/**
 * What stands on the platform's tables and depends on nothing of the user's, so that the record of the backup
 * takes it for the platform's.
 */
const KINDS: readonly ObjectKind[] = ["trigger", "constraint", "index", "comment", "column"];
/** Fields of a column that can be set by themselves. */
const SETTABLE: ReadonlySet<string> = new Set(["default", "statistics-target", "has-default"]);

/** `[kind, identity]`, as a record names objects. */
export type NamedObject = readonly [kind: ObjectKind, identity: string];

/** What differs between the platform's tables of a backup and of a target. */
export interface PlatformTables {
  /**
   * In the backup alone, or set otherwise there, where both platforms are of one version: only a person can
   * have made it.
   */
  readonly brought: readonly NamedObject[];
  /** Sentences about the rest. */
  readonly notes: readonly string[];
}

/**
 * Holds what stands on the platform's tables against the target's. Who made a check, a trigger or a default
 * that calls nothing of the user's no catalog says. But a platform of the same version makes the same: what
 * is more in the backup is the user's then. Where the versions differ, or are not known, it may be either's;
 * it is left as the target has it and named.
 */
export function comparePlatformTables(
  source: PlatformRecord,
  target: PlatformRecord,
  content: ContentRecord,
  here: TargetObjects,
): PlatformTables {
  const brought: NamedObject[] = [];
  const found = { doubtful: [] as string[], differing: [] as string[], further: [] as string[] };
  const isGuessed = guessedAt(source, target);
  const majors = [content.serverMajor, here.major] as const;
  for (const kind of KINDS) {
    const [before, now] = [content.objects[kind] ?? {}, here.objects[kind] ?? {}];
    for (const [identity, digests] of Object.entries(before)) {
      const schema = platformsSchema(source, content, kind, identity);
      if (schema === undefined || isGuessed(kind, identity) || !hasTable(here, content, kind, identity)) {
        continue;
      }
      const isSame = sameVersion(source, target, schema);
      if (!Object.hasOwn(now, identity)) {
        // A column that the target lacks is a matter of its rows.
        if (kind === "column") continue;
        if (isSame) brought.push([kind, identity]);
        else found.doubtful.push(sentence(kind, identity));
        continue;
      }
      const { differing } = compareFields(kind, digests, now[identity]!, majors);
      if (differing.length === 0) continue;
      if (
        kind === "column" &&
        differing.every((field) => SETTABLE.has(field)) &&
        !/(?:^| )(?:generated|identity)=/.test(digests) &&
        isSame
      ) {
        brought.push([kind, identity]);
      } else {
        found.differing.push(
          `${sentence(kind, identity)} (${differing.map((field) => field.replaceAll("-", " ")).join(", ")})`,
        );
      }
    }
    for (const identity of Object.keys(now)) {
      const schema = Object.hasOwn(before, identity)
        ? undefined
        : platformsSchema(target, here, kind, identity);
      if (schema !== undefined && !isGuessed(kind, identity) && sameVersion(source, target, schema)) {
        found.further.push(sentence(kind, identity));
      }
    }
  }
  return { brought, notes: told(found, brought) };
}

function told(
  found: Readonly<Record<"doubtful" | "differing" | "further", readonly string[]>>,
  brought: readonly NamedObject[],
): string[] {
  const list = (start: string, names: readonly string[], end: string): string[] =>
    names.length === 0 ? [] : [`${start}: ${names.join(", ")}${end}`];
  return [
    ...list(
      "on tables of the platform's and at the source alone, so taken for yours and brought",
      brought.map(([kind, identity]) => sentence(kind, identity)),
      "",
    ),
    ...list(
      "on tables of the platform's in the backup and not at the target, whose platform is not known to be " +
        "of the same version, so that it may be the platform's: left out",
      found.doubtful,
      "; make it by hand if it is yours",
    ),
    ...list(
      "on tables of the platform's and otherwise than in the backup, left as the target has it",
      found.differing,
      "",
    ),
    ...list("on tables of the platform's and not in the backup, left there", found.further, ""),
  ];
}

function sentence(kind: ObjectKind, identity: string): string {
  return kind === "comment" ? `comment on ${identity}` : `${kind} ${identity}`;
}

/**
 * What is told elsewhere or known to be its own: names that no known version has given and those that one
 * has, and columns that it fills itself.
 */
function guessedAt(
  source: PlatformRecord,
  target: PlatformRecord,
): (kind: ObjectKind, identity: string) => boolean {
  const guessed = new Set([...(source.guessed ?? []), ...(target.guessed ?? [])].map((one) => namesKey(one)));
  const { schemas } = profileOf(source.name);
  const computed = new Set(
    schemas.flatMap((schema) =>
      Object.keys(schema.computed ?? {}).map((column) => namesKey([schema.name, ...column.split(".")])),
    ),
  );
  const indexes = new Set(
    schemas.flatMap((schema) => (schema.indexes ?? []).map((name) => namesKey([schema.name, name]))),
  );
  const isKnown = (kind: ObjectKind, identity: string): boolean =>
    kind === "index" && indexes.has(namesKey(leadingNames(identity)));
  return (kind, identity) =>
    isKnown(kind, identity) ||
    guessed.has(namesKey([kind, identity])) ||
    (kind === "column" && computed.has(namesKey(leadingNames(identity))));
}

/** Null is a version that could not be read. */
function sameVersion(source: PlatformRecord, target: PlatformRecord, schema: string): boolean {
  const version = source.migrations[schema];
  return version !== undefined && version !== null && version === target.migrations[schema];
}

/**
 * The schema of something that is the platform's by the record and stands there by itself; undefined
 * for all else.
 */
function platformsSchema(
  record: PlatformRecord,
  { objects }: Pick<ContentRecord, "objects">,
  kind: ObjectKind,
  identity: string,
): string | undefined {
  const named = kind === "comment" ? wordAndRest(identity)[1] : identity;
  const [schema, table, name] = leadingNames(named);
  if (
    schema === undefined ||
    !record.schemas.includes(schema) ||
    whoseIs(record, kind, identity) === "user"
  ) {
    return undefined;
  }
  // Comments on tables and columns are brought in any case, where the target has none.
  if (kind === "comment" && /^(?:table|column|schema|view|materialized-view|extension) /.test(identity)) {
    return undefined;
  }
  // The index of a key comes with the key.
  if (
    kind === "index" &&
    Object.keys(objects.constraint ?? {}).some((key) => isConstraintOf(key, schema, table ?? ""))
  ) {
    return undefined;
  }
  if (kind === "constraint" && name === undefined) return undefined;
  return schema;
}

function isConstraintOf(identity: string, schema: string, index: string): boolean {
  const [of, , name] = leadingNames(identity);
  return of === schema && name === index;
}

/** A table that the target lacks is named with its rows. */
function hasTable(
  { objects }: TargetObjects,
  { tables }: ContentRecord,
  kind: ObjectKind,
  identity: string,
): boolean {
  const names = leadingNames(kind === "comment" ? wordAndRest(identity)[1] : identity);
  const ofIndex = tables.find(
    (table) => table.schema === names[0] && (table.indexes ?? []).includes(names[1] ?? ""),
  );
  const of =
    kind === "index" ? (ofIndex === undefined ? [] : [ofIndex.schema, ofIndex.name]) : names.slice(0, 2);
  if (kind === "comment" && names.length < 3) return true;
  return Object.keys(objects.table ?? {}).some((table) => namesKey(leadingNames(table)) === namesKey(of));
}
