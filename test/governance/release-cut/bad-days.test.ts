import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { flowWorld, type FlowWorld } from "../../support/github/flow-world.ts";
import { repository } from "../../support/repository.ts";
import { inTurns, rounds, sampled } from "../../support/sampling.ts";
import { cut } from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/** Nothing that was sent, or answered, may be other than GitHub's description has it. */
let worlds: FlowWorld[] = [];
async function world(...messages: readonly string[]): Promise<FlowWorld> {
  const made = await flowWorld(...messages);
  worlds.push(made);
  return made;
}
afterEach(async () => {
  const wrong = worlds.flatMap(({ fake }) => fake.wrong);
  for (const each of worlds) await each[Symbol.asyncDispose]();
  worlds = [];
  expect(wrong).toEqual([]);
});

/** What is there of a cut, whoever made which part of it. */
function whole({ fake, headers, text }: FlowWorld): object {
  return {
    branches: fake.git(["for-each-ref", "--format=%(refname)", "refs/heads/"]).out.split("\n"),
    commits: headers("release/v1.3.0", "develop"),
    parent: fake.ref("refs/heads/release/v1.3.0^") === fake.ref("refs/heads/develop"),
    version: text("release/v1.3.0", "package.json"),
    changelog: text("release/v1.3.0", "CHANGELOG.md").replace(/\(?[0-9a-f]{7}\)?/g, ""),
    pulls: fake.pulls.map(({ branch, base, state, title }) => ({ branch, base, state, title })),
  };
}

describe("killed", () => {
  test("before or after any call, the next run makes it whole, and nothing twice", async () => {
    const first = await world("feat: carts");
    await cut(first);
    const wanted = whole(first);
    const { calls } = first.fake;
    const places = calls.map((call, n) => ({ n, isWrite: !call.startsWith("GET ") }));
    const kind = ({ isWrite, n }: (typeof places)[number]): string => (isWrite ? String(n) : "reading");
    const chosen = sampled("calls at which a release cut is killed", places, {
      every: 20,
      kind,
      share: { way: 0, ways: 2 },
    });
    const ways = ["cut", "done-then-cut"] as const;
    for (const { place, way: status } of inTurns("ways in which a release cut is killed", chosen, ways)) {
      const { n } = place;
      const made = await world("feat: carts");
      made.fake.faults = [
        { after: n, times: 1, status },
        { after: n + 1, status: "cut" },
      ];
      await expect(cut(made)).rejects.toThrow(/gave no answer/);
      made.fake.faults = [];
      expect((await cut(made)).exit).toBe(0);
      expect({ n, status, ...whole(made) }).toEqual({ n, status, ...wanted });
      const writes = made.fake.written.length;
      made.fetch();
      expect(await cut(made)).toMatchObject({ exit: 0, changed: false });
      expect(made.fake.written).toHaveLength(writes);
    }
    expect(places.filter(({ isWrite }) => isWrite).length).toBeGreaterThan(3);
  }, 900_000);

  test("while it brought the branch up to date, the next run does", async () => {
    const writes = ["POST /repos/acme/shop/git/trees", "POST /repos/acme/shop/git/commits", "PATCH "];
    const ways = ["cut", "done-then-cut"] as const;
    for (const { place: on, way: status } of inTurns(
      "updates of a branch killed",
      sampled("writes of an update killed", writes, { every: 3 }),
      ways,
    )) {
      const made = await world("feat: carts");
      await cut(made);
      made.fetch();
      made.work.git("switch", "-q", "release/v1.3.0");
      made.commit("fix: a wheel");
      const after = made.fake.calls.filter((call) => call.startsWith(on)).length;
      made.fake.faults = [{ on, after: 0, status }];
      await cut(made).catch(() => undefined);
      made.fake.faults = [];
      made.work.git("pull", "-q", "--ff-only", "origin", "release/v1.3.0");
      expect((await cut(made)).exit).toBe(0);
      expect({ on, status, after, headers: made.headers("release/v1.3.0", "develop") }).toEqual({
        on,
        status,
        after,
        headers: ["chore(release): 1.3.0", "fix: a wheel", "chore(release): 1.3.0"],
      });
    }
  });
});

const inTurn = testInTurn("bad days of a release cut", 3);

