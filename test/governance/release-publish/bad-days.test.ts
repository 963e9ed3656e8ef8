import { afterEach, describe, expect, test } from "@jest/globals";
import { releaseWorld, type ReleaseWorld } from "./support.ts";
import { casesInTurn, inTurns, sampled, THOROUGH } from "../../support/sampling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** Nothing that was sent, or answered, may be other than GitHub's description has it. */
let worlds: ReleaseWorld[] = [];
async function world(...messages: readonly string[]): Promise<ReleaseWorld> {
  const made = await releaseWorld(...messages);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  const wrong = worlds.flatMap(({ fake }) => fake.wrong);
  for (const each of worlds) await each[Symbol.asyncDispose]();
  worlds = [];
  expect(wrong).toEqual([]);
});

/** What is left of a whole release, whoever made which part of it. */
function whole({ fake }: ReleaseWorld): object {
  return {
    tag: fake.git(["cat-file", "-t", "v1.3.0"]).out,
    at: fake.git(["rev-parse", "v1.3.0^{commit}"]).out,
    releases: fake.releases.map(({ tag, draft, latest, assets }) => ({
      tag,
      draft,
      latest,
      assets: assets.map(({ name, state }) => `${name} ${state}`).sort(),
    })),
    floating: [fake.ref("v1^{commit}"), fake.ref("v1.2^{commit}")],
    runs: fake.runs.map(({ workflow, ref, inputs }) => ({ workflow, ref, inputs })),
    pulls: fake.pulls.map(({ branch, base, state }) => ({ branch, base, state })),
  };
}

const SETTINGS = {
  ".github/holdfast.yml":
    "release:\n  floating: existing\n  deploy: { workflow: deploy.yml, inputs: [tag, version] }\n",
};

/** With a floating tag, a deployment and a file: every kind of step. */
async function everything(): Promise<{ readonly made: ReleaseWorld; readonly assets: readonly string[] }> {
  const made = await world();
  made.commit("feat: carts", SETTINGS);
  made.fake.git(["update-ref", "refs/tags/v1", "v1.2.0^{commit}"]);
  return { made, assets: [made.built("shop.zip", "bytes")] };
}

describe("killed", () => {
  test("before or after any call, the next run makes it whole, and nothing twice", async () => {
    const { made: first, assets: files } = await everything();
    await first.publish({ assets: files });
    const wanted = whole(first);
    const writes = first.fake.calls.flatMap((call, n) => (call.startsWith("GET ") ? [] : [n]));
    const everyCall = first.fake.calls.map((_, n) => n);
    const swept = THOROUGH ? everyCall : sampled("writes of a release killed", writes, { every: 2 });
    const ways = ["cut", "done-then-cut"] as const;
    for (const { place: n, way: status } of inTurns("release publish killed", swept, ways)) {
      const { made, assets } = await everything();
      made.fake.faults = [
        { after: n, times: 1, status },
        { after: n + 1, status: "cut" },
      ];
      await expect(made.publish({ assets })).rejects.toThrow(/gave no answer/);
      made.fake.faults = [];
      await made.publish({ assets });
      const head = made.work.git("rev-parse", "HEAD");
      expect({ n, status, ...whole(made) }).toEqual({
        ...wanted,
        n,
        status,
        at: head,
        floating: [head, undefined],
      });
    }
    expect(writes.length).toBeGreaterThan(9);
  });
});

/** Everything but what is published: nobody may see a release that is not whole. */
function seen({ fake }: ReleaseWorld): readonly string[] {
  return fake.releases.filter(({ draft }) => !draft).map(({ tag }) => tag);
}

const inTurn = testInTurn("bad days of a release", 3);

