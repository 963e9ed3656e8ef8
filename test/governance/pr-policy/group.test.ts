import { describe, expect, it } from "@jest/globals";
import type { MergeGroupEvent, PullRequestEvent } from "../../../src/ports/pull-request-event.ts";
import type { KeptPull } from "../../support/github/fake-forge.ts";
import { BODY, hosted, refusals, TOKEN, type Hosted } from "./support.ts";

const LINES = Array.from({ length: 40 }, (_, at) => `${at}\n`).join("");

const NO_SQUASH = {
  merge: true,
  squash: false,
  rebase: false,
  squashTitle: undefined,
  squashBody: undefined,
};

/** What becomes of a pull request in the queue. */
type Method = "merge" | "squash" | "rebase";

interface Wanted {
  readonly number: number;
  readonly title?: string;
  readonly body?: string;
  readonly messages?: readonly string[];
  /** Its commits are nowhere in the checkout but as the queue made them. */
  readonly isForked?: boolean;
}

/** Opens pull requests, and puts them into the queue one behind the other. */
function queue(at: Hosted, method: Method, wanted: readonly Wanted[]): MergeGroupEvent {
  const { repo, fake } = at;
  const base = repo.commit("chore: begin", { "src/a.ts": LINES });
  let tip = base;
  let ref = "";
  for (const each of wanted) {
    const { number, title = `feat: number ${number}`, messages = [title], isForked = false } = each;
    ref = `gh-readonly-queue/main/pr-${number}-${tip}`;
    const files = (index: number): Record<string, string> => ({ [`src/${number}.ts`]: LINES.slice(index) });
    let commits: KeptPull["commits"] = messages.map((message, index) => ({
      id: `${number}${index}`.padStart(40, "f"),
      message,
      parents: ["f".repeat(40)],
    }));
    if (!isForked) {
      repo.git("checkout", "-q", "--detach", "main");
      commits = commits.map((commit, index) => ({
        ...commit,
        id: repo.commit(commit.message, files(index)),
      }));
    }
    const sha = commits.at(-1)!.id;
    fake.pull({ number, title, body: each.body ?? BODY, sha, commits, branch: `feature/${number}` });
    repo.git("checkout", "-q", "--detach", tip);
    if (method === "merge") {
      const text = `Merge pull request #${number} from acme/feature/${number}\n\n${title}`;
      repo.git("merge", "-q", "--no-ff", "-m", text, sha);
    } else if (method === "squash") repo.commit(`${title} (#${number})`, files(messages.length - 1));
    else repo.git("-c", "user.name=GitHub", "cherry-pick", `main..${sha}`);
    tip = repo.git("rev-parse", "HEAD");
    fake.refs.set(ref, tip);
  }
  repo.git("branch", "queue", tip);
  return { branch: ref, commit: tip, base: { branch: "main", commit: base } };
}

const numbers = ({ outputs }: { readonly outputs: object }): unknown =>
  (outputs as Record<string, unknown>)["pull-requests"];

