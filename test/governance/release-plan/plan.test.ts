import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { gitRefs } from "../../../src/adapters/source-tree/refs.ts";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { systemDisk } from "../../../src/adapters/system/disk.ts";
import { runReleasePlan, type ReleasePlanInputs } from "../../../src/governance/release-plan/run.ts";
import type { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeForge } from "../../support/github/fake-forge.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";
import { casesInTurn } from "../../support/sampling.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const TOKEN = "ghs_0123456789abcdef";

/** What a plan says, as far as tests look at it. */
interface Told {
  readonly exit: number;
  readonly version: string;
  readonly type: string;
  readonly because: string;
  readonly previous: string;
  readonly kind: string;
  readonly commits: number;
  readonly notes: string;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly headline: string;
}

function told({ exit, outputs, report }: Outcome): Told {
  return { exit, ...(outputs as unknown as Omit<Told, "exit" | "headline">), headline: report.headline };
}

async function plan(
  repo: Repository,
  given: Partial<ReleasePlanInputs> = {},
  forge?: ReturnType<typeof githubForge>,
): Promise<Told> {
  const inputs: ReleasePlanInputs = {
    branch: undefined,
    settings: ".github/holdfast.yml",
    offline: forge === undefined,
    repository: undefined,
    token: undefined,
    ...given,
  };
  const around = { env: process.env, folder: repo.path };
  return told(
    await runReleasePlan(inputs, {
      ...testPorts(forge === undefined ? {} : { forge }),
      sourceTree: () => Promise.resolve(checkout({ env: process.env })),
      sourceHistory: () => Promise.resolve(gitHistory(around)),
      sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: systemDisk() })),
    }),
  );
}

/** A repository with `v1.2.0` and, after it, these commits. */
function after(...messages: readonly string[]): Repository {
  const repo = repository();
  repo.commit("feat: begin");
  repo.git("tag", "v1.2.0");
  for (const message of messages) repo.commit(message);
  return repo;
}

const inTurn = testInTurn("plans of a release", 3);

