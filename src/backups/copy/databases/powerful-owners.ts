import { readDigests, fieldDigest } from "../../../nouns/content/read/objects/field-digests.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";

/**
 * Objects that only a superuser may own: https://www.postgresql.org/docs/current/sql-alterevent-trigger.html
 * and its like.
 */
const ONLY_SUPERUSERS = /^(?:event-trigger |foreign-server wrapper |subscription )/;
/** Of publications those of all tables, or of all tables in a schema. */
const WIDE: readonly string[] = ["all-tables", "schemas"];

/**
 * Names of the roles that own what only a superuser may own. A record holds owners as digests of their names,
 * and the names of all roles.
 *
 * Some of them are no superusers at the source any more (on Supabase `postgres` was one when its event
 * trigger was made), so their own attributes do not tell.
 */
export function powerfulOwners({
  objects,
  roles,
}: Pick<ContentRecord, "objects" | "roles">): ReadonlySet<string> {
  const owners = Object.entries(objects.owner ?? {}).filter(
    ([of]) => ONLY_SUPERUSERS.test(of) || isWide(of, objects),
  );
  const digests = new Set(owners.map(([, text]) => readDigests(text).get("owner")));
  return new Set(roles.map(({ name }) => name).filter((name) => digests.has(fieldDigest(name, false))));
}

function isWide(of: string, objects: ContentRecord["objects"]): boolean {
  if (!of.startsWith("publication ")) return false;
  const fields = readDigests(objects.publication?.[of.slice("publication ".length)] ?? "");
  return WIDE.some((field) => fields.has(field));
}