describe("somebody else", () => {
  inTurn("who tagged another commit in between is told, and nothing is published", async () => {
    const made = await world("feat: carts");
    made.fake.beforeWrite = (call) => {
      if (call.endsWith("/git/refs")) made.fake.git(["update-ref", "refs/tags/v1.3.0", "v1.2.0^{commit}"]);
      return Promise.resolve();
    };
    const found = await made.publish();
    expect(found).toMatchObject({
      exit: 3,
      published: false,
      states: { tag: "wrong", release: "not-reached" },
    });
    expect(found.problems[0]).toMatch(/^v1\.3\.0 is on [0-9a-f]{7} at GitHub, and not on [0-9a-f]{7}\./);
    expect(made.fake.releases).toEqual([]);
  });

  inTurn("who moved the tag before the draft was published is told", async () => {
    const made = await world("feat: carts");
    made.fake.afterWrite = () => {
      const [release] = made.fake.releases;
      if (release !== undefined) made.fake.git(["update-ref", "refs/tags/v1.3.0", "v1.2.0^{commit}"]);
    };
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, published: false, states: { published: "wrong" } });
    expect(seen(made)).toEqual([]);
  });

  inTurn("who runs it at the same time ends with the same release, once", async () => {
    const { made, assets } = await everything();
    const [one, other] = await Promise.all([made.publish({ assets }), made.publish({ assets })]);
    expect([one.exit, other.exit]).toEqual([0, 0]);
    expect(made.fake.releases).toHaveLength(1);
    expect(seen(made)).toEqual(["v1.3.0"]);
    expect(made.fake.releases[0]!.assets.map(({ name }) => name).sort()).toEqual([
      "release-unit.json",
      "shop.zip",
    ]);
    expect(made.fake.pulls).toHaveLength(1);
  });

  inTurn("who tagged the commit by hand has a tag without a release, which gets one", async () => {
    const made = await world("feat: carts");
    made.work.git("tag", "v1.3.0");
    made.work.git("push", "-q", "origin", "v1.3.0");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, version: "1.3.0", published: true, states: { tag: "was" } });
    expect(made.fake.releases[0]!.body).toContain("carts");
  });

  inTurn("who made commits after a half done release gets both", async () => {
    const made = await world("feat: carts");
    made.fake.faults = [{ on: "POST /repos/acme/shop/releases", status: "cut" }];
    await expect(made.publish()).rejects.toThrow(/gave no answer/);
    made.fake.faults = [];
    made.commit("fix: b");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, version: "1.3.1", published: true });
    expect(seen(made)).toEqual(["v1.3.1", "v1.3.0"]);
    expect(made.fake.releases.find(({ tag }) => tag === "v1.3.0")!.body).toContain("carts");
    expect(made.fake.releases.find(({ latest }) => latest)!.tag).toBe("v1.3.1");
  });

  inTurn("who released by other means before is not finished unasked, and by name", async () => {
    const made = await world("docs: a");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "", changed: false });
    const found = await made.publish({ tag: "v1.2.0" });
    expect(found).toMatchObject({ exit: 0, version: "1.2.0", published: true });
    await expect(made.publish({ tag: "v9.9.9" })).rejects.toThrow(/has no release tag v9\.9\.9/);
  });
});

describe("the checkout", () => {
  inTurn("that has a tag which GitHub has not releases what GitHub's tags ask for", async () => {
    const made = await world("feat: carts");
    made.work.git("tag", "v1.9.0");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.0" });
  });

  inTurn("that was made before a tag was, or has it elsewhere, does not release it again", async () => {
    const made = await world("feat: carts");
    await made.publish();
    made.work.git("tag", "-f", "v1.3.0", "v1.2.0^{commit}");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.0", changed: false });
  });

  inTurn("of a commit that GitHub has not is refused", async () => {
    const made = await world("feat: carts");
    made.work.commit("feat: here alone");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, version: "" });
    expect(found.problems[0]).toMatch(/is not in main as acme\/shop has it/);
    expect(made.fake.written).toEqual([]);
  });

  inTurn("that is shallow is refused", async () => {
    const made = await world("feat: carts");
    made.work.git("fetch", "-q", "--depth=1", "origin", "main");
    made.work.git("reset", "-q", "--hard", "FETCH_HEAD");
    await expect(made.publish()).rejects.toThrow(/holds a part of the history/);
  });

  inTurn("of a branch that releases nothing is refused", async () => {
    const made = await world();
    made.work.git("switch", "-qc", "feature/carts");
    made.commit("feat: carts");
    expect(await made.publish()).toMatchObject({ exit: 3, version: "" });
  });
});