describe("at the same time", () => {
  inTurn("two runs end with one branch and one pull request", async () => {
    const made = await world("feat: carts");
    let waiting: (() => void)[] = [];
    made.fake.beforeWrite = () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length < 2) setTimeout(resolve, 300);
        for (const each of waiting.splice(0, waiting.length < 2 ? 0 : 2)) each();
      });
    const found = await Promise.all([cut(made), cut(made)]);
    waiting = [];
    expect(found.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(made.headers("release/v1.3.0", "develop")).toEqual(["chore(release): 1.3.0"]);
    expect(made.fake.pulls).toHaveLength(1);
  });

  inTurn("develop moves, and the branch is what it was cut from", async () => {
    const made = await world("feat: carts");
    const from = made.fake.ref("refs/heads/develop");
    made.fake.beforeWrite = (call) => {
      made.fake.beforeWrite = () => Promise.resolve();
      if (call.endsWith("/git/trees")) made.commit("feat: later");
      return Promise.resolve();
    };
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.3.0" });
    expect(made.fake.ref("refs/heads/release/v1.3.0^")).toBe(from);
  });

  inTurn("who makes a branch of that name from something else is told", async () => {
    const made = await world("feat: carts");
    made.fake.beforeWrite = (call) => {
      if (call.endsWith("/git/refs")) {
        made.fake.git(["update-ref", "refs/heads/release/v1.3.0", "v1.2.0^{commit}"]);
      }
      return Promise.resolve();
    };
    const found = await cut(made);
    expect(found).toMatchObject({ exit: 3, states: { branch: "wrong", "pull-request": "not-reached" } });
    expect(made.fake.ref("refs/heads/release/v1.3.0")).toBe(made.fake.ref("v1.2.0^{commit}"));
    expect(made.fake.pulls).toEqual([]);
  });

  inTurn("who pushes to the release branch keeps what was pushed", async () => {
    const made = await world("feat: carts");
    await cut(made);
    made.fetch();
    made.work.git("switch", "-q", "release/v1.3.0");
    made.commit("fix: a wheel");
    made.fake.beforeWrite = (call) => {
      if (call.startsWith("PATCH ")) {
        made.fake.beforeWrite = () => Promise.resolve();
        made.commit("fix: another wheel");
      }
      return Promise.resolve();
    };
    await expect(cut(made)).rejects.toMatchObject({ code: "forge.refused" });
    expect(made.headers("release/v1.3.0", "develop")[0]).toBe("fix: another wheel");
    expect(await cut(made)).toMatchObject({ exit: 0, states: { contents: "done" } });
    const headers = made.headers("release/v1.3.0", "develop");
    expect(headers.slice(0, 3)).toEqual(["chore(release): 1.3.0", "fix: another wheel", "fix: a wheel"]);
    expect(made.text("release/v1.3.0", "CHANGELOG.md")).toContain("another wheel");
  });
});

