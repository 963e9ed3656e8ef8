import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  installApplication,
  startSupabase,
  type Project,
  type SupabaseServer,
} from "../../support/supabase/supabase.ts";
import { LIVE, liveRun, requireWord } from "../../support/live-supabase.ts";
import { stateOf } from "../../backups/restore/project/state.ts";
import { describeLiveStory } from "./story.ts";

/**
 * The suite for real projects, pointed at two of this machine, so that it is known to work when somebody
 * has real ones.
 */
describe("the suite for real projects", () => {
  let supabase: SupabaseServer;
  let source: Project;
  let target: Project;
  const variables = (mayReplace?: string): Record<string, string | undefined> => ({
    [LIVE.source]: source.url,
    [LIVE.target]: target.url,
    [LIVE.mayReplace]: mayReplace,
  });

  beforeAll(async () => {
    supabase = await startSupabase();
    source = await supabase.project({ name: "live_source" });
    await installApplication(source);
    target = await supabase.project({ name: "live_target" });
  });
  afterAll(() => supabase[Symbol.asyncDispose]());

  describe("without the word", () => {
    let before: unknown;
    beforeAll(async () => {
      before = await stateOf(target);
    });
    afterAll(async () => {
      expect(await stateOf(target)).toEqual(before);
    });
    describeLiveStory(
      "writes nothing to the target",
      () => liveRun(variables()).projects!,
      "that is what is tried here",
    );
  });

  describeLiveStory("with the word", () => liveRun(variables("live_target")).projects!, undefined);

  it("says what it needs, and is refused where the addresses or the word are wrong", () => {
    expect(liveRun({})).toEqual({
      projects: undefined,
      mayRestore: false,
      notRun: expect.stringMatching(/HOLDFAST_LIVE_SUPABASE_SOURCE and HOLDFAST_LIVE_SUPABASE_TARGET/),
    });
    expect(liveRun(variables())).toMatchObject({
      mayRestore: false,
      notRun: expect.stringContaining("HOLDFAST_LIVE_SUPABASE_MAY_REPLACE=live_target"),
    });
    expect(liveRun(variables("live_target"))).toMatchObject({ mayRestore: true, notRun: undefined });
    expect(() => liveRun(variables("live_source"))).toThrow(
      "MAY_REPLACE is live_source, and HOLDFAST_LIVE_SUPABASE_TARGET is project live_target: " +
        "nothing is restored",
    );
    expect(() => liveRun({ ...variables(), [LIVE.target]: "" })).toThrow(
      "HOLDFAST_LIVE_SUPABASE_TARGET is not set",
    );
    expect(() => requireWord({ source: source.url, target: target.url, mayReplace: undefined })).toThrow(
      "is not set",
    );
    const [pooler, direct] = [
      "postgresql://postgres.abcdefgh:x@aws-0-eu-central-1.pooler.supabase.com:5432/postgres",
      "postgresql://postgres:x@db.abcdefgh.supabase.co:5432/postgres",
    ];
    expect(() => liveRun({ [LIVE.source]: pooler, [LIVE.target]: direct })).toThrow(
      "are both project abcdefgh",
    );
    const other = direct.replace("abcdefgh", "zyxwvuts");
    expect(() =>
      liveRun({ [LIVE.source]: pooler, [LIVE.target]: other, [LIVE.mayReplace]: "postgres" }),
    ).toThrow("is project zyxwvuts");
  });
});