describe("GitHub", () => {
  inTurn("that a rule lets no tag be made says so, and has no draft", async () => {
    const made = await world("feat: carts");
    made.fake.ruled = (ref) => ref.startsWith("refs/tags/v");
    await expect(made.publish()).rejects.toMatchObject({
      code: "forge.refused",
      hint: expect.stringContaining("pass by that rule") as unknown,
    });
    expect(made.fake.releases).toEqual([]);
    made.fake.ruled = () => false;
    expect(await made.publish()).toMatchObject({ exit: 0, published: true });
  });

  test.each(
    casesInTurn(
      "rights of a token for a release",
      [
        ["mayWriteContents", "Contents: write"],
        ["mayOpenPulls", "Pull requests: write"],
        ["mayStart", "Actions: write"],
      ] as const,
      { every: 3 },
    ),
  )("that lets the token not do what %s says names the right", async (may, right) => {
    const { made } = await everything();
    made.fake[may] = false;
    const published = may !== "mayWriteContents";
    const hint = expect.stringContaining(right) as unknown;
    if (published) {
      const notes = expect.arrayContaining([hint]) as unknown;
      expect(await made.publish()).toMatchObject({ exit: 4, version: "1.3.0", published, notes });
    } else await expect(made.publish()).rejects.toMatchObject({ code: "forge.denied", hint });
    made.fake[may] = true;
    expect(await made.publish()).toMatchObject({ exit: 0, published: true });
  });

  inTurn("that asks to wait is waited for", async () => {
    const made = await world("feat: carts");
    made.fake.faults = [
      { on: "POST /repos/acme/shop/releases", times: 2, status: 403, headers: { "retry-after": "7" } },
    ];
    expect(await made.publish()).toMatchObject({ exit: 0, published: true });
    expect(seen(made)).toEqual(["v1.3.0"]);
  });

  inTurn("that kept a file half gets it again", async () => {
    const { made, assets } = await everything();
    made.fake.faults = [{ on: "PATCH /repos/acme/shop/releases", status: "cut" }];
    await expect(made.publish({ assets })).rejects.toThrow(/gave no answer/);
    made.fake.faults = [];
    made.fake.releases[0]!.assets[0]!.state = "open";
    const found = await made.publish({ assets });
    expect(found.states).toMatchObject({ "asset shop.zip": "done", published: "done" });
    expect(made.fake.releases[0]!.assets.map(({ state }) => state)).toEqual(["uploaded", "uploaded"]);
  });

  inTurn("whose releases cannot be changed gets everything before, and nothing after", async () => {
    const { made, assets } = await everything();
    made.fake.immutable = true;
    expect(await made.publish({ assets })).toMatchObject({ exit: 0, published: true });
    expect(await made.publish({ assets })).toMatchObject({ exit: 0, changed: false });
    const late = made.built("late.zip", "later");
    const found = await made.publish({ assets: [...assets, late] });
    expect(found.exit).toBe(3);
    expect(found.problems[0]).toMatch(
      /^v1\.3\.0 was published without late\.zip, and can never be changed again/,
    );
  });

  inTurn("that has a file published under this name keeps its bytes", async () => {
    const { made, assets } = await everything();
    await made.publish({ assets });
    made.built("shop.zip", "built once more, with another time in it");
    const found = await made.publish({ assets });
    expect(found).toMatchObject({ exit: 0, changed: false });
    expect(found.steps.find(({ name }) => name === "asset shop.zip")!.what).toMatch(
      /other bytes .* and stays$/,
    );
    expect(made.fake.releases[0]!.assets[0]!.bytes.toString()).toBe("bytes");
  });

  inTurn("takes 125,000 characters of notes; all of them are attached", async () => {
    const made = await world();
    const lines = `${"words ".repeat(13)}\n`.repeat(260);
    for (let n = 0; n < 11; n += 1) made.work.commit(`feat!: ${n}\n\nBREAKING CHANGE: ${n} ${lines}`);
    made.work.git("push", "-q", "origin", "HEAD");
    expect(await made.publish()).toMatchObject({ exit: 0, published: true });
    const [release] = made.fake.releases;
    expect(release!.body.length).toBeGreaterThan(100_000);
    expect(release!.body).toMatch(/All of them are in release-notes\.md, attached below\.\n$/);
    const notes = release!.assets.find(({ name }) => name === "release-notes.md")!.bytes.toString();
    expect(notes.length).toBeGreaterThan(200_000);
    expect(await made.publish()).toMatchObject({ exit: 0, changed: false });
  });

  inTurn("says which workflows the token's events start", async () => {
    const made = await world("feat: carts");
    made.fake.login = "github-actions[bot]";
    expect((await made.publish()).notes.at(-1)).toMatch(
      /job's own token, whose tags and releases start no workflow/,
    );
    const other = await world("feat: carts");
    expect((await other.publish()).notes.at(-1)).toMatch(
      /^made as holdfast\[bot\]: workflows .* start by themselves/,
    );
  });
});

describe("bringing it back into develop", () => {
  inTurn("is proved by history once it was merged", async () => {
    const made = await world("feat: carts");
    await made.publish();
    made.fake.merge(1);
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, changed: false, states: { "back-merge": "was" } });
    expect(found.headline).toBe("v1.3.0 was published before");
  });

  inTurn("that conflicts is red, until it is solved on its branch", async () => {
    const made = await world();
    made.work.git("switch", "-qc", "develop");
    made.commit("feat: theirs", { "a.txt": "theirs\n" });
    made.work.git("switch", "-q", "main");
    made.commit("feat: ours", { "a.txt": "ours\n" });
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, published: true, states: { "back-merge": "wrong" } });
    expect(found.problems[0]).toMatch(/^#1 of merge-back\/v1\.3\.0 into develop conflicts/);
    made.work.git("fetch", "-q", "origin");
    made.work.git("switch", "-q", "merge-back/v1.3.0");
    made.work.git("merge", "-q", "-X", "ours", "origin/develop", "-m", "Merge develop");
    made.work.git("push", "-q", "origin", "HEAD");
    made.work.git("switch", "-q", "main");
    expect(await made.publish()).toMatchObject({ exit: 0, states: { "back-merge": "waits" } });
    made.fake.merge(1);
    expect(await made.publish()).toMatchObject({ exit: 0, states: { "back-merge": "was" } });
  });

  inTurn("by a squash is red: the commits would count again", async () => {
    const made = await world("feat: carts");
    await made.publish();
    made.fake.merge(1, "squash");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, states: { "back-merge": "wrong" } });
    expect(found.problems[0]).toContain("squashed or rebased");
  });

  inTurn("that was closed is red, and is not opened again behind somebody's back", async () => {
    const made = await world("feat: carts");
    await made.publish();
    made.fake.pulls[0]!.state = "closed";
    expect(await made.publish()).toMatchObject({ exit: 3, states: { "back-merge": "wrong" } });
    expect(made.fake.pulls).toHaveLength(1);
  });

  inTurn("is not needed where there is no such branch", async () => {
    const made = await world("feat: carts");
    made.fake.git(["update-ref", "-d", "refs/heads/develop"]);
    expect(await made.publish()).toMatchObject({ exit: 0, states: { "back-merge": "was" } });
    expect(made.fake.pulls).toEqual([]);
  });
});

