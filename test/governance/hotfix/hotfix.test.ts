import { describe, expect, test } from "@jest/globals";
import { flowWorld } from "../../support/github/flow-world.ts";
import { begun, finish, start } from "./support.ts";
import { casesInTurn } from "../../support/sampling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const inTurn = testInTurn("hotfixes", 3);

describe("start", () => {
  inTurn("is a branch at the newest release, whatever develop has", async () => {
    await using world = await flowWorld("feat: carts");
    const { fake } = world;
    const found = await start(world);
    expect(fake.wrong).toEqual([]);
    expect(found).toMatchObject({
      exit: 0,
      version: "1.2.1",
      branch: "hotfix/lost-carts",
      changed: true,
      warnings: [],
    });
    expect(found.headline).toBe("hotfix/lost-carts begins at v1.2.0, for 1.2.1 on main");
    expect(found.notes.at(-1)).toContain("git switch hotfix/lost-carts");
    expect(fake.ref("refs/heads/hotfix/lost-carts")).toBe(fake.ref("v1.2.0^{commit}"));
    const again = await start(world, { name: "hotfix/lost-carts" });
    expect(again).toMatchObject({ exit: 0, changed: false, states: { branch: "was" } });
    expect(fake.written).toHaveLength(1);
  });

  inTurn("of a dry run makes nothing", async () => {
    await using world = await flowWorld();
    const found = await start(world, { dryRun: true });
    expect(found).toMatchObject({ exit: 0, changed: false, states: { branch: "would" } });
    expect(world.fake.written).toEqual([]);
  });

  test.each(
    casesInTurn(
      "names of a hotfix refused",
      ["", "a b", "a..b", "a~1", "a/", "/a", ".a", "a.lock", "a@{1}", "a\u0007", "-a", "a".repeat(300), "a."],
      { every: 4 },
    ),
  )("is refused the name %j", async (name) => {
    await using world = await flowWorld();
    await expect(start(world, { name })).rejects.toMatchObject({ code: "input.malformed" });
    expect(world.fake.calls).toEqual([]);
  });

  inTurn("says what comes along where main has commits that are not released", async () => {
    await using world = await flowWorld();
    world.work.git("switch", "-q", "main");
    world.commit("feat: half done");
    const found = await start(world);
    expect(found).toMatchObject({ exit: 0, version: "1.2.1" });
    expect(found.warnings[0]).toMatch(
      /^main has commits after v1\.2\.0 that are not released: the hotfix begins without/,
    );
    expect(world.fake.ref("refs/heads/hotfix/lost-carts")).toBe(world.fake.ref("v1.2.0^{commit}"));
  });

  inTurn("fixes an older release on its maintenance branch", async () => {
    await using world = await flowWorld();
    world.work.git("push", "-q", "origin", "v1.2.0^{commit}:refs/heads/1.x");
    world.work.git("switch", "-q", "main");
    world.commit("feat!: new");
    world.work.git("tag", "v2.0.0");
    world.work.git("push", "-q", "origin", "v2.0.0");
    expect(await start(world, { from: "1.x" })).toMatchObject({ exit: 0, version: "1.2.1" });
    expect(await start(world, { name: "other" })).toMatchObject({ exit: 0, version: "2.0.1" });
    await expect(start(world, { from: "develop" })).rejects.toMatchObject({ code: "input.malformed" });
    expect((await start(world, { from: "5.x" })).problems[0]).toContain("has no branch 5.x");
  });

  inTurn("needs a release, which main has", async () => {
    await using world = await flowWorld();
    world.work.git("switch", "-q", "--orphan", "elsewhere");
    world.work.commit("feat: apart");
    world.work.git("tag", "v9.0.0");
    world.work.git("push", "-q", "origin", "v9.0.0");
    expect((await start(world)).problems[0]).toMatch(
      /^v9\.0\.0 is the newest release, and main does not have it/,
    );
    world.work.git("push", "-q", "origin", ":v9.0.0", ":v1.2.0");
    expect((await start(world)).problems[0]).toMatch(/has no tag of a stable release/);
    expect(world.fake.written).toEqual([]);
  });

  inTurn("leaves a branch of that name alone that is something else", async () => {
    await using world = await flowWorld();
    world.work.git("switch", "-q", "--orphan", "elsewhere");
    world.work.commit("feat: apart");
    world.work.git("push", "-q", "origin", "HEAD:refs/heads/hotfix/lost-carts");
    const found = await start(world);
    expect(found).toMatchObject({ exit: 3, states: { branch: "wrong" } });
    expect(world.fake.written).toEqual([]);
  });
});

