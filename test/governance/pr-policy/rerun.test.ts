import { describe, expect, it } from "@jest/globals";
import type { MergeMethods } from "../../../src/ports/merges.ts";
import type { PullRequestEvent } from "../../../src/ports/pull-request-event.ts";
import { BODY, hosted, refusals, type Hosted } from "./support.ts";

const ANY: MergeMethods = {
  merge: true,
  squash: true,
  rebase: true,
  squashTitle: "pr-title",
  squashBody: "other",
};

/** What GitHub says of it; nothing where nobody is told. */
const settingsOf = (merges: MergeMethods | undefined): Record<string, boolean | undefined> => ({
  allow_merge_commit: merges?.merge,
  allow_squash_merge: merges?.squash,
  allow_rebase_merge: merges?.rebase,
});

/** A pull request whose title hides a feature, as the event has it. */
async function opened(title = "fix: number 7"): Promise<Hosted & { readonly event: PullRequestEvent }> {
  const at = await hosted();
  at.repo.commit("chore: begin", { "src/a.ts": "1\n" });
  at.repo.git("update-ref", "refs/remotes/origin/main", "main");
  at.repo.git("checkout", "-qb", "feature/7");
  const sha = at.repo.commit("feat: number 7", { "src/b.ts": "1\n" });
  at.fake.pull({ number: 7, title, body: BODY, sha });
  const event = {
    number: 7,
    title,
    body: BODY,
    head: { branch: "feature/7", commit: sha },
    base: { branch: "main" },
    author: "ada",
    isDraft: false,
    isRerun: false,
    merges: ANY,
  };
  return { ...at, event };
}

describe("pr-policy of a run that was started again", () => {
  it("judges title and description as they are now: who passed once does not pass for ever", async () => {
    await using at = await opened("feat: number 7");
    expect((await at.judge({ pull: at.event })).exit).toBe(0);
    Object.assign(at.fake.pulls[0]!, { title: "Number 7", body: null });
    // The first run asks nobody, and needs no right to.
    expect((await at.judge({ pull: at.event })).exit).toBe(0);
    expect(at.fake.calls.filter((call) => call.includes("/pulls"))).toEqual([]);
    const again = await at.judge({ pull: { ...at.event, isRerun: true } });
    expect(again.exit).toBe(3);
    expect(refusals(again)).toContainEqual(expect.stringMatching(/^title: /));
    expect(refusals(again)).toContainEqual(expect.stringMatching(/^sections: /));
    expect(again.report.headline).toContain('"Number 7" is refused');
    expect(again.report.notes).toContainEqual(expect.stringContaining("are as of now"));
    expect(at.fake.wrong).toEqual([]);
  });

  it("says which text was judged without a token, and has not passed if it is not shown", async () => {
    await using at = await opened("feat: number 7");
    const pull = { ...at.event, isRerun: true };
    const old = await at.judge({ pull, token: "" });
    expect(old.report.notes).toContainEqual(expect.stringContaining("as they were when it first began"));
    at.fake.mayReadPulls = false;
    await expect(at.judge({ pull })).rejects.toMatchObject({
      code: "forge.untold",
      hint: expect.stringContaining("'Pull requests: read'"),
    });
  });

  it("holds it against the base that it has by now, and says when it has other commits", async () => {
    await using at = await opened("feat: number 7");
    at.repo.git("checkout", "-q", "main");
    const rule = "policy: { branches: { allowed: [{ head: 'hotfix/*', bases: [develop] }] } }\n";
    at.repo.commit("chore: develop", { ".github/holdfast.yml": rule });
    at.repo.git("update-ref", "refs/remotes/origin/develop", "main");
    Object.assign(at.fake.pulls[0]!, { base: "develop", sha: "f".repeat(40) });
    const again = await at.judge({ pull: { ...at.event, isRerun: true } });
    expect(refusals(again)).toEqual([expect.stringMatching(/^branch-base: .*"feature\/7"/)]);
    expect(again.report.notes).toContainEqual(expect.stringContaining("has other commits by now"));
  });
});

