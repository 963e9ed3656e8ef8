import { describe, expect } from "@jest/globals";
import { readReleaseUnit } from "../../../src/nouns/release-unit/document.ts";
import { releaseWorld } from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const inTurn = testInTurn("releases", 3);

describe("the next release", () => {
  inTurn("is tagged, drafted, published and merged back, in this order", async () => {
    await using world = await releaseWorld("feat: carts", "fix: b");
    const { fake } = world;
    const found = await world.publish({ assets: [world.built("shop.zip", "bytes")] });
    expect(fake.wrong).toEqual([]);
    expect(found).toMatchObject({ exit: 0, version: "1.3.0", tag: "v1.3.0", published: true, changed: true });
    expect(found.states).toEqual({
      tag: "done",
      release: "done",
      "asset shop.zip": "done",
      "asset release-unit.json": "done",
      published: "done",
      "back-merge": "waits",
    });
    expect(found.headline).toBe("v1.3.0 is published, and waits for its pull request to be merged");
    expect(fake.git(["cat-file", "-t", "v1.3.0"]).out).toBe("tag");
    expect(fake.git(["rev-parse", "v1.3.0^{commit}"]).out).toBe(world.work.git("rev-parse", "HEAD"));
    expect(fake.releases).toMatchObject([{ tag: "v1.3.0", draft: false, prerelease: false, latest: true }]);
    expect(fake.releases[0]!.body).toContain("carts");
    expect(fake.pulls).toMatchObject([{ branch: "merge-back/v1.3.0", base: "develop", state: "open" }]);
    const writes = fake.written.map(({ call }) => call.replace(/\d+/g, "N"));
    const [tag, draft, publish] = ["/git/refs", "/releases", "PATCH"].map((part) =>
      writes.findIndex((call) => call.endsWith(part) || call.startsWith(`${part} `)),
    );
    expect(tag).toBeLessThan(draft!);
    expect(draft).toBeLessThan(publish!);
  });

  inTurn("made twice is made once", async () => {
    await using world = await releaseWorld("feat: carts");
    await world.publish();
    const writes = world.fake.written.length;
    const again = await world.publish();
    expect(again).toMatchObject({ exit: 0, version: "1.3.0", changed: false });
    expect(world.fake.written).toHaveLength(writes);
    world.work.git("fetch", "-q", "--tags");
    expect(await world.publish()).toMatchObject({ exit: 0, version: "1.3.0", changed: false });
    expect(world.fake.written).toHaveLength(writes);
  });

  inTurn("of a dry run is told and not made", async () => {
    await using world = await releaseWorld("feat: carts");
    const found = await world.publish({ dryRun: true });
    expect(found).toMatchObject({ exit: 0, version: "1.3.0", changed: false });
    expect(found.headline).toBe("v1.3.0 would be published");
    expect(new Set(Object.values(found.states))).toEqual(new Set(["would"]));
    expect(world.fake.written).toEqual([]);
    expect(world.fake.wrong).toEqual([]);
  });

  inTurn("looked for in a checkout that is older than its branch says what was not looked at", async () => {
    await using made = await releaseWorld("feat: carts");
    await made.publish();
    const tip = made.commit("fix: b");
    made.work.git("reset", "-q", "--hard", "HEAD~1");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, tag: "v1.3.0", changed: false });
    expect(found.warnings).toEqual([
      expect.stringMatching(`^main of acme/shop is on ${tip.slice(0, 7)}, and .* was not looked at`),
    ]);
  });

  inTurn(
    "whose workflow is not there says that its name may be wrong, and not permissions alone",
    async () => {
      await using made = await releaseWorld();
      made.commit("feat: a", { ".github/holdfast.yml": "release: { deploy: { workflow: deploi.yml } }\n" });
      const found = await made.publish();
      expect(found).toMatchObject({ exit: 4, published: true, states: { deployment: "failed" } });
      expect(found.notes[0]).toContain("has no deploi.yml on the default branch: then correct");
    },
  );

  inTurn("is none where nothing asks for it, which is well", async () => {
    await using world = await releaseWorld("docs: a");
    expect(await world.publish()).toMatchObject({ exit: 0, version: "", changed: false });
    expect(world.fake.written).toEqual([]);
  });
});

describe("the release unit", () => {
  inTurn("says what belongs together, as the commit has it", async () => {
    await using world = await releaseWorld();
    const head = world.commit("feat: carts", {
      "migrations/20260101000000_a.sql": "SELECT 1;",
      "migrations/20260101000000_a_rollback.sql": "SELECT 1;",
      "supabase/functions/pay/index.ts": "serve()",
      "config/defaults.json": "{}",
    });
    const found = await world.publish({ assets: [world.built("shop.zip", "bytes")], build: "20260101.7" });
    expect(found).toMatchObject({ exit: 0, build: "20260101.7" });
    const asset = world.fake.releases[0]!.assets.find(({ name }) => name === "release-unit.json")!;
    expect(readReleaseUnit(asset.bytes, "it")).toMatchObject({
      version: "1.3.0",
      tag: "v1.3.0",
      commit: head,
      "artifact-version": "1.3.0+20260101.7",
      previous: "1.2.0",
      schema: { folder: "migrations", count: 1, from: "20260101000000", to: "20260101000000" },
      functions: { functions: [{ name: "pay" }] },
      configuration: { paths: ["config/**"] },
      assets: [{ name: "shop.zip", size: 5 }],
    });
  });

  inTurn("is not begun where it cannot be recorded", async () => {
    await using world = await releaseWorld();
    world.commit("feat: carts", { ".github/holdfast.yml": "release: { unit: { migrations: nowhere } }\n" });
    await expect(world.publish()).rejects.toMatchObject({ code: "source.missing" });
    expect(world.fake.written).toEqual([]);
  });

  inTurn("of another commit says that the tag was moved since", async () => {
    await using world = await releaseWorld("feat: carts");
    await world.publish();
    const moved = world.commit("docs: later");
    world.fake.git(["tag", "-f", "-a", "-m", "v1.3.0\n\nReleased-by: holdfast 1", "v1.3.0", moved]);
    const found = await world.publish();
    expect(found).toMatchObject({ exit: 3, states: { "asset release-unit.json": "wrong" } });
    expect(found.problems[0]).toMatch(/^v1\.3\.0 was released of [0-9a-f]{7}, and is on [0-9a-f]{7} now/);
  });
});
