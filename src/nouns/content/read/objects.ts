import type { DatabaseSession } from "../../../ports/database.ts";
import { readObjects1 } from "./digest-1/objects.ts";
import { eachObject, eachOfClass, type FoundObject, type ObjectReader } from "./each-object.ts";
import { readExtensionNeeds } from "./extension-needs.ts";
import { namesMap } from "../names-map.ts";
import { OBJECT_CLASSES } from "./objects/all.ts";
import { fieldDigest, HIDDEN, writeDigests } from "./objects/field-digests.ts";
import type { ServerFacts } from "./objects/object-class.ts";
import { serverFacts } from "./objects/server-facts.ts";
import { UNKNOWN_OPTIONS } from "./objects/options.ts";
import { readMarkedSequences } from "./marked-sequences.ts";
import { readPublicationNeeds } from "./publication-needs.ts";
import type { ContentRecord, ContentScope, ObjectKind } from "../record.ts";

/** The objects of a database. */
export interface ObjectInventory {
  readonly objects: ContentRecord["objects"];
  readonly objectExtensions: NonNullable<ContentRecord["objectExtensions"]>;
  /** Every extension that any of the objects needs. */
  readonly neededExtensions: ReadonlySet<string>;
  /** Names of options that nobody is known to set; they are not compared. */
  readonly unknownOptions: readonly string[];
}

/** Kind → identity → digests of its fields. */
type Objects = Map<ObjectKind, Map<string, string>>;

/** Part of the server: no object is worth naming for needing it. */
const EVERYWHERE = "plpgsql";

/**
 * All objects in scope as digests of their fields, by kind and identity; owners, comments and security labels
 * are kinds of their own. A kind without objects is there and empty; one that could not be read is absent.
 *
 * @param digests how they are made, see {@link ContentRecord}; none, meaning 1, only to hold a copy against
 *   such a record
 */
export async function readObjects(
  session: DatabaseSession,
  scope: ContentScope,
  server: Omit<ServerFacts, "superuser">,
  digests?: ContentRecord["digests"],
): Promise<ObjectInventory> {
  const found =
    digests === undefined ? await readObjects1(session, scope) : await readFields(session, scope, server);
  const unknown = await session.query<{ name: string }>(UNKNOWN_OPTIONS);
  return {
    objects: found.objects,
    ...(await readNeeds(session, scope, found.places)),
    unknownOptions: unknown.map((row) => row.name),
  };
}

/** The objects of one kind alone, as {@link readObjects} has them with the newest digests. */
export async function readObjectsOf(
  session: DatabaseSession,
  scope: ContentScope,
  kind: ObjectKind,
): Promise<Readonly<Record<string, string>>> {
  const server = await serverFacts(session);
  const digests = new DigestsOfObjects();
  for (const each of OBJECT_CLASSES.filter((one) => one.kind === kind)) {
    await eachOfClass(session, scope, server, each, digests);
  }
  return sorted(digests.objects)[kind] ?? {};
}

interface Found {
  readonly objects: ContentRecord["objects"];
  /** `<catalog> <oid>` → `<kind> <identity>` of what stands there. */
  readonly places: ReadonlyMap<string, string>;
}

async function readFields(
  session: DatabaseSession,
  scope: ContentScope,
  facts: Omit<ServerFacts, "superuser">,
): Promise<Found> {
  const [row] = await session.query<{ superuser: boolean }>(
    "SELECT current_setting('is_superuser') = 'on' AS superuser",
  );
  const digests = new DigestsOfObjects();
  await eachObject(session, scope, { ...facts, superuser: row!.superuser }, digests);
  return { objects: sorted(digests.objects), places: digests.places };
}

/** Collects the digests of what is read. */
class DigestsOfObjects implements ObjectReader {
  readonly objects: Objects = new Map([["owner", new Map<string, string>()]]);
  readonly places = new Map<string, string>();

  kind(kind: ObjectKind): void {
    if (!this.objects.has(kind)) this.objects.set(kind, new Map());
  }

  object({ kind, identity, fields, owner, place }: FoundObject): void {
    add(
      this.objects,
      kind,
      identity,
      fields.flatMap(({ name, text, hidden, printed }): [string, string][] => {
        const digest = hidden ? HIDDEN : fieldDigest(text, printed);
        return digest === undefined ? [] : [[name, digest]];
      }),
    );
    if (owner !== null) {
      add(this.objects, "owner", `${kind} ${identity}`, [["owner", fieldDigest(owner, false)!]]);
    }
    if (place !== null) this.places.set(place, `${kind} ${identity}`);
  }
}

async function readNeeds(
  session: DatabaseSession,
  scope: ContentScope,
  places: ReadonlyMap<string, string>,
): Promise<Pick<ObjectInventory, "objectExtensions" | "neededExtensions">> {
  const needs = await readExtensionNeeds(session);
  const found: [string, string[]][] = [];
  const neededExtensions = new Set<string>();
  for (const [place, object] of places) {
    const extensions = needs.get(place) ?? [];
    for (const name of extensions) neededExtensions.add(name);
    const worthNaming = extensions.filter((name) => name !== EVERYWHERE);
    if (worthNaming.length > 0) found.push([object, worthNaming]);
  }
  found.push(
    ...(await readPublicationNeeds(session, places, needs)),
    ...(await readMarkedSequences(session, scope)),
  );
  return { objectExtensions: namesMap(byName(found)), neededExtensions };
}

function add(
  objects: Objects,
  kind: ObjectKind,
  identity: string,
  digests: readonly (readonly [string, string])[],
): void {
  objects.get(kind)!.set(identity, writeDigests(digests));
}

/** In the same order everywhere, so that two records of the same content are the same bytes. */
function sorted(objects: Objects): ContentRecord["objects"] {
  return Object.fromEntries(byName([...objects].map(([kind, map]) => [kind, namesMap(byName([...map]))])));
}

function byName<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