describe("tags that float", () => {
  const ALWAYS = { ".github/holdfast.yml": "release: { floating: always }\n" };

  inTurn("are made, moved when everything is published, and never back", async () => {
    const made = await world();
    made.commit("feat: carts", ALWAYS);
    expect(await made.publish()).toMatchObject({ states: { v1: "done", "v1.3": "done" } });
    const first = made.work.git("rev-parse", "HEAD");
    made.commit("feat: more");
    expect(await made.publish()).toMatchObject({ version: "1.4.0", states: { v1: "done", "v1.4": "done" } });
    const second = made.work.git("rev-parse", "HEAD");
    expect([made.fake.ref("v1"), made.fake.ref("v1.3"), made.fake.ref("v1.4")]).toEqual([
      second,
      first,
      second,
    ]);
    const moves = made.fake.written.findIndex(
      ({ call }) => call.startsWith("PATCH") && call.endsWith("/tags/v1"),
    );
    const published = made.fake.written.findLastIndex(({ call }) => /^PATCH .*\/releases\/\d+$/.test(call));
    expect(moves).toBeGreaterThan(published);
    // A fix of the line before takes its own, and leaves v1 to the newer.
    made.work.git("switch", "-qc", "1.3.x", first);
    made.commit("fix: old");
    expect(await made.publish()).toMatchObject({ version: "1.3.1", states: { v1: "was", "v1.3": "done" } });
    expect([made.fake.ref("v1"), made.fake.ref("v1.3")]).toEqual([
      second,
      made.work.git("rev-parse", "HEAD"),
    ]);
    expect(made.fake.releases.find(({ latest }) => latest)!.tag).toBe("v1.4.0");
  });

  inTurn("on a commit that is no release's and not in its history are told and left", async () => {
    const made = await world();
    made.work.git("switch", "-qc", "elsewhere");
    const elsewhere = made.commit("feat: elsewhere");
    made.work.git("switch", "-q", "main");
    made.fake.git(["update-ref", "refs/tags/v1", elsewhere]);
    made.commit("feat: carts");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, published: true, states: { v1: "wrong", "back-merge": "waits" } });
    expect(made.fake.ref("v1")).toBe(elsewhere);
  });
});

describe("branches", () => {
  inTurn("release candidates of two lines at once count each their own", async () => {
    const made = await world();
    for (const [name, message] of [
      ["release/v1.3.0", "feat: a"],
      ["release/v1.4.0", "feat: b"],
    ] as const) {
      made.work.git("switch", "-qc", name);
      made.commit(message);
      expect(await made.publish()).toMatchObject({
        exit: 0,
        version: `${name.slice(9)}-rc.1`,
        published: true,
      });
      made.work.git("fetch", "-q", "--tags");
    }
    made.work.git("switch", "-q", "release/v1.3.0");
    made.commit("fix: c");
    const found = await made.publish();
    expect(found).toMatchObject({ version: "1.3.0-rc.2", published: true });
    expect(Object.keys(found.states)).not.toContain("back-merge");
    expect(made.fake.releases.every(({ prerelease, latest }) => prerelease && !latest)).toBe(true);
    expect(made.fake.wrong).toEqual([]);
  });

  inTurn("a squashed release pull request is released as its branch says, with a warning", async () => {
    const made = await world();
    made.work.git("switch", "-qc", "release/v2.0.0");
    made.commit("feat!: carts");
    const id = made.work.git("rev-parse", "HEAD");
    made.fake.pull({
      number: 7,
      title: "chore(release): 2.0.0",
      branch: "release/v2.0.0",
      base: "main",
      sha: id,
    });
    made.fake.merge(7, "squash");
    made.work.git("switch", "-q", "main");
    made.work.git("pull", "-q", "origin", "main");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 0, version: "2.0.0", published: true });
    expect(found.warnings[0]).toMatch(/^#7 of release\/v2\.0\.0 was squashed/);
    expect(await made.publish()).toMatchObject({ exit: 0, version: "2.0.0", changed: false });
  });

  inTurn("a merged release branch whose version the commits exceed is refused", async () => {
    const made = await world("feat!: came another way");
    made.work.git("switch", "-qc", "release/v1.3.0", "v1.2.0");
    made.commit("feat: carts");
    const id = made.work.git("rev-parse", "HEAD");
    made.fake.pull({
      number: 7,
      title: "chore(release): 1.3.0",
      branch: "release/v1.3.0",
      base: "main",
      sha: id,
    });
    made.fake.merge(7);
    made.work.git("switch", "-q", "main");
    made.work.git("pull", "-q", "origin", "main");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, version: "" });
    expect(found.problems[0]).toMatch(
      /^release\/v1\.3\.0 was merged by #7, and the commits of main ask for 2\.0\.0/,
    );
    expect(made.fake.written).toEqual([]);
  });

  inTurn("a version that was released from another branch is refused", async () => {
    const made = await world("feat: carts");
    made.work.git("switch", "-qc", "other", "v1.2.0");
    made.commit("feat: other");
    made.work.git("tag", "v1.3.0");
    made.work.git("push", "-q", "origin", "v1.3.0");
    made.work.git("switch", "-q", "main");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, version: "" });
    expect(found.problems[0]).toMatch(/^v1\.3\.0 is there already, on commit/);
  });
});

