import { describe, expect, test } from "@jest/globals";
import { flowWorld } from "../../support/github/flow-world.ts";
import { cut } from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const inTurn = testInTurn("release cuts", 3);

describe("cut from develop", () => {
  inTurn("is a branch with one commit, changelog and versions in it, and a pull request", async () => {
    await using world = await flowWorld("feat: carts", "fix: b");
    const { fake } = world;
    const before = { main: fake.ref("refs/heads/main"), develop: fake.ref("refs/heads/develop") };
    const found = await cut(world);
    expect(fake.wrong).toEqual([]);
    expect(found).toMatchObject({
      exit: 0,
      version: "1.3.0",
      branch: "release/v1.3.0",
      changed: true,
      problems: [],
    });
    expect(found.states).toEqual({ branch: "done", contents: "was", "pull-request": "done" });
    expect(found.headline).toBe("1.3.0 is cut from develop as release/v1.3.0, with pull request #1");
    expect(found.said["contents"]).toMatch(/^[0-9a-f]{7} wrote 1\.3\.0 into CHANGELOG\.md, package\.json$/);
    expect(world.headers("release/v1.3.0", "develop")).toEqual(["chore(release): 1.3.0"]);
    expect(world.text("release/v1.3.0", "package.json")).toContain('"version": "1.3.0"');
    const changelog = world.text("release/v1.3.0", "CHANGELOG.md");
    expect(changelog).toMatch(/^# Changelog\n\n## 1\.3\.0 \(\d{4}-\d\d-\d\d\)/);
    expect(changelog).toMatch(/carts[^]*## 1\.2\.0/);
    expect(fake.pulls).toMatchObject([
      { branch: "release/v1.3.0", base: "main", title: "chore(release): 1.3.0", state: "open" },
    ]);
    expect(fake.pulls[0]!.body).toContain("carts");
    expect({ main: fake.ref("refs/heads/main"), develop: fake.ref("refs/heads/develop") }).toEqual(before);
  });

  inTurn("run twice changes nothing, with and without what was made in between", async () => {
    await using world = await flowWorld("feat: carts");
    await cut(world);
    const writes = world.fake.written.length;
    for (const fetch of [() => undefined, world.fetch]) {
      fetch();
      const again = await cut(world);
      expect(again).toMatchObject({ exit: 0, version: "1.3.0", changed: false });
      expect(again.headline).toBe("1.3.0 was cut before, as release/v1.3.0, with pull request #1");
    }
    expect(world.fake.written).toHaveLength(writes);
    expect(world.fake.wrong).toEqual([]);
  });

  inTurn("of a dry run is told and not made", async () => {
    await using world = await flowWorld("feat: carts");
    const found = await cut(world, { dryRun: true });
    expect(found).toMatchObject({ exit: 0, version: "1.3.0", changed: false, branch: "" });
    expect(found.headline).toBe("1.3.0 would be cut from develop");
    expect(found.said["contents"]).toBe("write 1.3.0 into CHANGELOG.md, package.json");
    expect(found.states).toEqual({ branch: "would", contents: "would", "pull-request": "would" });
    expect(world.fake.written).toEqual([]);
    expect(world.fake.wrong).toEqual([]);
  });

  inTurn(
    "is the next version instead of one that is burned, in its branch, changelog and files",
    async () => {
      await using world = await flowWorld("feat: carts");
      world.commit("chore: skip", { ".github/holdfast.yml": "release: { burned: [1.3.0] }\n" });
      expect(await cut(world)).toMatchObject({ exit: 0, version: "1.3.1", branch: "release/v1.3.1" });
      expect(world.text("release/v1.3.1", "CHANGELOG.md")).toMatch(/^# Changelog\n\n## 1\.3\.1 [^]*carts/);
      expect(world.text("release/v1.3.1", "package.json")).toContain('"version": "1.3.1"');
      world.fetch();
      expect(await cut(world)).toMatchObject({ exit: 0, version: "1.3.1", changed: false });
    },
  );

  inTurn("names no version file where the repository has none that is known", async () => {
    await using world = await flowWorld();
    world.work.git("rm", "-q", "package.json");
    world.commit("feat: a script", { "pyproject.toml": '[project]\nversion = "1.2.0"\n' });
    const found = await cut(world);
    expect(found.said["contents"]).toMatch(/ wrote 1\.3\.0 into CHANGELOG\.md$/);
    expect(world.text("release/v1.3.0", "pyproject.toml")).toContain('"1.2.0"');
  });

  inTurn("is refused where what was released before is tagged without its v", async () => {
    await using world = await flowWorld("feat: carts");
    world.work.git("tag", "1.2.0", "v1.2.0^{commit}");
    world.work.git("push", "-q", "origin", "1.2.0", ":refs/tags/v1.2.0");
    const found = await cut(world);
    expect(found).toMatchObject({ exit: 3, changed: false, version: "" });
    expect(found.problems[0]).toMatch(/such as 1\.2\.0 are, which lack the v: v1\.0\.0 would begin anew/);
    world.work.git("push", "-q", "origin", "v1.2.0");
    expect(await cut(world)).toMatchObject({ exit: 0, version: "1.3.0", warnings: [] });
  });

  inTurn("is nothing where nothing asks for it, which is well", async () => {
    await using world = await flowWorld("docs: a");
    expect(await cut(world)).toMatchObject({
      exit: 0,
      version: "",
      headline: "develop has nothing to release",
    });
    expect(world.fake.written).toEqual([]);
  });

  inTurn("must be the version that was asked for", async () => {
    await using world = await flowWorld("feat: carts");
    const found = await cut(world, { expectVersion: "1.2.1" });
    expect(found).toMatchObject({ exit: 3, version: "" });
    expect(found.problems[0]).toMatch(
      /^1\.2\.1 was asked for, and the commits of develop ask for 1\.3\.0, because of/,
    );
    expect(world.fake.written).toEqual([]);
    expect(await cut(world, { expectVersion: "v1.3.0" })).toMatchObject({ exit: 0, version: "1.3.0" });
  });

  inTurn("is refused where a version was asked for and nothing asks for one", async () => {
    await using world = await flowWorld("docs: a");
    const found = await cut(world, { expectVersion: "1.3.0" });
    expect(found).toMatchObject({ exit: 3, changed: false });
    expect(found.problems).toEqual([
      "1.3.0 was asked for, and no commit of develop since v1.2.0 asks for a release",
    ]);
  });
});

describe("a release branch that is there", () => {
  inTurn("gets what came to it since, by one more commit", async () => {
    await using world = await flowWorld("feat: carts");
    await cut(world);
    world.fetch();
    world.work.git("switch", "-q", "release/v1.3.0");
    world.commit("fix: a wheel");
    const found = await cut(world);
    expect(found).toMatchObject({ exit: 0, version: "1.3.0", changed: true });
    expect(found.states).toEqual({ branch: "was", contents: "done", "pull-request": "was" });
    expect(world.headers("release/v1.3.0", "develop")).toEqual([
      "chore(release): 1.3.0",
      "fix: a wheel",
      "chore(release): 1.3.0",
    ]);
    const changelog = world.text("release/v1.3.0", "CHANGELOG.md");
    expect(changelog).toMatch(/carts[^]*a wheel[^]*## 1\.2\.0/);
    expect(changelog.match(/^## 1\.3\.0/gm)).toHaveLength(1);
    world.work.git("pull", "-q", "--ff-only", "origin", "release/v1.3.0");
    expect(await cut(world)).toMatchObject({ exit: 0, changed: false });
    expect(world.fake.wrong).toEqual([]);
  });

  inTurn("of another day is left as it is", async () => {
    await using world = await flowWorld("feat: carts");
    await cut(world);
    world.fetch();
    world.work.git("switch", "-q", "release/v1.3.0");
    const changelog = world.text("release/v1.3.0", "CHANGELOG.md");
    world.commit("docs: another day", { "CHANGELOG.md": `${changelog.replace(/\(\d{4}/, "(2001")}\n` });
    expect((await cut(world)).states).toMatchObject({ contents: "was" });
  });

  inTurn("is taken as it is called, also without v", async () => {
    await using world = await flowWorld("feat: carts");
    world.work.git("push", "-q", "origin", "HEAD:refs/heads/release/1.3.0");
    const found = await cut(world);
    expect(found).toMatchObject({ exit: 0, version: "1.3.0", branch: "release/1.3.0" });
    expect(found.states).toEqual({ branch: "was", contents: "done", "pull-request": "done" });
    expect(world.fake.ref("refs/heads/release/v1.3.0")).toBeUndefined();
  });

  inTurn("whose commits ask for another version is refused", async () => {
    await using world = await flowWorld("feat: carts");
    await cut(world);
    world.fetch();
    world.work.git("switch", "-q", "release/v1.3.0");
    world.commit("feat!: other carts");
    const found = await cut(world);
    expect(found).toMatchObject({ exit: 3, changed: false });
    expect(found.problems[0]).toMatch(
      /its commits ask for 2\.0\.0, because of [0-9a-f]{7} "feat!: other carts"/,
    );
  });

  inTurn("that asks for another version gets no pull request, from develop either", async () => {
    await using world = await flowWorld("feat: carts");
    world.work.git("switch", "-qc", "release/v1.3.0");
    world.commit("feat!: other carts");
    world.work.git("switch", "-q", "develop");
    const found = await cut(world);
    expect(found).toMatchObject({
      exit: 3,
      states: { branch: "was", contents: "wrong", "pull-request": "not-reached" },
    });
    expect(world.fake.written).toEqual([]);
  });

  inTurn("does not keep the next one from being cut, and is told", async () => {
    await using world = await flowWorld("feat: carts");
    await cut(world);
    world.fetch();
    world.commit("feat: wheels");
    const found = await cut(world);
    expect(found).toMatchObject({ exit: 0, version: "1.4.0", branch: "release/v1.4.0" });
    expect(found.warnings).toEqual([
      "release/v1.3.0 is on its way as well: https://github.com/acme/shop/pull/1",
    ]);
    const changelog = world.text("release/v1.4.0", "CHANGELOG.md");
    expect(changelog).toContain("wheels");
    expect(changelog).not.toContain("carts");
    expect(await cut(world)).toMatchObject({ exit: 0, version: "1.4.0", changed: false });
  });
});

describe("merged", () => {
  inTurn("as it is to be it is well, and not cut once more when its branch is gone", async () => {
    await using world = await flowWorld("feat: carts");
    await cut(world);
    world.fake.merge(1);
    expect(await cut(world)).toMatchObject({ exit: 0, changed: false, states: { "pull-request": "was" } });
    world.fake.git(["update-ref", "-d", "refs/heads/release/v1.3.0"]);
    const found = await cut(world);
    expect(found).toMatchObject({ exit: 3, version: "" });
    expect(found.problems[0]).toMatch(
      /^release\/v1\.3\.0 was merged into main by #1, and is not released yet\./,
    );
  });

  test.each(["merge", "squash"] as const)(
    "by a %s and with its branch gone it keeps every other version from being cut",
    async (how) => {
      await using world = await flowWorld("fix: a wheel");
      await cut(world);
      const merged = world.fake.merge(1, how);
      world.fake.git(["update-ref", "-d", "refs/heads/release/v1.2.1"]);
      world.commit("feat: carts");
      expect((await cut(world)).problems[0]).toMatch(
        /^release\/v1\.2\.1 was merged into main by #1, .* Run `git fetch origin`, and again\.$/,
      );
      world.fetch();
      const found = await cut(world);
      expect(found).toMatchObject({ exit: 3, version: "", changed: false });
      expect(found.problems[0]).toMatch(/^release\/v1\.2\.1 was merged into main by #1, and is not released/);
      world.fake.git(["update-ref", "refs/tags/v1.2.1", merged]);
      world.work.git("switch", "-qc", "back", "develop");
      world.work.git("merge", "-q", "-s", "ours", "--no-edit", "origin/main");
      world.work.git("push", "-q", "origin", "HEAD:develop");
      world.work.git("switch", "-q", "develop");
      world.work.git("merge", "-q", "--ff-only", "back");
      expect(await cut(world)).toMatchObject({ exit: 0, version: "1.3.0" });
      expect(world.fake.wrong).toEqual([]);
    },
  );

  inTurn("with other commits than its name says it is not in the way of what takes its place", async () => {
    await using world = await flowWorld("fix: a wheel");
    world.work.git("push", "-q", "origin", "develop:refs/heads/release/v2.0.0");
    const sha = world.fake.ref("refs/heads/develop")!;
    world.fake.pull({ number: 7, title: "chore(release): 2.0.0", branch: "release/v2.0.0", sha });
    world.fake.merge(7);
    world.fake.git(["update-ref", "-d", "refs/heads/release/v2.0.0"]);
    world.fetch();
    expect(await cut(world)).toMatchObject({ exit: 0, version: "1.2.1" });
  });

  inTurn("and fixed afterwards it gets another pull request", async () => {
    await using world = await flowWorld("feat: carts");
    await cut(world);
    world.fake.merge(1);
    world.fetch();
    world.work.git("switch", "-q", "release/v1.3.0");
    world.commit("fix: a wheel");
    expect((await cut(world)).states).toEqual({ branch: "was", contents: "done", "pull-request": "done" });
    expect(world.fake.pulls).toHaveLength(2);
  });
});
