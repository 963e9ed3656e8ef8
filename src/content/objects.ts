import { sha256 } from "../kernel/streams.ts";
import type { DatabaseSession } from "../ports/database.ts";
import { canonical } from "./canonical.ts";
import { readExtensionNeeds } from "./extension-needs.ts";
import { DEFAULT_PRIVILEGES_QUERY, GRANTS_QUERY } from "./grants.ts";
import { OTHER_QUERIES, RELATION_QUERIES } from "./object-queries.ts";
import type { ContentRecord, ContentScope, ObjectKind } from "./record.ts";
import { scopeValues } from "./scope.ts";

interface ObjectRow {
  readonly cls: string | null;
  readonly oid: number;
  readonly sub: number;
  readonly identity: string;
  readonly definition: string | null;
  readonly owner: string | null;
  /** The part of the definition that every major version prints alike; absent where there is none, or where all of it is. */
  readonly portable?: string;
}

type Objects = Record<string, Record<string, string>>;

/** The objects of a database. */
export interface ObjectInventory {
  readonly objects: ContentRecord["objects"];
  readonly objectExtensions: NonNullable<ContentRecord["objectExtensions"]>;
  /** Every extension that any of the objects needs. */
  readonly neededExtensions: ReadonlySet<string>;
}

/** Part of the server: no object is worth naming for needing it. */
const EVERYWHERE = "plpgsql";

/**
 * The definitions of all objects in scope as digests, by kind and identity; owners, rights and comments are kinds of their own.
 * Kinds without an object are absent.
 */
export async function readObjects(session: DatabaseSession, scope: ContentScope): Promise<ObjectInventory> {
  const values = scopeValues(scope);
  const objects: Objects = {};
  const places = new Map<string, string>();
  for (const { kind, sql, printed } of [...OTHER_QUERIES, ...RELATION_QUERIES]) {
    for (const row of await session.query<ObjectRow>(sql, values)) {
      const definition = row.definition ?? "";
      add(objects, kind, row.identity, printed === true ? canonical(definition) : definition, row.portable);
      if (row.owner !== null) add(objects, "owner", `${kind} ${row.identity}`, row.owner);
      if (row.cls !== null) places.set(`${row.cls} ${row.oid} ${row.sub}`, `${kind} ${row.identity}`);
    }
  }
  for (const [kind, sql] of [["grant", GRANTS_QUERY], ["default-privilege", DEFAULT_PRIVILEGES_QUERY]] as const) {
    for (const row of await session.query<{ identity: string; definition: string; portable?: string }>(sql, values)) add(objects, kind, row.identity, row.definition, row.portable);
  }
  await readComments(session, places, objects);
  return { objects: sorted(objects), ...(await readNeeds(session, places)) };
}

/** Columns are named with their table, which has a place of its own. */
async function readNeeds(session: DatabaseSession, places: ReadonlyMap<string, string>): Promise<Omit<ObjectInventory, "objects">> {
  const needs = await readExtensionNeeds(session);
  const found: [string, string[]][] = [];
  const neededExtensions = new Set<string>();
  for (const [place, object] of places) {
    if (!place.endsWith(" 0")) continue;
    const extensions = needs.get(place.slice(0, -2)) ?? [];
    for (const name of extensions) neededExtensions.add(name);
    const worthNaming = extensions.filter((name) => name !== EVERYWHERE);
    if (worthNaming.length > 0) found.push([object, worthNaming]);
  }
  return { objectExtensions: Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1))), neededExtensions };
}

/** Comments of the objects found before; those of other objects are out of scope. */
async function readComments(session: DatabaseSession, places: ReadonlyMap<string, string>, objects: Objects): Promise<void> {
  const rows = await session.query<{ place: string; text: string }>(
    "SELECT d.classoid::regclass || ' ' || d.objoid || ' ' || d.objsubid AS place, d.description AS text FROM pg_description d",
  );
  for (const { place, text } of rows) {
    const object = places.get(place);
    if (object !== undefined) add(objects, "comment", object, text);
  }
}

function add(objects: Objects, kind: ObjectKind, identity: string, definition: string, portable?: string): void {
  // Without a prototype: a schema may be called `__proto__` or `constructor`.
  (objects[kind] ??= Object.create(null) as Record<string, string>)[identity] = digest(definition) + (portable === undefined ? "" : digest(portable));
}

function digest(text: string): string {
  return sha256(text).slice(0, 16);
}

/** In the same order everywhere, so that two records of the same content are the same bytes. */
function sorted(objects: Objects): ContentRecord["objects"] {
  const byName = <T>(entries: [string, T][]): [string, T][] => entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(byName(Object.entries(objects)).map(([kind, map]) => [kind, Object.fromEntries(byName(Object.entries(map)))]));
}