describe("somebody else", () => {
  inTurn("whose commit only says that it is a release's is not believed by its name", async () => {
    const made = await world("feat: carts");
    made.work.git("switch", "-q", "-c", "release/v1.3.0");
    made.work.commit("chore(release): 1.3.0", { "CHANGELOG.md": "# nothing of the kind\n" });
    made.work.git("push", "-q", "origin", "HEAD");
    const commit = made.work.git("rev-parse", "HEAD");
    made.work.git("switch", "-q", "develop");
    // What this checkout has of it is gone.
    made.work.git("branch", "-q", "-D", "release/v1.3.0");
    made.work.git("update-ref", "-d", "refs/remotes/origin/release/v1.3.0");
    made.work.git("reflog", "expire", "--expire=now", "--all");
    made.work.git("gc", "-q", "--prune=now");
    expect(() => made.work.git("cat-file", "-e", commit)).toThrow();
    const found = await cut(made);
    expect(found).toMatchObject({ exit: 3, states: { contents: "wrong" } });
    expect(made.fake.pulls).toEqual([]);
  });

  inTurn("who put something else on the branch is told", async () => {
    const made = await world("feat: carts");
    made.work.git("switch", "-q", "--orphan", "elsewhere");
    made.work.commit("feat: apart");
    made.work.git("push", "-q", "origin", "HEAD:refs/heads/release/v1.3.0");
    made.work.git("switch", "-q", "develop");
    const found = await cut(made);
    expect(found).toMatchObject({ exit: 3, states: { branch: "wrong" } });
    expect(found.problems[0]).toMatch(
      /^release\/v1\.3\.0 is there, on [0-9a-f]{7}, and does not have develop/,
    );
    expect(made.fake.written).toEqual([]);
  });

  inTurn("who pushed to the branch what this checkout lacks is told to fetch", async () => {
    const made = await world("feat: carts");
    await cut(made);
    const there = made.fake.ref("refs/heads/release/v1.3.0")!;
    const { out } = made.fake.git(["commit-tree", `${there}^{tree}`, "-p", there, "-m", "fix: a wheel"]);
    made.fake.git(["update-ref", "refs/heads/release/v1.3.0", out]);
    const found = await cut(made);
    expect(found).toMatchObject({ exit: 3, states: { contents: "wrong" } });
    expect(found.problems[0]).toContain("Run `git fetch origin`");
    made.fetch();
    expect(await cut(made)).toMatchObject({ exit: 0, states: { contents: "done" } });
  });

  inTurn("who closed the pull request is told", async () => {
    const made = await world("feat: carts");
    await cut(made);
    made.fake.pulls[0]!.state = "closed";
    const found = await cut(made);
    expect(found).toMatchObject({ exit: 3, states: { "pull-request": "wrong" } });
    expect(found.problems[0]).toMatch(/^#1 of release\/v1\.3\.0 into main was closed and not merged/);
    expect(made.fake.pulls).toHaveLength(1);
  });

  inTurn("who deleted the branch, which closed its pull request, gets others", async () => {
    const made = await world("feat: carts");
    await cut(made);
    const sha = made.fake.ref("refs/heads/release/v1.3.0")!;
    Object.assign(made.fake.pulls[0]!, { state: "closed", sha });
    made.fake.git(["update-ref", "-d", "refs/heads/release/v1.3.0"]);
    made.commit("feat: wheels");
    expect(await cut(made)).toMatchObject({
      exit: 0,
      version: "1.3.0",
      states: { branch: "done", "pull-request": "done" },
    });
    expect(made.fake.pulls.map(({ state }) => state)).toEqual(["closed", "open"]);
  });

  inTurn("who changed main so that it conflicts is told red", async () => {
    const made = await world("feat: carts");
    await cut(made);
    made.work.git("switch", "-q", "main");
    made.commit("fix: elsewhere", { "CHANGELOG.md": "# Other\n" });
    made.work.git("switch", "-q", "develop");
    const found = await cut(made);
    expect(found).toMatchObject({ exit: 3, states: { "pull-request": "wrong" } });
    expect(found.problems[0]).toContain("conflicts with main");
  });
});

describe("GitHub", () => {
  inTurn("that is down is an error, and nothing is half done", async () => {
    const made = await world("feat: carts");
    made.fake.faults = [{ status: 503 }];
    await expect(cut(made)).rejects.toMatchObject({ code: "forge.unreachable" });
    expect(made.fake.written).toEqual([]);
  });

  inTurn("whose token may not write says which right is missing", async () => {
    const made = await world("feat: carts");
    made.fake.mayWriteContents = false;
    await expect(cut(made)).rejects.toMatchObject({
      code: "forge.denied",
      hint: expect.stringContaining("contents: write") as unknown,
    });
    made.fake.mayWriteContents = true;
    made.fake.mayOpenPulls = false;
    await expect(cut(made)).rejects.toMatchObject({
      code: "forge.denied",
      hint: expect.stringMatching(/Allow GitHub Actions.*True already.*branch/s) as unknown,
    });
    made.fake.mayOpenPulls = true;
    expect(await cut(made)).toMatchObject({ exit: 0, states: { branch: "was", "pull-request": "done" } });
  });

  inTurn("whose token may not read tags is told, and it is never taken for none", async () => {
    const made = await world("feat: carts");
    made.fake.mayReadContents = false;
    await expect(cut(made)).rejects.toMatchObject({ code: "forge.untold" });
  });

  inTurn("that has a rule against such branches says so", async () => {
    const made = await world("feat: carts");
    made.fake.ruled = (ref) => ref.startsWith("refs/heads/release/");
    await expect(cut(made)).rejects.toMatchObject({
      code: "forge.refused",
      hint: expect.stringContaining("rule of the repository") as unknown,
    });
    expect(made.fake.pulls).toEqual([]);
  });
});

describe("the checkout", () => {
  inTurn("that has a tag which GitHub has not counts by GitHub's", async () => {
    const made = await world("feat: carts");
    made.work.git("tag", "v1.9.0");
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.3.0" });
  });

  inTurn("that lacks a release which GitHub has is refused", async () => {
    const made = await world("feat: carts");
    made.work.git("switch", "-q", "main");
    made.commit("feat: elsewhere");
    made.work.git("tag", "v1.3.0");
    made.work.git("push", "-q", "origin", "v1.3.0");
    made.work.git("tag", "-d", "v1.3.0");
    made.work.git("switch", "-q", "develop");
    const found = await cut(made);
    expect(found).toMatchObject({ exit: 3, changed: false });
    expect(found.problems[0]).toMatch(/^v1\.3\.0 is there already/);
    expect(made.fake.written).toEqual([]);
  });

  inTurn("that is old, ahead or elsewhere says what to do", async () => {
    const made = await world("feat: carts");
    made.commit("fix: b");
    made.work.git("reset", "-q", "--hard", "HEAD^");
    expect((await cut(made)).problems[0]).toContain("git pull --ff-only");
    made.work.git("reset", "-q", "--hard", "origin/develop");
    made.work.commit("fix: here alone");
    expect((await cut(made)).problems[0]).toContain("Push it first");
    made.work.git("switch", "-q", "main");
    await expect(cut(made)).rejects.toMatchObject({ code: "input.conflict" });
    expect((await cut(made, { branch: "develop" })).problems[0]).toContain(
      "is checked out, and develop is on",
    );
    made.work.git("switch", "-q", "--detach", "origin/develop");
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.3.0" });
  });

  inTurn("of a part of the history is none", async () => {
    const made = await world("feat: carts");
    await using shallow = repository();
    shallow.git(
      "fetch",
      "-q",
      "--depth=1",
      `file://${made.work.git("remote", "get-url", "origin")}`,
      "develop",
    );
    shallow.git("switch", "-qc", "develop", "FETCH_HEAD");
    const beside = { ...made, work: shallow };
    const ports = made.ports();
    const { gitRefs } = await import("../../../src/adapters/source-tree/refs.ts");
    const refs = gitRefs({ env: process.env, folder: beside.work.path, disk: ports.disk });
    const withShallow = { ...made, ports: () => ({ ...ports, sourceRefs: () => Promise.resolve(refs) }) };
    await expect(cut(withShallow)).rejects.toMatchObject({
      code: "source.history",
      hint: expect.stringContaining("fetch-depth: 0") as unknown,
    });
  });
});

describe("a repository", () => {
  inTurn("without develop, or without main, is told so", async () => {
    const made = await world("feat: carts");
    made.fake.git(["update-ref", "-d", "refs/heads/main"]);
    expect((await cut(made)).problems[0]).toMatch(
      /has no branch main or master, which a release is merged into/,
    );
    made.fake.git(["update-ref", "-d", "refs/heads/develop"]);
    expect((await cut(made)).problems[0]).toMatch(/^acme\/shop has no branch develop\. Make it from main/);
  });

  inTurn("without a release gets its first", async () => {
    const made = await world("feat: carts");
    made.work.git("push", "-q", "origin", ":v1.2.0");
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.0.0" });
    // Below what the changelog has of a version that is higher, and is no release any more.
    expect(made.text("release/v1.0.0", "CHANGELOG.md")).toMatch(/^# Changelog\n\n## 1\.2\.0[^]*## 1\.0\.0/);
  });

  inTurn("without a changelog gets one, and a package without a version is left alone", async () => {
    const made = await world();
    made.commit("feat: carts", {
      "CHANGELOG.md": undefined,
      "package.json": '{ "name": "shop", "private": true }\n',
    });
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.3.0" });
    expect(made.text("release/v1.3.0", "CHANGELOG.md")).toMatch(/^# Changelog\n\n## 1\.3\.0/);
    expect(made.text("release/v1.3.0", "package.json")).toBe('{ "name": "shop", "private": true }');
  });

  inTurn("with lines of Windows, in a file that may be executed, keeps both", async () => {
    const made = await world();
    made.work.write({ "run.sh": "VERSION=1.2.0 # x-holdfast-version\n" });
    chmodSync(`${made.work.path}/run.sh`, 0o755);
    made.commit("feat: carts", {
      "CHANGELOG.md": "# Changelog\r\n\r\n## 1.2.0 (2026-01-01)\r\n\r\n* begin\r\n",
      ".github/holdfast.yml": "release:\n  version-files:\n    - path: run.sh\n    - path: package.json\n",
    });
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.3.0", problems: [] });
    const changelog = made.fake.git(["show", "refs/heads/release/v1.3.0:CHANGELOG.md"]).out;
    expect(changelog.replace(/\r\n/g, "")).not.toContain("\n");
    expect(made.text("release/v1.3.0", "run.sh")).toContain("VERSION=1.3.0");
    expect(made.fake.git(["ls-tree", "refs/heads/release/v1.3.0", "run.sh"]).out).toMatch(/^100755 /);
    made.fetch();
    expect(await cut(made)).toMatchObject({ exit: 0, changed: false });
  });

  inTurn("whose changelog is a link is refused, and the link stays", async () => {
    const made = await world();
    made.work.git("rm", "-q", "CHANGELOG.md");
    symlinkSync("docs/CHANGES.md", `${made.work.path}/CHANGELOG.md`);
    made.commit("feat: carts");
    await expect(cut(made)).rejects.toMatchObject({ code: "input.malformed" });
    expect(made.fake.ref("refs/heads/release/v1.3.0")).toBeUndefined();
  });

  inTurn("whose changelog lies behind a link is refused, and the link stays", async () => {
    const made = await world();
    made.work.write({ "real/CHANGELOG.md": "# Changelog\n" });
    symlinkSync("real", `${made.work.path}/docs`);
    made.commit("feat: carts", {
      ".github/holdfast.yml": "release: { changelog: docs/CHANGELOG.md }\n",
    });
    await expect(cut(made)).rejects.toMatchObject({
      code: "input.malformed",
      message: expect.stringContaining("lies in docs, which is a link") as unknown,
    });
    made.commit("chore: a new folder", {
      ".github/holdfast.yml": "release: { changelog: texts/new/CHANGELOG.md }\n",
    });
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.3.0" });
    expect(made.text("release/v1.3.0", "texts/new/CHANGELOG.md")).toContain("carts");
  });

  inTurn("that wants neither changelog nor versions gets the branch alone", async () => {
    const made = await world();
    made.commit("feat: carts", {
      ".github/holdfast.yml": "release:\n  changelog: false\n  version-files: []\n",
    });
    expect(await cut(made)).toMatchObject({ exit: 0, version: "1.3.0" });
    expect(made.headers("release/v1.3.0", "develop")).toEqual([]);
    expect(made.fake.pulls).toHaveLength(1);
    expect(await cut(made)).toMatchObject({ exit: 0, changed: false });
  });

  inTurn(
    "with notes that are too long for it opens a pull request that GitHub takes",
    async () => {
      const made = await world();
      const commits = rounds("commits in the notes of a release cut", 500, 1_000);
      const words = `${"a".repeat(80)} `.repeat(2);
      const messages = Array.from({ length: commits }, (_, n) => `feat: ${n} ${words}`.trim());
      const stream = messages.map((message, n) => {
        const from = n === 0 ? "from refs/heads/develop^0\n" : "";
        const { length } = message;
        return (
          `commit refs/heads/develop\ncommitter Ada <a@example.org> 1900000000 +0000\ndata ` +
          `${length}\n${message}\n${from}\n`
        );
      });
      const input = stream.join("");
      execFileSync("git", ["-C", made.work.path, "fast-import", "--quiet", "--force"], { input });
      made.work.git("push", "-q", "origin", "HEAD");
      const found = await cut(made);
      expect(found).toMatchObject({ exit: 0, version: "1.3.0", problems: [] });
      const { body } = made.fake.pulls[0]!;
      expect(body!.length).toBeLessThan(65_536);
      expect(body).toContain("… `CHANGELOG.md` has all of them.");
      expect(made.text("release/v1.3.0", "CHANGELOG.md").length).toBeGreaterThan(170 * commits);
    },
    180_000,
  );
});
