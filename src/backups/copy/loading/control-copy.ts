import { measureContent } from "../../../nouns/content/rows/measure.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import { schemaPart } from "../artifacts/artifact-set.ts";
import { asIfGiven } from "../rights/as-if-given.ts";
import { loadIntoEmpty, type Recipe } from "./recipe.ts";

/** Restores the schema of a set into another empty database and measures it, for the control. */
export async function measureControl(recipe: Recipe): Promise<ContentRecord> {
  const { context, manifest, database } = recipe;
  context.log.stage("restoring the schema once more, to tell differences from the server's own noise");
  const { refusedRights } = await loadIntoEmpty({ ...recipe, set: schemaPart(recipe.set) });
  const measured = await measureContent(database, manifest.scope, {
    proof: "none",
    jobs: context.jobs,
    signal: context.signal,
    onTable: () => undefined,
    like: manifest.content,
    debug: (text) => context.log.debug(text),
  });
  return await asIfGiven(database, manifest.scope, measured, refusedRights);
}