describe("what comes next on the stable branch", () => {
  test.each([
    [["fix: a"], "1.2.1", "patch"],
    [["feat: a", "fix: b"], "1.3.0", "minor"],
    [["feat!: a", "feat: b"], "2.0.0", "major"],
    [["fix: a\n\nBREAKING CHANGE: b"], "2.0.0", "major"],
    [["fix: a\n\nBREAKING-CHANGE: b"], "2.0.0", "major"],
    [["perf: a"], "1.2.1", "patch"],
  ])("after %j is %s", async (messages, version, type) => {
    await using repo = after(...messages);
    const found = await plan(repo);
    expect(found).toMatchObject({ exit: 0, version, type, previous: "1.2.0", kind: "stable", problems: [] });
  });

  test.each([[[]], [["docs: a", "chore: b"]], [["a merge without a type"]]])(
    "after %j is nothing, which is well",
    async (messages) => {
      await using repo = after(...messages);
      const found = await plan(repo);
      expect(found).toMatchObject({ exit: 0, version: "", type: "", because: "", notes: "" });
      expect(found.headline).toMatch(/^main has nothing to release/);
    },
  );

  inTurn("the commit that asks for it is the first that did", async () => {
    await using repo = after("fix: a");
    const first = repo.commit("feat: b");
    repo.commit("feat: c");
    expect((await plan(repo)).because).toBe(first);
  });

  inTurn("what was reverted asks for nothing, and is not the cause", async () => {
    await using repo = after();
    const gone = repo.commit("feat: b");
    repo.commit(`Revert "feat: b"\n\nThis reverts commit ${gone}.`);
    expect((await plan(repo)).version).toBe("");
    const left = repo.commit("feat: c");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0", because: left });
  });

  inTurn("the first release is 1.0.0, whatever asks for it", async () => {
    await using repo = repository();
    const first = repo.commit("fix: a");
    expect(await plan(repo)).toMatchObject({ version: "1.0.0", previous: "", because: first, commits: 1 });
  });

  inTurn("a squashed release pull request asks for what its title says, and no more", async () => {
    await using repo = after("release: 2.1.0\n\n* feat: a\n* fix!: b");
    expect((await plan(repo)).version).toBe("");
  });

  inTurn("notes have the commits, and no link where the repository is nowhere", async () => {
    await using repo = after("feat(cart): keep items (#12)", "fix: b\n\nCloses #13");
    const { notes } = await plan(repo);
    expect(notes).toMatch(/^## 1\.3\.0 \(\d{4}-\d\d-\d\d\)/);
    expect(notes).toContain("**cart:** keep items");
    expect(notes).not.toContain("](");
    repo.git("remote", "add", "origin", "https://");
    expect((await plan(repo)).notes).not.toContain("](");
    repo.git("remote", "set-url", "origin", "https://ada:secret@github.com/acme/shop.git");
    const linked = await plan(repo);
    expect(linked.notes).toContain("https://github.com/acme/shop/compare/v1.2.0...v1.3.0");
    expect(linked.notes).not.toContain("secret");
  });

  inTurn("an address never has a password, whatever that is made of", async () => {
    await using repo = after();
    const refs = gitRefs({ env: process.env, folder: repo.path, disk: systemDisk() });
    repo.git("remote", "add", "origin", "https://ada:p@ss@github.com/acme/shop.git");
    expect(await refs.remoteUrl("origin")).toBe("https://github.com/acme/shop.git");
  });

  inTurn("no commit is listed before what was made from it, whatever the clocks said", async () => {
    await using repo = after();
    const at = (date: string, message: string): string => {
      const parents = repo.git("rev-parse", "HEAD");
      const tree = repo.git("rev-parse", "HEAD^{tree}");
      const words = ["commit-tree", tree, "-p", parents, "-m", message];
      const id = execFileSync(
        "git",
        ["-C", repo.path, "-c", "user.name=A", "-c", "user.email=a@b", ...words],
        {
          encoding: "utf8",
          env: { ...process.env, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date },
        },
      ).trim();
      repo.git("reset", "-q", "--hard", id);
      return id;
    };
    const feature = at("2030-01-02T00:00:00Z", "feat: carts");
    repo.git("branch", "beside");
    const back = at("2020-01-01T00:00:00Z", `revert: feat: carts\n\nThis reverts commit ${feature}.`);
    repo.git("switch", "-q", "beside");
    at("2030-01-03T00:00:00Z", "docs: beside");
    repo.git("switch", "-q", "main");
    repo.git("merge", "-q", "--no-ff", "--no-edit", "beside");
    const refs = gitRefs({ env: process.env, folder: repo.path, disk: systemDisk() });
    const ids = (await refs.messages("v1.2.0", "HEAD")).map(({ id }) => id);
    expect(ids.indexOf(back)).toBeLessThan(ids.indexOf(feature));
  });
});

describe("tags", () => {
  test.each(
    casesInTurn(
      "tags that are no release",
      ["1.9.0", "v1.9", "v1", "v1.9.0.1", "v1.9.0+build.1", "version-1.9.0", "v01.9.0", "V1.9.0"],
      { every: 4 },
    ),
  )("%s is no release", async (tag) => {
    await using repo = after("fix: a");
    repo.git("tag", tag);
    repo.commit("fix: b");
    expect(await plan(repo)).toMatchObject({ version: "1.2.1", commits: 2 });
  });

  inTurn("those that look like versions and count for nothing are told, but not what moves", async () => {
    await using repo = after("fix: a");
    for (const tag of ["v1", "v1.2", "1.9.0", "v1.9.0+build.1"]) repo.git("tag", tag);
    expect((await plan(repo)).warnings).toEqual([
      "2 tags count for nothing, such as 1.9.0: a release is tagged `v` and three numbers, as v1.2.3",
    ]);
  });

  inTurn("an annotated tag counts like a plain one; one of anything but a commit does not", async () => {
    await using repo = after("feat: a");
    repo.git("tag", "-a", "-m", "release", "v1.3.0");
    repo.git("tag", "v9.0.0", "HEAD^{tree}");
    repo.commit("fix: b");
    expect(await plan(repo)).toMatchObject({ version: "1.3.1", previous: "1.3.0" });
  });

  inTurn("a tag of a tag counts like the one it names", async () => {
    await using repo = after("feat: a");
    repo.git("tag", "-a", "-m", "inner", "inner");
    repo.git("tag", "-a", "-m", "outer", "v1.3.0", "inner");
    repo.commit("fix: b");
    expect(await plan(repo)).toMatchObject({ version: "1.3.1", previous: "1.3.0" });
  });

  inTurn("a pre-release is none to the stable branch", async () => {
    await using repo = after("feat: a");
    repo.git("tag", "v1.3.0-beta.1");
    repo.commit("fix: b");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0", previous: "1.2.0", commits: 2 });
  });
});

describe("channels of pre-releases", () => {
  inTurn("count on their own, without the notes that semantic-release writes", async () => {
    await using repo = after();
    repo.git("switch", "-qc", "beta");
    repo.commit("feat: a");
    expect((await plan(repo)).version).toBe("1.3.0-beta.1");
    repo.git("tag", "v1.3.0-beta.1");
    repo.commit("fix: b");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0-beta.2", kind: "channel", commits: 1 });
    repo.git("switch", "-qc", "alpha");
    repo.commit("feat!: c");
    expect(await plan(repo)).toMatchObject({ version: "2.0.0-alpha.1", previous: "1.2.0" });
  });

  inTurn(
    "a branch called like the pre-releases that there are is one, though nobody declared it",
    async () => {
      await using repo = after();
      repo.git("switch", "-qc", "canary");
      repo.commit("feat: a");
      expect(await plan(repo)).toMatchObject({ kind: "other", version: "1.3.0" });
      repo.git("tag", "v1.3.0-canary.1");
      repo.commit("fix: b");
      expect(await plan(repo)).toMatchObject({ kind: "channel", version: "1.3.0-canary.2" });
    },
  );

  inTurn("one that lacks what is released by now may not go on before it", async () => {
    await using repo = after();
    repo.git("switch", "-qc", "alpha");
    repo.commit("feat: a");
    repo.git("switch", "-q", "main");
    repo.commit("feat: b");
    repo.git("tag", "v1.3.0");
    repo.git("switch", "-q", "alpha");
    const found = await plan(repo);
    expect(found).toMatchObject({ exit: 3, version: "1.3.0-alpha.1" });
    expect(found.problems).toEqual([
      "v1.3.0 is released, and alpha does not have it: 1.3.0-alpha.1 would come before it. " +
        "Merge v1.3.0 back into develop, and from there.",
    ]);
    repo.git("merge", "-q", "--no-edit", "main");
    expect(await plan(repo)).toMatchObject({ exit: 0, version: "1.4.0-alpha.1" });
  });
});

describe("release branches", () => {
  inTurn("count candidates of the version that they are called by, with or without v", async () => {
    await using repo = after("feat: a");
    repo.git("switch", "-qc", "release/v1.3.0");
    expect(await plan(repo)).toMatchObject({ kind: "line", version: "1.3.0-rc.1", exit: 0 });
    repo.git("tag", "v1.3.0-rc.1");
    repo.commit("fix: b");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0-rc.2", previous: "1.3.0-rc.1", commits: 1 });
    repo.git("branch", "-m", "release/1.3.0");
    expect((await plan(repo)).version).toBe("1.3.0-rc.2");
  });

  inTurn("several live at once, and what is cut later comes later", async () => {
    await using repo = after("feat: a");
    repo.git("branch", "release/1.3.0");
    repo.commit("feat: b");
    repo.git("switch", "-qc", "release/1.4.0");
    expect(await plan(repo)).toMatchObject({ version: "1.4.0-rc.1", exit: 0, commits: 1 });
    repo.git("tag", "v1.4.0-rc.1");
    repo.git("switch", "-q", "release/1.3.0");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0-rc.1", exit: 0 });
    repo.git("tag", "v1.3.0-rc.1");
    repo.commit("fix: c");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0-rc.2", exit: 0 });
    repo.git("switch", "-q", "release/1.4.0");
    repo.git("merge", "-q", "--no-edit", "release/1.3.0");
    expect(await plan(repo)).toMatchObject({ version: "1.4.0-rc.2", exit: 0 });
  });

  inTurn("develop goes on after a line that is on its way, and a hotfix does not", async () => {
    await using repo = after();
    repo.git("switch", "-qc", "develop");
    repo.commit("feat: a");
    repo.git("branch", "release/1.3.0");
    expect(await plan(repo)).toMatchObject({ version: "", previous: "1.3.0", kind: "other" });
    repo.commit("fix: b");
    expect(await plan(repo)).toMatchObject({ version: "1.3.1", commits: 1 });
    repo.commit("feat: c");
    expect((await plan(repo)).version).toBe("1.4.0");
    repo.git("switch", "-qc", "alpha");
    expect((await plan(repo)).version).toBe("1.4.0-alpha.1");
    repo.git("switch", "-qc", "hotfix/cart", "v1.2.0");
    repo.commit("fix: d");
    expect((await plan(repo)).version).toBe("1.2.1");
  });

  inTurn("a branch that began apart changes nothing, nor does a tag of a branch's name", async () => {
    await using repo = after("feat: a");
    repo.git("checkout", "-q", "--orphan", "release/9.9.9");
    repo.commit("chore: apart");
    repo.git("checkout", "-qf", "main");
    repo.git("switch", "-qc", "beta");
    repo.git("tag", "beta");
    expect(await plan(repo)).toMatchObject({ kind: "channel", version: "1.3.0-beta.1" });
  });

  inTurn("a branch of an old release that nobody deleted changes nothing", async () => {
    await using repo = after("feat: a");
    repo.git("branch", "release/1.2.0", "v1.2.0");
    repo.git("branch", "release/0.9.0", "HEAD^");
    repo.git("switch", "-qc", "develop");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0", previous: "1.2.0" });
  });

  inTurn("one whose commits ask for another version is refused, with the right name", async () => {
    await using repo = after("fix: a");
    repo.git("switch", "-qc", "release/1.3.0");
    const found = await plan(repo);
    expect(found).toMatchObject({ exit: 3, version: "1.2.1-rc.1" });
    expect(found.problems).toEqual([
      "release/1.3.0 says 1.3.0, and its commits ask for 1.2.1. " +
        "Take back what asks for another version, or cut release/1.2.1.",
    ]);
    repo.commit("feat!: b");
    expect((await plan(repo)).problems[0]).toContain("ask for 2.0.0");
  });

  inTurn("on main the line's own version comes out", async () => {
    await using repo = after("feat: a");
    repo.git("switch", "-qc", "release/1.3.0");
    repo.git("tag", "v1.3.0-rc.1");
    repo.commit("fix: b");
    repo.git("switch", "-q", "main");
    repo.git("merge", "-q", "--no-ff", "-m", "Merge release/1.3.0", "release/1.3.0");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0", exit: 0 });
  });
});

describe("maintenance", () => {
  inTurn("takes what its name says, and refuses what goes beyond", async () => {
    await using repo = after();
    repo.git("switch", "-qc", "1.2.x");
    repo.commit("fix: a");
    repo.git("switch", "-q", "main");
    repo.commit("feat!: b");
    repo.git("tag", "v2.0.0");
    repo.git("switch", "-q", "1.2.x");
    expect(await plan(repo)).toMatchObject({ version: "1.2.1", kind: "maintenance", exit: 0 });
    repo.commit("feat: c");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0", exit: 3 });
    repo.git("branch", "-m", "1.x");
    expect(await plan(repo)).toMatchObject({ version: "1.3.0", exit: 0 });
    repo.git("tag", "v1.3.0", "main");
    expect((await plan(repo)).problems[0]).toMatch(
      /^v1\.3\.0 is there already, on commit [0-9a-f]{7}, which/,
    );
  });
});

describe("checkouts", () => {
  inTurn("an old commit is told to be one, and refused nothing", async () => {
    await using repo = after("feat: a");
    repo.git("tag", "v1.3.0");
    repo.git("switch", "-q", "--detach", "v1.2.0");
    repo.commit("fix: elsewhere");
    repo.git("switch", "-q", "main");
    repo.git("branch", "-f", "old", "v1.2.0");
    repo.git("tag", "-d", "v1.3.0");
    repo.commit("feat: c");
    repo.git("tag", "v1.3.0");
    repo.git("switch", "-q", "--detach", "HEAD^");
    const found = await plan(repo, { branch: "main" });
    expect(found).toMatchObject({ exit: 0, version: "1.3.0" });
    expect(found.warnings[0]).toMatch(/^v1\.3\.0 is there already, on a commit that came after/);
  });

  inTurn("a part of the history is none, and nothing is guessed from it", async () => {
    await using repo = after("feat: a");
    await using shallow = repository();
    shallow.git("fetch", "-q", "--depth=1", `file://${repo.path}`, "main");
    shallow.git("reset", "-q", "--hard", "FETCH_HEAD");
    await expect(plan(shallow)).rejects.toMatchObject({
      code: "source.history",
      hint: expect.stringContaining("fetch-depth: 0"),
    });
  });

  inTurn("without a branch one has to be named", async () => {
    await using repo = after("feat: a");
    repo.git("switch", "-q", "--detach");
    await expect(plan(repo)).rejects.toMatchObject({ code: "input.missing" });
    expect((await plan(repo, { branch: "main" })).version).toBe("1.3.0");
  });

  inTurn("nothing of it is executed, and nothing is written", async () => {
    await using repo = after("feat: a");
    repo.commit("chore: configure", {
      "release.config.cjs":
        "require('fs').writeFileSync('executed', ''); module.exports = { tagFormat: 'x${version}' };",
      "package.json": '{"name": "x", "release": {"branches": ["nowhere"]}}',
    });
    const before = repo.git("for-each-ref");
    expect((await plan(repo)).version).toBe("1.3.0");
    expect(repo.git("status", "--porcelain")).toBe("");
    expect(repo.git("for-each-ref")).toBe(before);
  });

  test.each(
    casesInTurn(
      "variables of a hook",
      [
        ["GIT_DIR", ".git"],
        ["GIT_DIR", "../.git"],
        ["GIT_OBJECT_DIRECTORY", "nowhere"],
        ["GIT_NAMESPACE", "other"],
      ],
      { every: 2 },
    ),
  )("%s=%s of a hook or an alias leads nowhere", async (variable, value) => {
    await using repo = after("feat: a");
    process.env[variable] = value;
    try {
      const { PATH } = process.env;
      const around = { env: { PATH }, folder: repo.path };
      const outcome = await runReleasePlan(
        {
          branch: "main",
          settings: ".github/holdfast.yml",
          offline: true,
          repository: undefined,
          token: undefined,
        },
        {
          ...testPorts(),
          sourceHistory: () => Promise.resolve(gitHistory(around)),
          sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: systemDisk() })),
        },
      );
      expect(told(outcome).version).toBe("1.3.0");
      expect(process.env[variable]).toBe(value);
    } finally {
      Reflect.deleteProperty(process.env, variable);
    }
  });

  inTurn("in a hook's environment it is this repository all the same", async () => {
    await using repo = after("feat: a");
    await using other = repository();
    other.commit("feat!: of another");
    process.env["GIT_DIR"] = `${other.path}/.git`;
    try {
      const around = { env: {}, folder: repo.path };
      const { runReleasePlan: run } = await import("../../../src/governance/release-plan/run.ts");
      const outcome = await run(
        {
          branch: "main",
          settings: ".github/holdfast.yml",
          offline: true,
          repository: undefined,
          token: undefined,
        },
        {
          ...testPorts(),
          sourceHistory: () => Promise.resolve(gitHistory({ ...around, env: { PATH: process.env["PATH"] } })),
          sourceRefs: () =>
            Promise.resolve(gitRefs({ ...around, env: { PATH: process.env["PATH"] }, disk: systemDisk() })),
        },
      );
      expect(told(outcome).version).toBe("1.3.0");
    } finally {
      delete process.env["GIT_DIR"];
    }
  });
});

