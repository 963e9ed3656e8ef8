import type { ContentRecord, ObjectKind } from "../../../../nouns/content/record.ts";
import { leadingNames, namesKey, schemaOf } from "../../../../nouns/platform/identity.ts";
import type { PlatformRecord } from "../../../../nouns/platform/record.ts";
import { whoseIs } from "../../../../nouns/platform/whose.ts";
import { nameKey } from "../archive/name-key.ts";
import type { TargetObjects } from "../users/target-objects.ts";

/**
 * What a restore drops of a project and the backup does not bring back. Kinds in the order in which people
 * look for them.
 */
const KINDS: readonly ObjectKind[] = [
  "schema",
  "table",
  "view",
  "materialized-view",
  "function",
  "trigger",
  "policy",
  "column",
  "constraint",
  "index",
  "rule",
  "sequence",
  "type",
  "operator",
  "collation",
  "text-search",
  "conversion",
  "statistics",
  "event-trigger",
  "publication",
  "foreign-server",
  "user-mapping",
];
const RELATIONS: readonly ObjectKind[] = ["table", "view", "materialized-view"];
const ON_RELATION: ReadonlySet<ObjectKind> = new Set(["trigger", "policy", "column", "constraint", "rule"]);
/** Of the user's on a table of the platform's, these stay, whoever made them. */
const STAY: ReadonlySet<ObjectKind> = new Set(["column"]);

/**
 * The user's objects at the target that the backup has not, as `table public.extra`. What stands on a table
 * that goes is not named beside it.
 *
 * @param target whose is what there
 * @param dropped keys of what of no schema is dropped, as {@link nameKey} has them
 */
export function removedObjects(
  { objects, partOf }: TargetObjects,
  target: PlatformRecord,
  source: Pick<ContentRecord, "objects">,
  dropped: ReadonlySet<string>,
): string[] {
  const gone = new Set<string>();
  const found: string[] = [];
  for (const kind of KINDS) {
    const known = source.objects[kind] ?? {};
    for (const identity of Object.keys(objects[kind] ?? {})) {
      if (Object.hasOwn(known, identity) || whoseIs(target, kind, identity) !== "user") continue;
      const isOfPlatform = target.schemas.includes(schemaOf(kind, identity) ?? "");
      if (isOfPlatform && STAY.has(kind) && !isOnUsers(target, identity)) continue;
      if (SCHEMALESS.has(kind) && !dropped.has(nameKey(...droppedAs(kind, identity)))) continue;
      const relation = ON_RELATION.has(kind) ? namesKey(leadingNames(identity).slice(0, 2)) : undefined;
      const whole = partOf.get(namesKey([kind, identity]));
      if (
        (relation !== undefined && gone.has(relation)) ||
        (whole !== undefined && gone.has(namesKey(leadingNames(whole))))
      ) {
        continue;
      }
      if (RELATIONS.includes(kind)) gone.add(namesKey(leadingNames(identity)));
      found.push(
        kind === "foreign-server" ? `foreign ${identity}` : `${kind.replaceAll("-", " ")} ${identity}`,
      );
    }
  }
  return found;
}

const SCHEMALESS: ReadonlySet<ObjectKind> = new Set(["event-trigger", "publication", "foreign-server"]);

/** A record names `server shop` and `wrapper w` in one kind. */
function droppedAs(kind: ObjectKind, identity: string): [kind: string, identity: string] {
  if (kind !== "foreign-server") return [kind, identity];
  const [word = "", name = ""] = identity.split(/ (.*)/s);
  return [word === "server" ? "server" : "foreign-data-wrapper", name];
}

function isOnUsers({ users }: PlatformRecord, identity: string): boolean {
  const relation = namesKey(leadingNames(identity).slice(0, 2));
  return users.some(
    ([kind, of]) =>
      (RELATIONS as readonly string[]).includes(kind) && namesKey(leadingNames(of)) === relation,
  );
}