describe("finish", () => {
  inTurn("opens a pull request into main and one into develop, each of which names the other", async () => {
    await using world = await flowWorld("feat: carts");
    const { fake } = world;
    await begun(world, "fix: keep carts\n\nCloses #12");
    const found = await finish(world);
    expect(fake.wrong).toEqual([]);
    expect(found).toMatchObject({ exit: 0, version: "1.2.1", changed: true, problems: [], warnings: [] });
    expect(found.states).toEqual({ "into develop": "waits", "into main": "waits", twins: "done" });
    expect(found.headline).toBe("hotfix/lost-carts (1.2.1) waits to be merged into develop and main");
    expect(found.notes.at(-1)).toMatch(/^next: merge each pull request into develop and main .* again$/);
    expect(fake.pulls).toMatchObject([
      { number: 1, branch: "hotfix/lost-carts", base: "develop", title: "fix: keep carts" },
      { number: 2, branch: "hotfix/lost-carts", base: "main", title: "fix: keep carts" },
    ]);
    expect(fake.pulls.map(({ body }) => /^(?:main|develop): #\d$/m.exec(body!)?.[0])).toEqual([
      "main: #2",
      "develop: #1",
    ]);
    expect(fake.pulls[0]!.body).toContain("Closes #12");
    const writes = fake.written.length;
    expect(await finish(world)).toMatchObject({ exit: 0, changed: false });
    expect(fake.written).toHaveLength(writes);
    const asked = await finish(world, { requireMerged: true });
    expect(asked).toMatchObject({ exit: 3 });
    expect(asked.problems).toEqual([
      "develop does not have hotfix/lost-carts yet",
      "main does not have hotfix/lost-carts yet",
    ]);
  });

  inTurn("proves by history that both were merged, also when its branch is gone", async () => {
    await using world = await flowWorld("feat: carts");
    await begun(world, "fix: keep carts");
    await finish(world);
    world.fake.merge(2);
    const half = await finish(world, { requireMerged: true });
    expect(half).toMatchObject({ exit: 3, states: { "into develop": "waits", "into main": "was" } });
    expect(half.notes.at(-1)).toMatch(/^main has it: `holdfast release publish`/);
    world.fake.merge(1);
    world.fake.git(["update-ref", "-d", "refs/heads/hotfix/lost-carts"]);
    const found = await finish(world, { requireMerged: true });
    expect(found).toMatchObject({
      exit: 0,
      changed: false,
      states: { "into develop": "was", "into main": "was" },
    });
    expect(found.headline).toBe("hotfix/lost-carts (1.2.1) is in develop and main");
    expect(world.fake.wrong).toEqual([]);
  });

  inTurn("finds a squash by its changes, once they are here", async () => {
    await using world = await flowWorld("feat: carts");
    await begun(world, "fix: keep carts");
    await finish(world);
    world.fake.merge(2, "squash");
    world.fake.merge(1);
    const unknown = await finish(world);
    expect(unknown).toMatchObject({ exit: 3, states: { "into main": "wrong" } });
    expect(unknown.problems[0]).toContain("run `git fetch origin`");
    world.fetch();
    expect(await finish(world, { requireMerged: true })).toMatchObject({
      exit: 0,
      states: { "into main": "was" },
    });
  });

  inTurn("whose change was taken back on main is told", async () => {
    await using world = await flowWorld("feat: carts");
    await begun(world, "fix: keep carts");
    await finish(world);
    world.fake.merge(2, "squash");
    world.fetch();
    world.work.git("switch", "-q", "main");
    world.work.git("reset", "-q", "--hard", "origin/main");
    world.work.git("revert", "--no-edit", "HEAD");
    world.work.git("push", "-q", "origin", "HEAD");
    const found = await finish(world, { branch: "hotfix/lost-carts" });
    expect(found).toMatchObject({ exit: 3, states: { "into main": "wrong" } });
    expect(found.problems[0]).toContain("nor their changes");
  });

  test.each([
    [["feat: more"], /asks for 1\.3\.0, and a hotfix of v1\.2\.0 is a patch: [0-9a-f]{7} "feat: more"/],
    [["fix: a", "fix!: b"], /asks for 2\.0\.0, .*"fix!: b"/],
    [["docs: a"], /has nothing to release since v1\.2\.0/],
    [[], /has nothing to release since v1\.2\.0/],
  ])("of %j is refused", async (messages, why) => {
    await using world = await flowWorld();
    await begun(world, ...messages);
    const found = await finish(world);
    expect(found.exit).toBe(3);
    expect(found.problems[0]).toMatch(why);
    expect(world.fake.pulls).toEqual([]);
  });

  inTurn("tells conflicts, and does not have develop merged into what is released", async () => {
    await using world = await flowWorld();
    world.commit("feat: carts", { "cart.js": "// other\n" });
    await begun(world, "fix: keep carts");
    const found = await finish(world);
    expect(found).toMatchObject({ exit: 3, states: { "into develop": "wrong", "into main": "waits" } });
    expect(found.problems[0]).toMatch(
      /conflicts.*git switch -c hotfix\/lost-carts-into-develop origin\/develop/,
    );
  });

  inTurn("tells a pull request that was closed, and a release that is on its way without it", async () => {
    await using world = await flowWorld("feat: carts");
    world.work.git("push", "-q", "origin", "HEAD:refs/heads/release/v1.3.0");
    await begun(world, "fix: keep carts");
    const first = await finish(world);
    expect(first.warnings).toEqual([
      "release/v1.3.0 is on its way without hotfix/lost-carts: " +
        "`gh pr create --base release/v1.3.0 --head hotfix/lost-carts --fill` brings it there",
    ]);
    world.fake.pulls[1]!.state = "closed";
    const found = await finish(world);
    expect(found).toMatchObject({ exit: 3, states: { "into main": "wrong" } });
    expect(found.problems[0]).toContain("#2 of hotfix/lost-carts into main was closed and not merged");
  });

  inTurn("of several commits is called by the first fix", async () => {
    await using world = await flowWorld();
    await begun(world, "test: show it", "fix(cart): keep carts", "fix: more");
    await finish(world);
    expect(world.fake.pulls[0]!.title).toBe("fix(cart): keep carts");
  });

  inTurn("goes into the maintenance branch where a newer release is out", async () => {
    await using world = await flowWorld();
    await begun(world, "fix: keep carts");
    world.work.git("switch", "-q", "main");
    world.commit("feat!: new");
    world.work.git("tag", "v2.0.0");
    world.work.git("push", "-q", "origin", "v2.0.0");
    const none = await finish(world, { branch: "hotfix/lost-carts" });
    expect(none.problems[0]).toMatch(
      /^v2\.0\.0 was released, and hotfix\/lost-carts, which fixes v1\.2\.0, does not/,
    );
    world.work.git("push", "-q", "origin", "v1.2.0^{commit}:refs/heads/1.x");
    const found = await finish(world, { branch: "hotfix/lost-carts" });
    expect(found).toMatchObject({ exit: 0, version: "1.2.1" });
    expect(world.fake.pulls.map(({ base }) => base)).toEqual(["develop", "1.x"]);
  });

  inTurn("does not take what was merged of an older branch of its name for what is here", async () => {
    await using world = await flowWorld("feat: carts");
    const { fake, work } = world;
    await begun(world, "fix: keep carts");
    await finish(world);
    fake.merge(2);
    fake.merge(1);
    fake.git(["update-ref", "-d", "refs/heads/hotfix/lost-carts"]);
    world.fetch();
    // An old copy of what was merged says nothing else.
    work.git("reset", "-q", "--hard", "HEAD^");
    expect(await finish(world, { requireMerged: true })).toMatchObject({ exit: 0 });
    work.git("reset", "-q", "--hard", "origin/main");
    work.commit("fix: keep carts again", { "cart.js": "// again\n" });
    const found = await finish(world, { requireMerged: true });
    expect(found).toMatchObject({ exit: 3, version: "" });
    expect(found.problems[0]).toMatch(/has no branch hotfix\/lost-carts, and what was merged .* Push it; or/);
    work.git("switch", "-q", "main");
    expect(await finish(world, { branch: "hotfix/lost-carts" })).toMatchObject({ exit: 3 });
  });

  inTurn("of a name whose pull requests were closed with its branch gets some of its own", async () => {
    await using world = await flowWorld("feat: carts");
    const { fake, work } = world;
    await begun(world, "fix: keep carts");
    await finish(world);
    for (const pull of fake.pulls) {
      Object.assign(pull, { state: "closed", sha: fake.ref("refs/heads/hotfix/lost-carts") });
    }
    // As long as the commits are there, they are declined.
    expect(await finish(world)).toMatchObject({ exit: 3, states: { "into main": "wrong" } });
    fake.git(["update-ref", "-d", "refs/heads/hotfix/lost-carts"]);
    work.git("switch", "-q", "main");
    work.git("branch", "-qD", "hotfix/lost-carts");
    await begun(world, "fix: other carts");
    expect(await finish(world)).toMatchObject({ exit: 0, states: { "into main": "waits", twins: "done" } });
    expect(fake.pulls).toHaveLength(4);
  });

  inTurn("takes no pull request of a fork of the same owner for its own", async () => {
    await using world = await flowWorld();
    const { fake } = world;
    const foreign = { branch: "hotfix/lost-carts", base: "main", repository: "acme/fork" };
    const evil = fake.pull({ number: 9, ...foreign, body: "foreign", sha: fake.ref("refs/heads/main")! });
    await begun(world, "fix: keep carts");
    expect(await finish(world)).toMatchObject({ exit: 0, states: { "into main": "waits", twins: "done" } });
    expect(fake.pulls.map(({ base }) => base)).toEqual(["main", "develop", "main"]);
    expect(evil.body).toBe("foreign");
    expect(fake.wrong).toEqual([]);
  });

  inTurn("has titles that GitHub takes, however long its commits' headers are", async () => {
    await using world = await flowWorld();
    await begun(world, `fix: ${"a".repeat(300)}`);
    expect(await finish(world)).toMatchObject({ exit: 0 });
    expect(world.fake.pulls[0]!.title).toMatch(/^fix: a{250}…$/);
  });

  inTurn("of what is checked out and not pushed says so", async () => {
    await using world = await flowWorld();
    await begun(world);
    world.work.commit("fix: keep carts");
    expect((await finish(world)).problems[0]).toContain("which does not know it. Push it first");
  });

  inTurn("is for branches of hotfixes", async () => {
    await using world = await flowWorld();
    await expect(finish(world)).rejects.toMatchObject({ code: "input.conflict" });
    world.work.git("switch", "-q", "--detach");
    await expect(finish(world)).rejects.toMatchObject({ code: "input.missing" });
  });

  inTurn("without a develop there is only one", async () => {
    await using world = await flowWorld();
    await begun(world, "fix: keep carts");
    world.fake.git(["update-ref", "-d", "refs/heads/develop"]);
    const found = await finish(world);
    expect(found).toMatchObject({ exit: 0, states: { "into develop": "was", "into main": "waits" } });
    expect(world.fake.pulls).toHaveLength(1);
  });
});