describe("messages that nobody wrote for people", () => {
  test.each([
    ["a word of 60 kB", `feat: a\n\n${"a-".repeat(30_000)}`],
    ["a line of 60 kB that refers to an issue", `feat: a\n\n${"a/".repeat(30_000)}#12`],
    ["a header of 60 kB", `feat: ${"(a".repeat(30_000)}`],
    ["300 lines of 300 letters", `feat: a\n\n${`${"ab".repeat(150)}\n`.repeat(300)}`],
    ["mentions", `feat: a\n\n${"@".repeat(60_000)}`],
  ])(
    "are read in reasonable time: %s",
    async (_what, message) => {
      await using repo = after(message);
      expect((await plan(repo)).version).toBe("1.3.0");
    },
    20_000,
  );

  test.each([
    ["feat!: drop ==FIELD== marker", "2.0.0"],
    ["feat: a\n\n==END==\n", "1.3.0"],
  ])("marks by which a library takes its log apart are words: %j", async (message, version) => {
    await using repo = after(message, "fix: z");
    const found = await plan(repo);
    expect(found).toMatchObject({ version, commits: 2 });
    expect(found.notes).toContain(message.split("\n")[0]!.replace(/^feat!?: /, ""));
  });

  inTurn("one that is empty, not UTF-8, or has line ends of Windows", async () => {
    await using repo = after("", "fix: a\r\n\r\nBREAKING CHANGE: b\r\n");
    repo.git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "-m", "fix: \u00e9");
    expect((await plan(repo)).version).toBe("2.0.0");
  });
});

