import { describe, expect, test } from "@jest/globals";
import { releaseWorld } from "./support.ts";

describe("the next release", () => {
  test("is tagged, drafted, published and merged back, in this order", async () => {
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

  test("made twice is made once", async () => {
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

  test("of a dry run is told and not made", async () => {
    await using world = await releaseWorld("feat: carts");
    const found = await world.publish({ dryRun: true });
    expect(found).toMatchObject({ exit: 0, version: "1.3.0", changed: false });
    expect(found.headline).toBe("v1.3.0 would be published");
    expect(new Set(Object.values(found.states))).toEqual(new Set(["would"]));
    expect(world.fake.written).toEqual([]);
    expect(world.fake.wrong).toEqual([]);
  });

  test("is none where nothing asks for it, which is well", async () => {
    await using world = await releaseWorld("docs: a");
    expect(await world.publish()).toMatchObject({ exit: 0, version: "", changed: false });
    expect(world.fake.written).toEqual([]);
  });
});
