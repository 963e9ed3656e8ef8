import { World, type Server } from "../world.ts";
import { constraints } from "./keys.ts";
import { functions, operators } from "./functions.ts";
import { indexes } from "./indexes.ts";
import { comments, defaultPrivileges, grants, owners } from "./rights.ts";
import { schemas } from "./schemas.ts";
import { sequences } from "./sequences.ts";
import {
  collations,
  foreign,
  largeObjects,
  oddities,
  publications,
  statistics,
  textSearch,
} from "./surroundings.ts";
import { table } from "./tables.ts";
import { inheritance, partitions } from "./trees.ts";
import { eventTriggers, policies, rules, triggers } from "./triggers.ts";
import { userTypes } from "./user-types.ts";
import { materializedViews, views } from "./views.ts";

type Production = (world: World) => void;

/**
 * What a world is made of, in the order in which it is made; the number is how often each is tried, the
 * chance how likely each time.
 */
const PRODUCTIONS: readonly (readonly [
  noun: string,
  tries: number,
  probability: number,
  production: Production,
])[] = [
  ["schemas", 1, 1, schemas],
  ["user types", 2, 0.6, userTypes],
  ["a table", 2, 0.8, table],
  ["partitions", 1, 0.4, partitions],
  ["inheritance", 1, 0.2, inheritance],
  ["foreign", 1, 0.15, foreign],
  ["oddities", 1, 0.25, oddities],
  ["collations", 1, 0.15, collations],
  ["a table", 1, 0.5, table],
  ["constraints", 2, 0.6, constraints],
  ["indexes", 2, 0.7, indexes],
  ["sequences", 1, 0.5, sequences],
  ["functions", 1, 0.6, functions],
  ["operators", 1, 0.15, operators],
  ["views", 1, 0.7, views],
  ["materialized views", 1, 0.4, materializedViews],
  ["statistics", 1, 0.25, statistics],
  ["text search", 1, 0.15, textSearch],
  ["triggers", 1, 0.5, triggers],
  ["rules", 1, 0.25, rules],
  ["policies", 1, 0.35, policies],
  ["event triggers", 1, 0.15, eventTriggers],
  ["publications", 1, 0.2, publications],
  ["large objects", 1, 0.15, largeObjects],
  ["owners", 2, 0.4, owners],
  ["grants", 2, 0.6, grants],
  ["default privileges", 1, 0.2, defaultPrivileges],
  ["comments", 1, 0.5, comments],
];

/** The world of a seed: the same on every machine for the same server version and roles. */
export function makeWorld(prefix: string, seed: number, server: Server): World {
  const world = new World(prefix, seed, server);
  for (const [noun, tries, probability, production] of PRODUCTIONS) {
    for (let left = tries; left > 0; left -= 1) {
      if (!world.chance.maybe(probability)) continue;
      world.begin(noun);
      production(world);
    }
  }
  return world;
}