describe("GitHub's tags", () => {
  async function withForge(repo: Repository, change: (fake: FakeForge) => void): Promise<Told> {
    const fake = new FakeForge(githubDescription("rules", "pulls"), TOKEN);
    const api = await fake.listen();
    try {
      for (const line of repo
        .git("for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags")
        .split("\n")) {
        const [name, object] = line.split(" ");
        fake.tags.set(name!, object!);
      }
      change(fake);
      const ports = testPorts();
      const forge = githubForge("acme/shop", {
        api,
        token: new Secret(TOKEN),
        version: "0.0.0",
        clock: ports.clock,
        random: ports.random,
        log: ports.log,
        cancelled: new AbortController().signal,
      });
      return await plan(repo, { offline: false }, forge);
    } finally {
      await fake[Symbol.asyncDispose]();
    }
  }

  inTurn("are those that are here: nothing is said", async () => {
    await using repo = after("fix: a");
    expect(await withForge(repo, () => undefined)).toMatchObject({ exit: 0, problems: [], warnings: [] });
  });

  inTurn("one that was never fetched, or was moved, makes the next version a wrong one", async () => {
    await using repo = after("fix: a");
    const missing = await withForge(repo, ({ tags }) => void tags.set("v1.2.1", "1".repeat(40)));
    expect(missing).toMatchObject({ exit: 3 });
    expect(missing.problems).toEqual([
      "this checkout lacks v1.2.1, which acme/shop has. Run `git fetch --tags --force`, and again.",
    ]);
    const moved = await withForge(repo, ({ tags }) => void tags.set("v1.2.0", "1".repeat(40)));
    expect(moved.problems[0]).toContain("v1.2.0 is another commit at acme/shop than here");
  });

  inTurn("tags that move, and those that are no releases, are nobody's trouble", async () => {
    await using repo = after("fix: a");
    const found = await withForge(repo, ({ tags }) => {
      tags.set("v1", "1".repeat(40));
      tags.set("validated", "1".repeat(40));
    });
    expect(found).toMatchObject({ exit: 0, problems: [] });
  });

  inTurn("that are not told are an error, and never none", async () => {
    await using repo = after("fix: a");
    await expect(withForge(repo, (fake) => void (fake.mayReadContents = false))).rejects.toMatchObject({
      code: "forge.untold",
    });
  });

  inTurn("of which nobody could be asked are said not to be known", async () => {
    await using repo = after("fix: a");
    const { HoldfastError } = await import("../../../src/kernel/errors.ts");
    const around = { env: process.env, folder: repo.path };
    const outcome = await runReleasePlan(
      {
        branch: undefined,
        settings: ".github/holdfast.yml",
        offline: false,
        repository: undefined,
        token: undefined,
      },
      {
        ...testPorts(),
        sourceHistory: () => Promise.resolve(gitHistory(around)),
        sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: systemDisk() })),
        openForge: () =>
          Promise.reject(new HoldfastError("input.missing", "no token for GitHub was given", { hint: "" })),
      },
    );
    expect(told(outcome)).toMatchObject({ exit: 0, version: "1.2.1" });
    expect(told(outcome).warnings[0]).toMatch(/^GitHub was not asked/);
  });
});

