import { sha256 } from "../../../../kernel/streams.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { canonical } from "../canonical.ts";
import { namesMap } from "../../names-map.ts";
import type { ContentRecord, ContentScope, ObjectKind } from "../../record.ts";
import { scopeValues } from "../../scope.ts";
import { DEFAULT_PRIVILEGES_QUERY, GRANTS_QUERY } from "./grants.ts";
import { OTHER_QUERIES } from "./other-queries.ts";
import { RELATION_QUERIES } from "./relation-queries.ts";

/**
 * Digests 1, the ones of manifests that do not say which they have: what the queries in this folder give
 * is frozen, because a copy is measured by them whenever it is held against such a manifest. Nothing here
 * is for new manifests. One mend was made: of a column's options only those count that a person may set,
 * so that a server's own marks in the copy do no harm; those in the source cannot be told any more (see
 * `compare-digests-1.ts`).
 */

interface ObjectRow {
  readonly cls: string | null;
  readonly oid: number;
  readonly sub: number;
  readonly identity: string;
  readonly definition: string | null;
  readonly owner: string | null;
  /**
   * The part of the definition that every major version prints alike; absent where there is none, or where
   * all of it is.
   */
  readonly portable?: string;
}

type Objects = Record<string, Record<string, string>>;

interface Found {
  readonly objects: ContentRecord["objects"];
  /** `<catalog> <oid>` → `<kind> <identity>` of what stands there. */
  readonly places: ReadonlyMap<string, string>;
}

/** Definitions of all objects in scope; kinds without an object are absent. */
export async function readObjects1(session: DatabaseSession, scope: ContentScope): Promise<Found> {
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
  for (const [kind, sql] of [
    ["grant", GRANTS_QUERY],
    ["default-privilege", DEFAULT_PRIVILEGES_QUERY],
  ] as const) {
    for (const row of await session.query<{ identity: string; definition: string; portable?: string }>(
      sql,
      values,
    )) {
      add(objects, kind, row.identity, row.definition, row.portable);
    }
  }
  await readComments(session, places, objects);
  const whole = [...places]
    .filter(([place]) => place.endsWith(" 0"))
    .map(([place, object]) => [place.slice(0, -2), object] as const);
  return { objects: sorted(objects), places: new Map(whole) };
}

/** Comments of the objects found before; those of other objects are out of scope. */
async function readComments(
  session: DatabaseSession,
  places: ReadonlyMap<string, string>,
  objects: Objects,
): Promise<void> {
  const rows = await session.query<{ place: string; text: string }>(`
    SELECT d.classoid::regclass || ' ' || d.objoid || ' ' || d.objsubid AS place, d.description AS text
      FROM pg_description d
  `);
  for (const { place, text } of rows) {
    const object = places.get(place);
    if (object !== undefined) add(objects, "comment", object, text);
  }
}

function add(
  objects: Objects,
  kind: ObjectKind,
  identity: string,
  definition: string,
  portable?: string,
): void {
  (objects[kind] ??= namesMap([]))[identity] =
    digest(definition) + (portable === undefined ? "" : digest(portable));
}

function digest(text: string): string {
  return sha256(text).slice(0, 16);
}

function sorted(objects: Objects): ContentRecord["objects"] {
  const byName = <T>(entries: [string, T][]): [string, T][] => entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    byName(Object.entries(objects)).map(([kind, map]) => [kind, namesMap(byName(Object.entries(map)))]),
  );
}
