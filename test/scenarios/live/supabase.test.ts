import { describe, it } from "@jest/globals";
import { liveRun } from "../../support/live-supabase.ts";
import { describeLiveStory } from "./story.ts";

/**
 * The story of a project (backup, proof, plan, restore, comparison) on real projects of Supabase's. Not run
 * unless asked for:
 *
 *   HOLDFAST_LIVE_SUPABASE_SOURCE address of the project that is backed up, of role `postgres`, through the
 *                                       session pooler (port 5432) or directly; nothing is written to it
 *   HOLDFAST_LIVE_SUPABASE_TARGET the same of another project; the plan of a restore into it is made, in a
 *   transaction that is taken back HOLDFAST_LIVE_SUPABASE_MAY_REPLACE the target's project reference. Only
 *   with this word is anything restored: all that is the user's in that
 *                                       project is REPLACED by what is in the source, and the safety backup
 *                                       goes with the test's folder
 *
 *   npm test -- test/scenarios/live/supabase.test.ts
 *
 * PostgreSQL's programs on this machine must be of the source's major version or newer (HOLDFAST_PG_BIN).
 * `npm test` names at its end what of this was not run. That the suite itself works is held by
 * test/scenarios/live/fixture.test.ts, on two projects of this machine.
 */
const { projects, notRun } = liveRun(process.env);

if (projects === undefined) {
  describe("a real Supabase project", () => {
    it.skip(`is backed up, proved and restored into another one (NOT RUN: ${notRun})`, () => undefined);
  });
} else {
  describeLiveStory("a real Supabase project", () => projects, notRun);
}