describe("files to attach", () => {
  test.each([
    ["a pattern that nothing fits", ["src/nowhere-*.zip"], /no file fits 'src\/nowhere-\*\.zip'/],
    ["a pattern of the whole machine", ["/*/x.zip"], /would look through all of this machine/],
    ["a name that GitHub would change", ["a b.zip"], /cannot be attached as 'a b\.zip'/],
    ["Holdfast's own", ["release-unit.json"], /cannot be attached as 'release-unit\.json'/],
  ])("%s is an error before anything is asked", async (_, names, message) => {
    const made = await world("feat: carts");
    const assets = names.map((name) => (name.includes("*") ? name : made.built(name, "bytes")));
    await expect(made.publish({ assets })).rejects.toThrow(message);
    expect(made.fake.calls).toEqual([]);
  });

  inTurn("are found by a pattern, and two of one name are refused", async () => {
    const made = await world("feat: carts");
    const path = made.built("a.zip", "a");
    made.built("b.zip", "b");
    const folder = path.slice(0, path.lastIndexOf("/"));
    const found = await made.publish({ assets: [`${folder}/*.zip`] });
    expect(found.states).toMatchObject({ "asset a.zip": "done", "asset b.zip": "done" });
  });
});

describe("a release that was begun with files", () => {
  /** Cut off at a call, and then somebody pushes another commit. */
  async function begun(on: string): Promise<{ readonly made: ReleaseWorld; readonly first: string }> {
    const made = await world("feat: carts");
    const first = made.work.git("rev-parse", "HEAD");
    made.fake.faults = [{ on, status: "cut" }];
    await expect(made.publish({ assets: [made.built("shop.zip", "bytes")] })).rejects.toThrow(
      /gave no answer/,
    );
    made.fake.faults = [];
    made.commit("docs: later");
    return { made, first };
  }

  inTurn(
    "is not published without them by a run on another commit, and by one on its own it is",
    async () => {
      const { made, first } = await begun("POST /repos/acme/shop/releases/2/assets");
      const assets = [made.built("shop.zip", "built from another commit")];
      const found = await made.publish({ assets });
      expect(found).toMatchObject({ exit: 3, published: false, states: { "asset shop.zip": "wrong" } });
      expect(found.problems[0]).toMatch(/^v1\.3\.0 was begun with shop\.zip, which is not attached/);
      expect(seen(made)).toEqual([]);
      await expect(made.publish({ assets, tag: "v1.3.0" })).rejects.toMatchObject({ code: "input.conflict" });
      expect(await made.publish({ tag: "v1.3.0" })).toMatchObject({ exit: 3, published: false });
      made.work.git("switch", "-q", "--detach", first);
      // Nothing was built: that is not known to be right either.
      expect(await made.publish({ tag: "v1.3.0" })).toMatchObject({ exit: 3, published: false });
      expect(await made.publish({ tag: "v1.3.0", dryRun: true })).toMatchObject({ exit: 0 });
      const whole = await made.publish({ tag: "v1.3.0", assets: [made.built("shop.zip", "bytes")] });
      expect(whole).toMatchObject({ exit: 0, published: true, states: { "asset shop.zip": "done" } });
      expect(made.fake.releases[0]!.assets.map(({ name }) => name).sort()).toEqual([
        "release-unit.json",
        "shop.zip",
      ]);
    },
  );

  inTurn("keeps the unit that names them, where a run on another commit publishes it", async () => {
    const { made } = await begun("PATCH /repos/acme/shop/releases");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.0", published: true });
    const unit = made.fake.releases[0]!.assets.find(({ name }) => name === "release-unit.json")!;
    expect(JSON.parse(unit.bytes.toString())).toMatchObject({ assets: [{ name: "shop.zip", size: 5 }] });
  });

  inTurn("is recorded as the settings of its own commit have it", async () => {
    const made = await world();
    const settings = (from: string): Readonly<Record<string, string>> => ({
      ".github/holdfast.yml": `release: { unit: { schema-from: '${from}' } }\n`,
    });
    made.commit("feat: carts", { ...settings("3"), "migrations/1_a.sql": "", "migrations/3_b.sql": "" });
    made.fake.faults = [{ on: "POST /repos/acme/shop/releases", status: "cut" }];
    await expect(made.publish()).rejects.toThrow(/gave no answer/);
    made.fake.faults = [];
    made.commit("docs: promise more", settings("1"));
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.0", published: true });
    const unit = made.fake.releases[0]!.assets.find(({ name }) => name === "release-unit.json")!;
    expect(JSON.parse(unit.bytes.toString())).toMatchObject({ schema: { from: "3", to: "3" } });
  });

  inTurn("does not hold up the next one", async () => {
    const { made } = await begun("POST /repos/acme/shop/releases/2/assets");
    made.commit("fix: urgent");
    const found = await made.publish({ assets: [made.built("shop.zip", "newer")] });
    expect(found).toMatchObject({ exit: 3, version: "1.3.1", published: true });
    expect(seen(made)).toEqual(["v1.3.1"]);
  });

  inTurn("is not published where another run changed them in the meantime", async () => {
    const made = await world("feat: carts");
    made.fake.afterWrite = () => {
      const [release] = made.fake.releases;
      const isRecorded = release?.assets.some(({ name }) => name === "release-unit.json");
      if (isRecorded === true) {
        release!.assets.find(({ name }) => name === "shop.zip")!.bytes = Buffer.from("other");
      }
    };
    const found = await made.publish({ assets: [made.built("shop.zip", "bytes")] });
    expect(found).toMatchObject({ exit: 3, published: false, states: { published: "wrong" } });
    expect(found.problems[0]).toContain("was changed by another run in the meantime");
    expect(seen(made)).toEqual([]);
  });
});

