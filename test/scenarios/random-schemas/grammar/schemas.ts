import type { World } from "../world.ts";
import { q } from "./names.ts";

/** Every world has a schema, some have two; both carry the world's prefix. */
export function schemas(world: World): void {
  const { chance } = world;
  for (let left = chance.int(1, 2); left > 0; left -= 1) {
    const name = world.schemas.length === 0 && chance.maybe() ? world.prefix : world.globalName("s");
    world.run(`CREATE SCHEMA ${q(name)}${chance.perhaps(` AUTHORIZATION ${q(world.role())}`, 0.3)}`);
    world.schemas.push(name);
    world.thing("SCHEMA", q(name), name, "schema");
  }
}