describe("whatever stands around the checkout", () => {
  const NEXT = { exit: 0, version: "1.3.0", previous: "1.2.0", commits: 2, problems: [], warnings: [] };

  /** Runs with these variables in the environment, which is as it was afterwards. */
  async function within(
    variables: Readonly<Record<string, string>>,
    work: () => Promise<void>,
  ): Promise<void> {
    const before = { ...process.env };
    Object.assign(process.env, variables);
    try {
      await work();
    } finally {
      for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
      Object.assign(process.env, before);
    }
  }

  /** Not by its path, which git takes for leave to link all that is there. */
  function cloned(repo: Repository, ...words: readonly string[]): string {
    repo.git("config", "uploadpack.allowFilter", "true");
    const folder = `${repo.path}/clone`;
    execFileSync("git", ["clone", "-q", "--no-checkout", ...words, `file://${repo.path}`, folder]);
    return folder;
  }

  test.each(
    casesInTurn(
      "settings of git that decide nothing",
      [
        ["who forbids bare repositories", "[safe]\n\tbareRepository = explicit\n"],
        ["who forbids files as remotes", '[protocol "file"]\n\tallow = never\n'],
        [
          "who lets other addresses stand for paths",
          '[url "ssh://git@repository.invalid/"]\n\tinsteadOf = /\n',
        ],
        [
          "who signs everything",
          "[tag]\n\tgpgSign = true\n[commit]\n\tgpgSign = true\n[push]\n\tgpgSign = true\n",
        ],
      ],
      { every: 2 },
    ),
  )("settings of somebody %s decide nothing", async (_, settings) => {
    await using repo = after("fix: a", "feat: b");
    await using folder = scratchFolder("settings");
    const file = join(folder.path, "config");
    writeFileSync(file, settings);
    await within({ GIT_CONFIG_GLOBAL: file }, async () => {
      expect(await plan(repo)).toMatchObject(NEXT);
    });
  });

  inTurn("variables may say where the repository is", async () => {
    await using repo = after("fix: a", "feat: b");
    await using elsewhere = scratchFolder("elsewhere");
    await within({ GIT_DIR: join(repo.path, ".git"), GIT_WORK_TREE: repo.path }, async () => {
      expect(await plan({ ...repo, path: elsewhere.path })).toMatchObject(NEXT);
    });
  });

  inTurn("parents that somebody gave a commit here alone are none", async () => {
    await using repo = after("fix: a", "feat: b");
    writeFileSync(join(repo.path, ".git/info/grafts"), `${repo.git("rev-parse", "HEAD")}\n`);
    expect(await plan(repo)).toMatchObject(NEXT);
  });

  inTurn("a clone without trees and contents is enough", async () => {
    await using repo = after("fix: a", "feat: b");
    const path = cloned(repo, "--filter=tree:0");
    expect(await plan({ ...repo, path })).toMatchObject(NEXT);
  });

  inTurn("objects may be named by SHA-256", async () => {
    await using folder = scratchFolder("sha256");
    const { path } = folder;
    const git = (...words: readonly string[]): string => {
      const who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
      return execFileSync("git", ["-C", path, ...who, ...words], { encoding: "utf8" });
    };
    git("init", "-q", "-b", "main", "--object-format=sha256");
    git("commit", "-q", "--allow-empty", "-m", "feat: begin");
    git("tag", "v1.2.0");
    for (const message of ["fix: a", "feat: b"]) git("commit", "-q", "--allow-empty", "-m", message);
    await using repo = after();
    const found = await plan({ ...repo, path });
    expect(found).toMatchObject(NEXT);
    expect(found.because).toMatch(/^[0-9a-f]{64}$/);
  });

  inTurn("a repository without files is told what it lacks", async () => {
    await using repo = after("feat: a");
    const path = cloned(repo, "--bare");
    const failure = await plan({ ...repo, path }).catch((error: unknown) => error as HoldfastError);
    expect(failure).toMatchObject({ code: "source.history" });
    expect((failure as HoldfastError).hint).toMatch(/^This repository is bare.*git worktree add/);
  });
});

