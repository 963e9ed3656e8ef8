import { describe, expect, test } from "@jest/globals";
import { releaseWorld } from "../release-publish/support.ts";

describe("the newest releases", () => {
  test("of a repository that has just begun have tags, and nothing is half done", async () => {
    await using world = await releaseWorld("feat: carts");
    const { exit, outputs, report } = await world.status();
    expect(exit).toBe(0);
    expect(outputs["releases"]).toMatchObject([
      { tag: "v1.2.0", release: "none", tagged: true, unit: false },
    ]);
    expect(report.headline).toBe(
      "v1.2.0 is the newest, begun by another tool, and nothing that Holdfast began is half done",
    );
    expect(world.fake.wrong).toEqual([]);
  });

  test("are all true once they are published and merged back", async () => {
    await using world = await releaseWorld();
    world.commit("feat: carts", { ".github/holdfast.yml": "release: { floating: always }\n" });
    await world.publish();
    world.work.git("fetch", "-q", "--tags");
    const before = await world.status();
    expect(before.exit).toBe(3);
    expect(before.outputs["half-done"]).toEqual(["v1.3.0"]);
    expect(before.report.notes?.[0]).toMatch(
      /^v1\.3\.0 lacks the merge back: merge the pull request of merge-back\/v1\.3\.0 into develop/,
    );
    world.fake.merge(1);
    world.work.git("fetch", "-q");
    const { exit, outputs } = await world.status();
    expect(exit).toBe(0);
    expect(outputs["releases"]).toMatchObject([
      { tag: "v1.3.0", release: "published", unit: true, floating: ["v1", "v1.3"], "merged-back": true },
      { tag: "v1.2.0", release: "none", missing: ["its release"] },
    ]);
    expect(outputs["half-done"]).toEqual([]);
  });

  test("leave alone a higher tag of a channel that another tool has released", async () => {
    await using world = await releaseWorld("feat: carts");
    world.work.git("push", "-q", "origin", "v1.2.0^{commit}:refs/tags/v2.0.0-beta.1");
    await world.publish();
    world.fake.merge(1);
    world.work.git("fetch", "-q", "--tags", "origin");
    const { exit, outputs } = await world.status();
    expect(outputs["half-done"]).toEqual([]);
    expect(exit).toBe(0);
  });

  test("tell a draft, a tag alone and a draft alone as half done", async () => {
    await using world = await releaseWorld("feat: carts");
    await world.publish();
    world.commit("feat: more");
    world.fake.faults = [{ on: "PATCH /repos/acme/shop/releases", status: "cut" }];
    await expect(world.publish()).rejects.toThrow(/gave no answer/);
    world.fake.faults = [];
    world.work.git("tag", "v1.5.0");
    world.work.git("push", "-q", "origin", "v1.5.0");
    world.fake.release({ tag: "v1.6.0", draft: true });
    const { exit, outputs, report } = await world.status(4);
    expect(exit).toBe(3);
    expect(outputs["half-done"]).toEqual(["v1.6.0", "v1.5.0", "v1.4.0"]);
    expect(outputs["releases"]).toMatchObject([
      { tag: "v1.6.0", tagged: false, release: "draft", missing: ["its tag", "publishing"] },
      { tag: "v1.5.0", release: "none", missing: ["its release", "the merge back"] },
      { tag: "v1.4.0", release: "draft", missing: ["publishing"] },
      { tag: "v1.3.0", release: "published" },
    ]);
    expect(report.good).toBe(false);
  });

  test("are half done from the first one on that Holdfast has begun", async () => {
    await using world = await releaseWorld("feat: carts");
    world.fake.faults = [{ on: "POST /repos/acme/shop/releases", status: "cut" }];
    await expect(world.publish()).rejects.toThrow(/gave no answer/);
    world.fake.faults = [];
    world.fake.git(["update-ref", "refs/heads/develop", "refs/heads/main"]);
    world.work.git("fetch", "-q", "--tags", "origin");
    const { exit, outputs } = await world.status();
    expect(outputs["half-done"]).toEqual(["v1.3.0"]);
    expect(exit).toBe(3);
  });

  test("are merged back as GitHub has them, where the checkout lacks the tag or the branch", async () => {
    await using world = await releaseWorld("feat: carts");
    await world.publish();
    // Nothing of it was fetched, and the merge back waits.
    const before = await world.status();
    expect(before.outputs["half-done"]).toEqual(["v1.3.0"]);
    world.fake.merge(1);
    expect((await world.status()).exit).toBe(0);
    world.work.git("fetch", "-q", "--no-tags", "origin");
    const { exit, outputs } = await world.status();
    expect(outputs["releases"]).toMatchObject([{ tag: "v1.3.0", "merged-back": true }, { tag: "v1.2.0" }]);
    expect(exit).toBe(0);
  });

  test("are many, in a handful of calls", async () => {
    await using world = await releaseWorld();
    for (let patch = 0; patch < 250; patch += 1) world.fake.release({ tag: `v3.0.${patch}` });
    await world.status(300);
    expect(world.fake.calls.length).toBeLessThan(8);
  });

  test("are not told by a token that may not see them", async () => {
    await using world = await releaseWorld();
    world.fake.mayReadContents = false;
    await expect(world.status()).rejects.toMatchObject({ code: "forge.untold" });
  });
});