describe("the message that a merge will write", () => {
  const rule = (type: string, parameters: Record<string, unknown>): object => ({ type, parameters });
  const squashOnly = { allowed_merge_methods: ["squash"] };
  const mergeOnly = { allowed_merge_methods: ["merge"] };

  it.each([
    ["the repository allows a squash", ANY, [], true],
    ["the repository allows none", { ...ANY, squash: false }, [], false],
    ["a rule on the branch wants merges alone", ANY, [rule("pull_request", mergeOnly)], false],
    ["a rule on the branch wants a squash", undefined, [rule("pull_request", squashOnly)], true],
    ["the queue merges", ANY, [rule("merge_queue", { merge_method: "MERGE" })], false],
    ["the queue squashes", ANY, [rule("merge_queue", { merge_method: "SQUASH" })], true],
    ["nobody says", undefined, [], true],
  ])("is asked for: %s", async (_, merges, rules, isRefused) => {
    await using at = await opened();
    const fills: Record<string, unknown> = {
      dismiss_stale_reviews_on_push: false,
      require_code_owner_review: false,
      require_last_push_approval: false,
      required_approving_review_count: 0,
      required_review_thread_resolution: false,
    };
    const queueFills = {
      check_response_timeout_minutes: 60,
      grouping_strategy: "ALLGREEN",
      max_entries_to_build: 5,
      max_entries_to_merge: 5,
      min_entries_to_merge: 1,
      min_entries_to_merge_wait_minutes: 5,
    };
    at.fake.settings = settingsOf(merges);
    at.fake.add({
      name: "main",
      conditions: { ref_name: { include: ["refs/heads/main"], exclude: [] } },
      rules: (rules as { type: string; parameters: object }[]).map(({ type, parameters }) => ({
        type,
        parameters: { ...(type === "merge_queue" ? queueFills : fills), ...parameters },
      })),
    });
    const outcome = await at.judge({ pull: at.event });
    expect(refusals(outcome).map((each) => each.split(":")[0])).toEqual(isRefused ? ["lost-impact"] : []);
    expect(at.fake.wrong).toEqual([]);
  });

  it.each([
    ["PR_TITLE", 0, 0],
    ["COMMIT_OR_PR_TITLE", 1, 0],
    [undefined, 0, 1],
  ])("has the header that GitHub's setting %s says", async (setting, count, notes) => {
    await using at = await opened("feat!: number 7");
    at.fake.settings = { ...settingsOf(ANY), squash_merge_commit_title: setting };
    const outcome = await at.judge({ pull: { ...at.event, merges: undefined } });
    expect(refusals(outcome)).toHaveLength(count);
    const told = outcome.report.notes.filter((note) => note.includes("policy.merge.squash-title says"));
    expect(told).toHaveLength(notes);
    // What the settings say counts before.
    at.repo.git("checkout", "-q", "main");
    at.repo.commit("chore: say", {
      ".github/holdfast.yml": "policy: { merge: { methods: [squash], squash-title: pr-title } }\n",
    });
    at.repo.git("update-ref", "refs/remotes/origin/main", "main");
    expect(refusals(await at.judge({ pull: at.event }))).toEqual([]);
    expect(at.fake.wrong).toEqual([]);
  });

  it("is taken for a squash's where it cannot be seen, with a word on what would show it", async () => {
    await using at = await opened();
    at.fake.rights = "none";
    const outcome = await at.judge({ pull: { ...at.event, merges: undefined } });
    expect(refusals(outcome)).toEqual([expect.stringMatching(/^lost-impact: /)]);
    expect(outcome.report.notes).toContainEqual(
      expect.stringMatching(/does not show this token all ways .* \(404 Not Found; Metadata: read\)/),
    );
  });

  it("is that of both where the settings contradict themselves, which is told", async () => {
    await using at = await opened();
    at.repo.git("checkout", "-q", "main");
    const text =
      "policy: { merge: { methods: [merge] } }\n" +
      "protection: { branches: [{ merge-methods: [squash] }] }\n";
    at.repo.commit("chore: say", { ".github/holdfast.yml": text });
    at.repo.git("update-ref", "refs/remotes/origin/main", "main");
    const outcome = await at.judge({ pull: at.event });
    expect(refusals(outcome)).toEqual([expect.stringMatching(/^lost-impact: /)]);
    expect(outcome.report.notes).toContainEqual(
      expect.stringMatching(/^policy\.merge\.methods leaves out squash, which protection allows: both count/),
    );
  });

  it("is not asked for where the settings say it, nor without a token", async () => {
    await using at = await opened();
    expect(refusals(await at.judge({ pull: at.event, token: "" }))).toHaveLength(1);
    at.repo.git("checkout", "-q", "main");
    at.repo.commit("chore: say", { ".github/holdfast.yml": "policy: { merge: { methods: [merge] } }\n" });
    at.repo.git("update-ref", "refs/remotes/origin/main", "main");
    expect((await at.judge({ pull: at.event })).exit).toBe(0);
    expect(at.fake.calls).toEqual([]);
  });
});