describe("versions that come out of order", () => {
  inTurn("behind a stable one that the branch has lost are told", async () => {
    await using repo = after("feat: a");
    repo.git("switch", "-q", "-c", "lost", "v1.2.0");
    repo.commit("feat!: b");
    repo.git("tag", "v2.0.0");
    repo.git("switch", "-q", "main");
    expect(await plan(repo)).toMatchObject({
      exit: 0,
      version: "1.3.0",
      warnings: [
        expect.stringMatching(/^v2\.0\.0 is released, and main does not have it: 1\.3\.0 comes before/),
      ],
    });
  });

  test.each([
    ["beta", "beta", "v1.3.0-beta1"],
    ["release/1.3.0", "rc", "v1.3.0-rc12"],
  ])("on %s behind one whose number is a part of its word are told", async (branch, identifier, tag) => {
    await using repo = after("feat: a");
    repo.git("tag", tag);
    repo.git("switch", "-q", "-c", branch);
    repo.commit("fix: b");
    const found = await plan(repo);
    expect(found).toMatchObject({ exit: 0, version: `1.3.0-${identifier}.1` });
    expect(found.warnings).toEqual([expect.stringMatching(new RegExp(`^${tag} is higher than 1.3.0-`))]);
  });

  inTurn("counted from a release branch on its way say so, for it may be gone", async () => {
    await using repo = after("feat: a");
    repo.git("update-ref", "refs/remotes/origin/release/1.3.0", "HEAD");
    repo.git("switch", "-q", "-c", "develop");
    repo.commit("feat: b");
    const found = await plan(repo);
    expect(found).toMatchObject({ version: "1.4.0", previous: "1.3.0" });
    expect(found.warnings[0]).toMatch(/^counted from 1\.3\.0, which is no release yet.*git fetch --prune/);
  });

  inTurn("counted from a release that was squashed back say that it is missing, not to come", async () => {
    await using repo = after("feat: a");
    repo.git("branch", "develop");
    repo.git("update-ref", "refs/remotes/origin/release/1.3.0", "HEAD");
    repo.commit("chore: merge");
    repo.git("tag", "v1.3.0");
    repo.git("switch", "-q", "develop");
    repo.commit("chore: squashed back");
    const found = await plan(repo);
    expect(found.warnings).toEqual([
      expect.stringMatching(/^counted from v1\.3\.0, which is released, and which develop does not have/),
    ]);
  });
});

describe("a branch that is named and not checked out", () => {
  inTurn("is planned as the checkout has it, its own before that of origin", async () => {
    await using repo = after("fix: a");
    repo.git("switch", "-q", "-c", "other", "v1.2.0");
    const feature = repo.commit("feat: b");
    repo.git("switch", "-q", "main");
    expect(await plan(repo, { branch: "other" })).toMatchObject({ version: "1.3.0", because: feature });
    expect(await plan(repo, { branch: "main" })).toMatchObject({ version: "1.2.1" });
    repo.git("update-ref", "refs/remotes/origin/far", feature);
    expect(await plan(repo, { branch: "far" })).toMatchObject({ version: "1.3.0" });
    repo.git("branch", "far", "v1.2.0");
    expect(await plan(repo, { branch: "far" })).toMatchObject({ version: "" });
  });

  inTurn("is refused where the checkout lacks it, instead of planning what is checked out", async () => {
    await using repo = after("fix: a");
    await expect(plan(repo, { branch: "other" })).rejects.toMatchObject({
      code: "input.conflict",
      message: "this checkout has no branch other, and is on main",
    });
  });
});