describe("a draft", () => {
  inTurn("of another commit is made anew, with its notes and without its files", async () => {
    const made = await world("feat: aaaa");
    made.fake.faults = [{ on: "PATCH /repos/acme/shop/releases", status: "cut" }];
    await expect(made.publish({ assets: [made.built("old.zip", "old")] })).rejects.toThrow(/gave no answer/);
    made.fake.faults = [];
    made.fake.git(["update-ref", "-d", "refs/tags/v1.3.0"]);
    made.commit("feat: bbbb");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "1.3.0", published: true });
    expect(made.fake.releases).toHaveLength(1);
    expect(made.fake.releases[0]!.body).toContain("aaaa");
    expect(made.fake.releases[0]!.body).toContain("bbbb");
    expect(made.fake.releases[0]!.assets.map(({ name }) => name)).toEqual(["release-unit.json"]);
  });

  test.each([
    ["without a text gets one", "", "carts"],
    ["with a text keeps it", "Written by hand.", "Written by hand."],
  ])("that was made by hand and is %s, and is no pre-release", async (_, body, text) => {
    const made = await world("feat: carts");
    made.fake.release({ tag: "v1.3.0", draft: true, prerelease: true, body });
    expect(await made.publish()).toMatchObject({ exit: 0, published: true });
    expect(made.fake.releases).toMatchObject([{ draft: false, prerelease: false }]);
    expect(made.fake.releases[0]!.body).toContain(text);
  });
});

describe("GitHub that keeps no target of a draft whose tag is there", () => {
  inTurn("publishes it all the same", async () => {
    const made = await world("feat: carts");
    made.fake.afterWrite = () => {
      for (const each of made.fake.releases) each.commitish = "main";
    };
    expect(await made.publish()).toMatchObject({ exit: 0, published: true });
  });
});

