import { leadingNames, namesKey, wordAndRest } from "./identity.ts";
import { ON_RELATION } from "./on-relation.ts";
import type { PlatformProfile } from "./profile.ts";
import { OF_CONSTRAINT, type Ground, type GroundObject } from "./read-ground.ts";
import type { PlatformRecord } from "./record.ts";

/**
 * What users have put on the platform's ground. Nothing in a catalog says who made an object, so it is told by what
 * could not be the platform's:
 *
 * - what has an owner (tables, views, functions, types, sequences …) by a role that is none of the platform's. The
 *   role that people work as is one of them, and what it owns is the user's but for a few things that the profile
 *   names;
 * - policies and rules, always: the platform turns row-level security on and ships no policy and no rule of its
 *   own;
 * - triggers that call a user's function, or one of the platform's that sends a webhook;
 * - what depends on something that is not the platform's: a foreign key to a user's table, a column of a user's
 *   type, a check or an index by a user's function;
 * - indexes of other names than the platform's services have given. A new name of a newer service is taken for the
 *   user's then, which costs nothing: where it is there already, there is nothing to restore; the other mistake
 *   would lose an index in silence. Comments on columns are told in the same way;
 * - rights, where they name a role that is not the platform's.
 *
 * Columns and checks that depend on nothing of the user's, and comments on anything but columns, cannot be told
 * from the platform's and are taken for its own.
 */
export function usersOn(
  profile: PlatformProfile, schemas: readonly string[], { objects, needs }: Ground,
): PlatformRecord["users"] {
  const platform = new Set(schemas);
  const roles = new Set(profile.roles);
  const excepted = new Set(profile.ownedByWorkingRole.map((each) => namesKey(each)));
  const ownedByUser = ({ kind, identity, owner }: GroundObject): boolean => owner !== null &&
    (owner === profile.workingRole ? !excepted.has(namesKey([kind, identity])) : !roles.has(owner));
  const owned = objects.filter(ownedByUser);
  const places = new Set(owned.flatMap(({ place }) => (place === null ? [] : [place])));
  const ownedRelations = owned.filter(({ place }) => place?.startsWith("pg_class ") === true);
  const relations = new Set(ownedRelations.map(({ identity }) => relationKey(identity)));
  const needsUsers = (of: string | null): boolean =>
    of !== null && (needs.get(of) ?? []).some(({ place, schema }) => places.has(place) || !platform.has(schema));
  const indexNames = new Map(profile.schemas.map(({ name, indexes }) => [name, indexes]));

  const isUsers = (object: GroundObject): boolean => {
    const { kind, identity, place, sign } = object;
    // Policies, triggers … of the user's own tables are the user's with them.
    if (ON_RELATION.has(kind) && relations.has(relationKey(identity))) return false;
    if (kind === "policy" || kind === "rule") return true;
    if (kind === "trigger") return profile.webhookFunctions.includes(sign ?? "") || needsUsers(place);
    if (kind === "constraint") return needsUsers(place);
    if (kind === "column") return needsUsers(`column ${identity}`);
    if (kind === "index") return isUsersIndex(object);
    if (kind === "comment") return isUsersComment(identity);
    if (kind === "grant") return (sign ?? "").split("\n").some((role) => role !== "" && !roles.has(role));
    return ownedByUser(object);
  };
  const isUsersComment = (identity: string): boolean => {
    const [schema = "", ...column] = leadingNames(wordAndRest(identity)[1]);
    const known = profile.schemas.find(({ name }) => name === schema)?.columnComments;
    return known !== undefined && !known.includes(column.join(".")) && !relations.has(namesKey([schema, column[0]!]));
  };
  const isUsersIndex = ({ identity, place, sign }: GroundObject): boolean => {
    const table = sign ?? "";
    if (places.has(table.replace(OF_CONSTRAINT, ""))) return true;
    if (table.endsWith(OF_CONSTRAINT)) return false;
    const [schema = "", name = ""] = leadingNames(identity);
    const known = indexNames.get(schema);
    return needsUsers(place) || (known !== undefined && !known.includes(name));
  };
  return objects.filter(isUsers).map(({ kind, identity }): [string, string] => [kind, identity]);
}

function relationKey(identity: string): string {
  return namesKey(leadingNames(identity).slice(0, 2));
}
