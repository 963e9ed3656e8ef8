import { describe, expect, it } from "@jest/globals";
import { getOctokit } from "@actions/github";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Forge } from "../../../src/ports/forge.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeForge } from "../../support/github/fake-forge.ts";

const TOKEN = "ghs_0123456789abcdef";
const AT = { owner: "acme", repo: "shop" };
const description = githubDescription("rules", "pulls");

interface Open extends AsyncDisposable {
  readonly fake: FakeForge;
  readonly forge: Forge;
  readonly octokit: ReturnType<typeof getOctokit>;
}

async function open(): Promise<Open> {
  const fake = new FakeForge(description, TOKEN);
  const api = await fake.listen();
  const forge = githubForge("acme/shop", {
    api,
    token: new Secret(TOKEN),
    version: "0.0.0-test",
    clock: { now: () => new Date("2026-11-27T12:00:00Z"), sleep: () => Promise.resolve() },
    random: { fraction: () => 0.5 },
    log: { debug: () => undefined, info: () => undefined },
    cancelled: new AbortController().signal,
  });
  const octokit = getOctokit(TOKEN, { baseUrl: api });
  return { fake, forge, octokit, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

const commitsOf = (count: number): { id: string; message: string; parents: string[] }[] =>
  Array.from({ length: count }, (_, at) => ({
    id: String(at).padStart(40, "0"),
    message: `fix: number ${at}`,
    parents: [String(at - 1).padStart(40, "f")],
  }));

describe("pull requests at GitHub", () => {
  it("are read as octokit reads them, with every commit that GitHub lists", async () => {
    await using at = await open();
    const title = "fix(`cart`): ${{ github.token }} $(id) 🛒";
    at.fake.pull({ number: 7, title, body: null, draft: true, commits: commitsOf(253) });
    const theirs = await at.octokit.rest.pulls.get({ ...AT, pull_number: 7 });
    expect(await at.forge.pulls.pull(7)).toMatchObject({
      kind: "found",
      value: { number: 7, title: theirs.data.title, body: "", isDraft: true, isOpen: true, commits: 253 },
    });
    const commits = await at.forge.pulls.commitsOf(7);
    const listed = await at.octokit.paginate(at.octokit.rest.pulls.listCommits, { ...AT, pull_number: 7 });
    expect(commits).toEqual({
      kind: "found",
      value: listed.map(({ sha, commit, parents }) => ({
        id: sha,
        message: commit.message,
        parents: parents.map((parent) => parent.sha),
      })),
    });
    expect(listed).toHaveLength(250);
    expect(await at.forge.pulls.ofCommit(listed[3]!.sha)).toEqual({ kind: "found", value: [7] });
    expect(await at.forge.pulls.ofCommit("f".repeat(40))).toEqual({ kind: "found", value: [] });
    expect(at.fake.wrong).toEqual([]);
  });

  it("are hidden, with the permission that is missing, from a token that may not read them", async () => {
    await using at = await open();
    at.fake.pull({ number: 7 });
    at.fake.mayReadPulls = false;
    const hidden = {
      kind: "hidden",
      why: "403 Resource not accessible by integration",
      permission: "Pull requests: read",
    };
    expect(await at.forge.pulls.pull(7)).toEqual(hidden);
    expect(await at.forge.pulls.commitsOf(7)).toEqual(hidden);
    expect(await at.forge.pulls.ofCommit("0".repeat(40))).toEqual(hidden);
    at.fake.mayReadPulls = true;
    expect(await at.forge.pulls.pull(8)).toMatchObject({ kind: "hidden", why: "404 Not Found" });
  });

  it("are merged in ways that are undefined where GitHub leaves them out", async () => {
    await using at = await open();
    at.fake.settings = {
      allow_merge_commit: false,
      allow_squash_merge: true,
      allow_rebase_merge: false,
      squash_merge_commit_message: "COMMIT_MESSAGES",
    };
    expect(await at.forge.facts()).toMatchObject({
      value: {
        merges: { merge: false, squash: true, rebase: false, squashTitle: undefined, squashBody: "commits" },
      },
    });
    at.fake.settings = Object.fromEntries(Object.keys(at.fake.settings).map((key) => [key, undefined]));
    expect(await at.forge.facts()).toMatchObject({ kind: "found", value: { merges: undefined } });
    expect(at.fake.wrong).toEqual([]);
  });
});

describe("issues at GitHub", () => {
  it("are opened with a label that is made first, found by it, rewritten, commented and closed", async () => {
    await using at = await open();
    const { issues } = at.forge;
    await issues.ensureLabel({ name: "protection: drift", text: "what differs" });
    await issues.ensureLabel({ name: "protection: drift", text: "what differs" });
    expect(at.fake.labels).toEqual(["protection: drift"]);
    at.fake.issue({ number: 3, isPull: true, labels: ["protection: drift"] });
    at.fake.issue({ number: 4, author: "User", association: "NONE", labels: ["protection: drift"] });
    const made = await issues.open({ title: "drift", body: "one" }, "protection: drift");
    await issues.rewrite(made.number, { title: "drift", body: "two" });
    await issues.comment(made.number, "more");
    const found = await issues.labelled("protection: drift", "open");
    expect(found).toMatchObject({
      kind: "found",
      value: [
        { number: 4, isOurs: false },
        { number: made.number, body: "two", isOurs: true },
      ],
    });
    await issues.close(made.number, "completed");
    const theirs = await at.octokit.rest.issues.listForRepo({ ...AT, state: "all" });
    expect(theirs.data.at(-1)).toMatchObject({ state: "closed", state_reason: "completed", body: "two" });
    expect(at.fake.comments).toEqual([{ issue: made.number, body: "more" }]);
    expect(at.fake.wrong).toEqual([]);
  });

  it("are not opened twice when the answer is lost", async () => {
    await using at = await open();
    at.fake.faults = [{ status: "done-then-cut", on: "POST /repos/acme/shop/issues" }];
    await expect(at.forge.issues.open({ title: "drift", body: "" }, "x")).rejects.toMatchObject({
      code: "forge.unreachable",
    });
    expect(at.fake.issues).toHaveLength(1);
  });

  it("are refused with the permission that is missing", async () => {
    await using at = await open();
    at.fake.mayWriteIssues = false;
    const denied = { code: "forge.denied", hint: expect.stringContaining("`permissions: issues: write`") };
    await expect(at.forge.issues.open({ title: "drift", body: "" }, "x")).rejects.toMatchObject(denied);
    await expect(at.forge.issues.ensureLabel({ name: "x", text: "" })).rejects.toMatchObject(denied);
    at.fake.rights = "none";
    expect(await at.forge.issues.labelled("x", "open")).toMatchObject({
      kind: "hidden",
      permission: "Issues: read",
    });
    at.fake.rights = "admin";
    const message = "Issues are disabled for this repo";
    at.fake.faults = [{ status: 410, message }];
    await expect(at.forge.issues.open({ title: "drift", body: "" }, "x")).rejects.toMatchObject({
      code: "forge.refused",
      hint: expect.stringContaining("Switch issues on"),
    });
  });
});