describe("what comes after it is published", () => {
  inTurn("is tried each by itself, and the next release is begun", async () => {
    const { made } = await everything();
    made.fake.ruled = (ref) => ref === "refs/tags/v1";
    const first = await made.publish();
    expect(first).toMatchObject({ exit: 4, version: "1.3.0", tag: "v1.3.0", published: true, changed: true });
    expect(first.states).toMatchObject({ v1: "failed", deployment: "done", "back-merge": "waits" });
    expect(first.headline).toMatch(/^v1\.3\.0 is published, and is not all done: the tag v1 was not written/);
    expect(seen(made)).toEqual(["v1.3.0"]);
    expect(made.fake.runs).toHaveLength(1);
    expect(made.fake.pulls).toHaveLength(1);
    made.commit("fix: urgent");
    const second = await made.publish();
    expect(second).toMatchObject({ exit: 4, version: "1.3.1", published: true });
    expect(second.problems).toEqual([
      expect.stringMatching(/^the tag v1 was not written/),
      expect.stringMatching(/^v1\.3\.0 could not be finished: the tag v1 was not written/),
    ]);
    expect(seen(made)).toEqual(["v1.3.1", "v1.3.0"]);
  });

  inTurn("is started for the tag, whatever ran for a branch that is called so too", async () => {
    const { made } = await everything();
    const sha = made.fake.ref("v1.2.0^{commit}")!;
    made.fake.git(["update-ref", "refs/heads/v1.3.0", sha]);
    const foreign = { ref: "v1.3.0", sha, inputs: {}, status: "completed", conclusion: "success" };
    made.fake.runs = [{ workflow: "deploy.yml", ...foreign }];
    expect((await made.publish()).states).toMatchObject({ deployment: "done" });
    expect(made.fake.runs).toMatchObject([{ ref: "v1.3.0", sha: made.fake.ref("v1.3.0^{commit}") }, { sha }]);
    expect((await made.publish()).states).toMatchObject({ deployment: "was" });
  });

  inTurn("looks at the tag again, which somebody moved while it was published", async () => {
    const made = await world("feat: carts");
    made.fake.beforeWrite = (call) => {
      if (/^PATCH .*\/releases\/\d+$/.test(call)) {
        made.fake.git(["update-ref", "refs/tags/v1.3.0", "v1.2.0^{commit}"]);
      }
      return Promise.resolve();
    };
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, states: { published: "wrong", "back-merge": "not-reached" } });
    expect(found.problems[0]).toMatch(/is published, and its tag was moved to [0-9a-f]{7} while it was/);
  });

  inTurn("moves v1 forward again, where a run of an older release took it back", async () => {
    const made = await world();
    made.commit("feat: carts", { ".github/holdfast.yml": "release: { floating: always }\n" });
    await made.publish();
    const older = made.work.git("rev-parse", "HEAD");
    made.commit("feat: more");
    await made.publish();
    const newer = made.work.git("rev-parse", "HEAD");
    made.fake.git(["update-ref", "refs/tags/v1", older]);
    const found = await made.publish({ tag: "v1.3.0" });
    expect(found.states).toMatchObject({ v1: "done" });
    expect(made.fake.ref("v1")).toBe(newer);
  });

  inTurn("opens no pull request of a branch that somebody made for something else", async () => {
    const made = await world("feat: carts");
    made.work.git("switch", "-qc", "merge-back/v1.3.0", "v1.2.0");
    made.commit("feat: foreign");
    made.work.git("switch", "-q", "main");
    expect(await made.publish()).toMatchObject({
      exit: 3,
      published: true,
      states: { "back-merge": "wrong" },
    });
    expect(made.fake.pulls).toEqual([]);
  });

  inTurn("merges no fix of an older line back, by its tag as little as by its branch", async () => {
    const made = await world("feat: carts");
    await made.publish();
    made.work.git("switch", "-qc", "1.2.x", "v1.2.0");
    made.commit("fix: old");
    expect((await made.publish()).states).not.toHaveProperty("back-merge");
    expect((await made.publish({ tag: "v1.2.1" })).states).not.toHaveProperty("back-merge");
  });
});

describe("a release branch's name", () => {
  async function merged(how: "merge" | "squash", message: string): Promise<ReleaseWorld> {
    const made = await world();
    made.work.git("switch", "-qc", "release/v2.0.0");
    const sha = made.commit(message);
    made.fake.pull({
      number: 7,
      title: "chore(release): 2.0.0",
      branch: "release/v2.0.0",
      base: "main",
      sha,
    });
    made.fake.merge(7, how);
    made.work.git("switch", "-q", "main");
    made.work.git("pull", "-q", "origin", "main");
    return made;
  }

  inTurn("is believed of a squash that commits came after", async () => {
    const made = await merged("squash", "feat!: carts");
    made.commit("docs: later");
    expect(await made.publish()).toMatchObject({ exit: 0, version: "2.0.0", published: true });
  });

  inTurn("is not believed where its commits are all there and ask for another version", async () => {
    const made = await merged("merge", "fix: carts");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, version: "" });
    expect(found.problems[0]).toMatch(
      /^release\/v2\.0\.0 was merged by #7 with all its commits, and they ask for 1\.2\.1/,
    );
    expect(made.fake.written).toEqual([]);
  });
});

describe("many releases", () => {
  inTurn("are listed a few times, and asked for by number", async () => {
    const made = await world("feat: carts");
    for (let at = 0; at < 300; at += 1) made.fake.release({ tag: `v0.1.${at}` });
    expect(await made.publish()).toMatchObject({ exit: 0, published: true });
    const lists = made.fake.calls.filter((call) => call === "GET /repos/acme/shop/releases");
    expect(lists.length).toBeLessThan(25);
  });
});

