import { leadingNames, namesKey, schemaOf, wordAndRest } from "./identity.ts";
import { ON_RELATION } from "./on-relation.ts";
import type { PlatformProfile } from "./profile.ts";
import { OF_CONSTRAINT, type Ground, type GroundObject } from "./read-ground.ts";
import type { PlatformRecord } from "./record.ts";

/** What is the user's on the platform's ground, and what may be. */
export interface UsersOn {
  readonly users: PlatformRecord["users"];
  readonly guessed: PlatformRecord["users"];
}

/**
 * What users have put on the platform's ground. Nothing in a catalog says who made an object, so it is told
 * by what could not be the platform's:
 *
 * - what has an owner (tables, views, functions, types, sequences …) by a role that is none of the
 *   platform's. The role that people work as is one of them, and what it owns is the user's but for a few
 *   things that the profile names;
 * - policies and rules, always: the platform turns row-level security on and ships no policy and no rule
 *   of its own;
 * - triggers that call a user's function, or one of the platform's that sends a webhook;
 * - what depends on something that is not the platform's: a foreign key to a user's table, a column of a
 *   user's type, a check or an index by a user's function;
 * - indexes of other names than the platform's services have given to those of tables that they are known
 *   to have. That is a guess: of a version that is known it is taken for the user's, of a later one for the
 *   platform's. Comments on columns are told in the same way;
 * - rights, where they name a role that is not the platform's.
 *
 * Columns and checks that depend on nothing of the user's, and comments on anything but columns, cannot be
 * told from the platform's and are taken for its own.
 */
export function usersOn(
  profile: PlatformProfile,
  schemas: readonly string[],
  { objects, needs }: Ground,
  isNewer: (schema: string) => boolean,
): UsersOn {
  const platform = new Set(schemas);
  const roles = new Set(profile.roles);
  const excepted = new Set(profile.ownedByWorkingRole.map((each) => namesKey(each)));
  const ownedByUser = ({ kind, identity, owner }: GroundObject): boolean =>
    owner !== null &&
    (owner === profile.workingRole ? !excepted.has(namesKey([kind, identity])) : !roles.has(owner));
  const owned = objects.filter(ownedByUser);
  const places = new Set(owned.flatMap(({ place }) => (place === null ? [] : [place])));
  const ownedRelations = owned.filter(({ place }) => place?.startsWith("pg_class ") === true);
  const relations = new Set(ownedRelations.map(({ identity }) => relationKey(identity)));
  const needsUsers = (of: string | null): boolean =>
    of !== null &&
    (needs.get(of) ?? []).some(({ place, schema }) => places.has(place) || !platform.has(schema));
  const byName = new Map(profile.schemas.map((schema) => [schema.name, schema]));
  const tablesByPlace = new Map(
    objects
      .filter(({ kind }) => kind === "table")
      .map(({ place, identity }) => [place, leadingNames(identity)]),
  );
  const isKnownTable = ([schema = "", table = ""]: readonly string[]): boolean =>
    byName.get(schema)?.rows.some((one) => one.table === table) === true;

  const isUsers = (object: GroundObject): boolean => {
    const { kind, identity, place, sign } = object;
    // Policies, triggers … of the user's own tables are the user's with them.
    if (ON_RELATION.has(kind) && relations.has(relationKey(identity))) return false;
    if (kind === "policy" || kind === "rule") return true;
    if (kind === "trigger") return profile.webhookFunctions.includes(sign ?? "") || needsUsers(place);
    if (kind === "constraint") return needsUsers(place);
    if (kind === "column") return needsUsers(`column ${identity}`);
    if (kind === "index") return isUsersIndex(object);
    if (kind === "grant") return (sign ?? "").split("\n").some((role) => role !== "" && !roles.has(role));
    return ownedByUser(object);
  };
  const isGuessed = ({ kind, identity, sign }: GroundObject): boolean => {
    if (kind === "comment") return isUnknownComment(identity);
    if (kind !== "index" || (sign ?? "").endsWith(OF_CONSTRAINT)) return false;
    const [schema = "", name = ""] = leadingNames(identity);
    const known = byName.get(schema)?.indexes;
    return known !== undefined && !known.includes(name) && isKnownTable(tablesByPlace.get(sign ?? "") ?? []);
  };
  const isUnknownComment = (identity: string): boolean => {
    const [schema = "", ...column] = leadingNames(wordAndRest(identity)[1]);
    const known = byName.get(schema)?.columnComments;
    return (
      known !== undefined &&
      !known.includes(column.join(".")) &&
      isKnownTable([schema, column[0]!]) &&
      !relations.has(namesKey([schema, column[0]!]))
    );
  };
  const isUsersIndex = ({ place, sign }: GroundObject): boolean => {
    const table = sign ?? "";
    if (places.has(table.replace(OF_CONSTRAINT, ""))) return true;
    return !table.endsWith(OF_CONSTRAINT) && needsUsers(place);
  };
  const users: [string, string][] = [];
  const guessed: [string, string][] = [];
  for (const object of objects) {
    const name: [string, string] = [object.kind, object.identity];
    const isSure = isUsers(object);
    const isGuess = !isSure && isGuessed(object);
    if (isGuess) guessed.push(name);
    if (isSure || (isGuess && !isNewer(schemaOf(object.kind, object.identity) ?? ""))) users.push(name);
  }
  return { users, guessed };
}

function relationKey(identity: string): string {
  return namesKey(leadingNames(identity).slice(0, 2));
}