describe("pr-policy on a merge group", () => {
  it.each<Method>(["merge", "squash", "rebase"])(
    "finds every pull request again where they are put together by %s, and judges each",
    async (method) => {
      await using at = await hosted();
      const group = queue(at, method, [
        { number: 7, messages: ["feat: number 7", "test: number 7 more"] },
        { number: 8, title: "fix: number 8", messages: ["feat!: number 8"] },
        { number: 9, body: BODY.replace("Local storage.", "TBD") },
      ]);
      const outcome = await at.judge({ group });
      expect(numbers(outcome)).toEqual([7, 8, 9]);
      expect(refusals(outcome)).toEqual([
        expect.stringMatching(/^lost-impact: #8: commit [0-9a-f]{7}, "feat!: number 8"/),
        expect.stringMatching(/^sections: #9: /),
      ]);
      expect(outcome.exit).toBe(3);
      expect(outcome.report.headline).toMatch(/^the merge group of #7, #8, #9 is refused: 2 findings/);
      expect(at.fake.wrong).toEqual([]);
    },
  );

  it("takes from GitHub what a squash of a fork has left nowhere in the checkout", async () => {
    await using at = await hosted();
    const group = queue(at, "squash", [
      { number: 7, title: "fix: seven", messages: ["fix: one", "feat: two"], isForked: true },
      { number: 8, isForked: true },
    ]);
    const outcome = await at.judge({ group });
    expect(refusals(outcome)).toEqual([expect.stringMatching(/^lost-impact: #7: .*"feat: two"/)]);
    expect(at.fake.calls).toContain("GET /repos/acme/shop/pulls/7/commits");
  });

  it("gives the verdict that the pull request had, whatever is wrong with it", async () => {
    await using at = await hosted();
    const wanted = { number: 7, title: "Update things", body: "", messages: ["Did it", "feat!: other"] };
    const group = queue(at, "squash", [wanted]);
    at.repo.git("update-ref", "refs/remotes/origin/main", "main");
    const event: PullRequestEvent = {
      number: 7,
      title: wanted.title,
      body: wanted.body,
      head: { branch: "feature/7", commit: at.fake.pulls[0]!.sha },
      base: { branch: "main" },
      author: "ada",
      isDraft: false,
      isRerun: false,
      merges: undefined,
    };
    const [before, queued] = [await at.judge({ pull: event }), await at.judge({ group })];
    expect(refusals(queued).map((each) => each.replace(": #7: ", ": "))).toEqual(refusals(before));
    expect(refusals(before).length).toBeGreaterThan(4);
  });

  const nothing = {
    allow_merge_commit: undefined,
    allow_squash_merge: undefined,
    allow_rebase_merge: undefined,
  };
  const mergesOnly = { allow_merge_commit: true, allow_squash_merge: false, allow_rebase_merge: false };

  it.each([
    ["the repository tells", mergesOnly, {}, 0],
    ["only the base of a pull request tells", nothing, mergesOnly, 0],
    ["only the pull request's event tells", nothing, nothing, 1],
  ])("gives the verdict that the pull request had where %s how it merges", async (_, own, base, count) => {
    await using at = await hosted();
    const wanted = { number: 7, title: "docs: number 7", messages: ["feat: number 7"] };
    const group = queue(at, "merge", [wanted]);
    at.repo.git("update-ref", "refs/remotes/origin/main", group.base.commit);
    Object.assign(at.fake, { settings: own, baseSettings: base });
    const event: PullRequestEvent = {
      number: 7,
      title: wanted.title,
      body: BODY,
      head: { branch: "feature/7", commit: at.fake.pulls[0]!.sha },
      base: { branch: "main" },
      author: "ada",
      isDraft: false,
      isRerun: false,
      merges: { ...NO_SQUASH },
    };
    const [before, queued] = [await at.judge({ pull: event }), await at.judge({ group })];
    expect(refusals(queued).map((each) => each.replace(": #7: ", ": "))).toEqual(refusals(before));
    expect(refusals(before)).toHaveLength(count);
    const told = before.report.notes.filter((note) => note.includes("all ways"));
    expect(told).toHaveLength(count);
    expect(queued.report.notes).toEqual(expect.arrayContaining(told));
    expect(at.fake.wrong).toEqual([]);
  });

  it("takes what stands before it in the queue for its base, and its own commit for its own", async () => {
    await using at = await hosted();
    const all = queue(at, "squash", [{ number: 7, body: "" }, { number: 8 }]);
    const first = at.repo.git("rev-parse", "queue~1");
    const outcome = await at.judge({ group: { ...all, base: { ...all.base, commit: first } } });
    expect([outcome.exit, numbers(outcome)]).toEqual([0, [8]]);
    // The queue's own message is a setting; whose the last one is, the branch says.
    at.repo.git("commit", "-q", "--amend", "-m", "whatever the repository has set");
    const commit = at.repo.git("rev-parse", "HEAD");
    const amended = await at.judge({ group: { ...all, commit, base: { branch: "main", commit: first } } });
    expect([amended.exit, numbers(amended)]).toEqual([0, [8]]);
  });

  it("asks whose a commit is that names nobody, and believes no name that does not fit", async () => {
    await using at = await hosted();
    const group = queue(at, "squash", [{ number: 7, title: "fix: seven" }, { number: 8 }]);
    const [seven] = at.fake.pulls as [KeptPull];
    at.fake.refs.clear();
    expect(numbers(await at.judge({ group }))).toEqual([7, 8]);
    // An issue, a pull request that was merged long ago and one of another base have the number.
    for (const change of [{ state: "closed" }, { base: "develop" }, { title: "fix: another" }] as const) {
      const before = { ...seven };
      Object.assign(seven, change, { commits: [] });
      await expect(at.judge({ group })).rejects.toMatchObject({
        code: "forge.untold",
        message: expect.stringContaining('"fix: seven (#7)" of the merge group belongs to'),
      });
      Object.assign(seven, before);
    }
    at.fake.associated.set(at.repo.git("rev-parse", "queue~1"), [7]);
    expect((await at.judge({ group })).exit).toBe(0);
  });

  it("believes a merge only of the head that the pull request has, whatever the message says", async () => {
    await using at = await hosted();
    const group = queue(at, "merge", [{ number: 7 }, { number: 8 }]);
    at.fake.refs.clear();
    expect(numbers(await at.judge({ group }))).toEqual([7, 8]);
    at.fake.pulls[0]!.sha = "f".repeat(40);
    await expect(at.judge({ group })).rejects.toMatchObject({
      code: "forge.untold",
      message: expect.stringContaining('"Merge pull request #7 from acme/feature/7"'),
    });
  });

  it("has not passed where it could not be asked, and says which permission is missing", async () => {
    await using at = await hosted();
    const group = queue(at, "merge", [{ number: 7 }, { number: 8 }]);
    at.fake.mayReadPulls = false;
    await expect(at.judge({ group })).rejects.toMatchObject({
      code: "forge.untold",
      message:
        "GitHub does not show pull request #8 to this token: 403 Resource not accessible by integration",
      hint: expect.stringContaining("'Pull requests: read'"),
    });
    at.fake.mayReadPulls = true;
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795782600" };
    for (const [fault, code] of [
      [{ status: 503 }, "forge.unreachable"],
      [{ status: 403, headers, message: "API rate limit exceeded" }, "forge.rate-limited"],
      [{ status: 429, message: "You have exceeded a secondary rate limit." }, "forge.rate-limited"],
      [{ status: 200, message: "a proxy's page" }, "forge.unreachable"],
    ] as const) {
      at.fake.faults = [fault];
      await expect(at.judge({ group })).rejects.toMatchObject({ code });
    }
    at.fake.faults = [];
    await expect(at.judge({ group, token: "ghs_gone" })).rejects.toMatchObject({ code: "forge.denied" });
    await expect(at.judge({ group, token: "" })).rejects.toMatchObject({ code: "input.missing" });
  });

  it("tells by their messages whose commits are that were put together by rebase", async () => {
    await using at = await hosted();
    const group = queue(at, "rebase", [
      { number: 7, messages: ["feat: number 7", "test: of it"] },
      { number: 8, messages: ["feat: number 8", "test: of it\n\nand more"] },
    ]);
    expect(numbers(await at.judge({ group }))).toEqual([7, 8]);
    at.fake.refs.clear();
    await expect(at.judge({ group })).rejects.toMatchObject({
      code: "forge.untold",
      message: expect.stringContaining('"test: of it" of the merge group belongs to'),
    });
    for (const back of ["3", "2"]) {
      at.fake.associated.set(at.repo.git("rev-parse", `queue~${back}`), [7]);
    }
    expect(numbers(await at.judge({ group }))).toEqual([7, 8]);
  });

  it("has not passed where the group is none, or GitHub lists fewer commits than there are", async () => {
    await using at = await hosted();
    const group = queue(at, "squash", [
      { number: 7, isForked: true },
      { number: 8, isForked: true },
    ]);
    const untold = { code: "forge.untold" };
    await expect(at.judge({ group: { ...group, branch: "feature/x" } })).rejects.toMatchObject(untold);
    const base = { branch: "main", commit: group.commit };
    await expect(at.judge({ group: { ...group, base } })).rejects.toMatchObject(untold);
    const commit = { id: "", message: "fix: one of many", parents: [] };
    at.fake.pulls[0]!.commits = Array.from({ length: 300 }, (_, n) => ({
      ...commit,
      id: String(n).padStart(40, "0"),
    }));
    await expect(at.judge({ group })).rejects.toMatchObject({
      ...untold,
      message: "GitHub lists 250 of the 300 commits of pull request #7",
      hint: expect.stringContaining("refs/pull/7/head"),
    });
  });

  it("asks nobody of coverage, which is judged for the group as a whole", async () => {
    await using at = await hosted();
    const group = queue(at, "merge", [{ number: 7 }, { number: 8, body: "" }]);
    const ran = LINES.replace(/\b(\d+)\n/g, (_, at: string) => `DA:${Number(at) + 1},1\n`);
    const lcov = (file: string): string => `SF:${file}\n${ran}end_of_record\n`;
    at.repo.write({ ".git/lcov.info": lcov("src/7.ts").replace("DA:40,1\n", "") });
    const report = `${at.repo.path}/.git/lcov.info`;
    const coverage = { judge: "coverage", coverage: [report] } as const;
    const lacking = await at.judge({ group, token: "", inputs: coverage });
    expect(refusals(lacking)).toEqual([expect.stringMatching(/^coverage-unmeasured: src\/8\.ts is changed/)]);
    expect(await at.judge({ group, token: "", inputs: { judge: "coverage" } })).toMatchObject({ exit: 3 });
    expect(at.fake.calls).toEqual([]);
    const inputs = { judge: "all-but-coverage" } as const;
    expect(refusals(await at.judge({ group, inputs }))[0]).toMatch(/^sections: #8/);
    await expect(
      at.judge({ group, inputs: { ...inputs, coverage: [report] }, token: TOKEN }),
    ).rejects.toMatchObject({ code: "input.conflict" });
  });
});