describe("a run whose turn comes late", () => {
  /** Begun on a commit after which the branch was released. */
  async function late(first: string, second: string): Promise<ReleaseWorld> {
    const made = await world(first);
    const early = made.work.git("rev-parse", "HEAD");
    made.commit(second, SETTINGS);
    await made.publish();
    made.work.git("switch", "-q", "--detach", early);
    return made;
  }

  test.each(
    casesInTurn(
      "runs of a release that come late",
      [
        ["of the same version", "feat: a", "fix: b"],
        ["of a lower one", "fix: a", "feat: b"],
      ],
      { every: 2 },
    ),
  )("has nothing to do where its commit is in a release %s", async (_, first, second) => {
    const made = await late(first, second);
    for (const fetched of [false, true]) {
      if (fetched) made.work.git("fetch", "-q", "--tags", "origin");
      const found = await made.publish({ branch: "main" });
      expect(found).toMatchObject({
        exit: 0,
        version: "",
        headline: "main has nothing to release",
        steps: [],
      });
      expect(found.warnings).toEqual([
        expect.stringMatching(/^[0-9a-f]{7} is released already: v1\.3\.0, which main got since, has it$/),
      ]);
    }
    expect(seen(made)).toEqual(["v1.3.0"]);
  });

  inTurn("publishes its commit where what came after it is no release", async () => {
    const made = await world("fix: a");
    const early = made.work.git("rev-parse", "HEAD");
    made.commit("feat: b");
    made.work.git("switch", "-q", "--detach", early);
    expect(await made.publish({ branch: "main" })).toMatchObject({ exit: 0, tag: "v1.2.1", published: true });
  });

  inTurn("does not deploy what a newer release has taken the place of", async () => {
    const made = await world();
    made.commit("feat: a", SETTINGS);
    await made.publish();
    made.commit("feat: b");
    await made.publish();
    made.fake.runs = made.fake.runs.filter(({ ref }) => ref === "v1.4.0");
    made.work.git("fetch", "-q", "--tags", "origin");
    const status = await made.status();
    expect(status.outputs["half-done"]).toEqual(["v1.4.0"]);
    made.work.git("switch", "-q", "--detach", "v1.3.0");
    const found = await made.publish({ tag: "v1.3.0" });
    expect(found.states).toMatchObject({ deployment: "was" });
    expect(found.steps.find(({ name }) => name === "deployment")?.what).toBe(
      "deploy.yml is left to v1.4.0, which is newer and has v1.3.0",
    );
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.4.0"]);
  });

  inTurn("deploys the fix of an older line, which nothing newer has", async () => {
    const made = await world();
    made.commit("fix: settings", SETTINGS);
    made.work.git("push", "-q", "origin", "HEAD:1.2.x");
    made.commit("feat!: b");
    await made.publish();
    made.work.git("fetch", "-q", "origin");
    made.work.git("switch", "-q", "-c", "1.2.x", "origin/1.2.x");
    made.commit("fix: c");
    expect(await made.publish()).toMatchObject({ tag: "v1.2.1", states: { deployment: "done" } });
    expect(made.fake.runs.map(({ ref }) => ref)).toEqual(["v1.2.1", "v2.0.0"]);
  });
});

describe("what cannot be taken back", () => {
  inTurn("a first release is none where there were some, tagged without v", async () => {
    const made = await world("feat: a");
    made.fake.git(["update-ref", "-d", "refs/tags/v1.2.0"]);
    made.work.git("tag", "-d", "v1.2.0");
    for (const tag of ["1.9.0", "1.10.0"]) made.work.git("tag", tag, "HEAD~1");
    const found = await made.publish();
    expect(found).toMatchObject({ exit: 3, published: false, steps: [] });
    expect(found.problems[0]).toMatch(/such as 1\.10\.0 are, which lack the v: v1\.0\.0 would begin anew/);
    made.work.git("push", "-q", "origin", "1.10.0^{commit}:refs/tags/v1.10.0");
    expect(await made.publish()).toMatchObject({ exit: 0, tag: "v1.11.0" });
  });

  inTurn("the text of a draft that somebody made of another commit stays", async () => {
    const made = await world("feat: a");
    const other = made.work.git("rev-parse", "HEAD~1");
    made.fake.release({ tag: "v1.3.0", name: "Carts", draft: true, commitish: other, body: "By hand." });
    await made.publish();
    expect(made.fake.releases).toMatchObject([
      { tag: "v1.3.0", name: "Carts", body: "By hand.", draft: false },
    ]);
  });

  inTurn("an empty file is refused before anything is made", async () => {
    const made = await world("feat: a");
    await expect(made.publish({ assets: [made.built("shop.zip", "")] })).rejects.toThrow(
      /shop\.zip is empty/,
    );
    expect(made.fake.calls).toEqual([]);
  });

  inTurn("a name that GitHub gives to nothing else is told, beside the rule that it may be", async () => {
    const made = await world("feat: a");
    made.fake.ruled = (ref) => ref === "refs/tags/v1.3.0";
    const failure = await made.publish().catch((error: unknown) => error as { hint: string });
    expect(failure).toMatchObject({ code: "forge.refused" });
    expect((failure as { hint: string }).hint).toMatch(
      /cannot be changed any more.*goes into `release\.burned`/,
    );
  });
});
