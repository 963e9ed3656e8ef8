import { describe, expect, it } from "@jest/globals";
import { getOctokit } from "@actions/github";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Forge, RulesetBody } from "../../../src/ports/forge.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeRules, type Fault } from "../../support/github/fake-rules.ts";

const TOKEN = "ghs_0123456789abcdef";
const NOW = new Date("2026-11-27T12:00:00Z");
const description = githubDescription("rules");

const BODY: RulesetBody = {
  name: "holdfast: main",
  target: "branch",
  enforcement: "active",
  bypass_actors: [{ actor_type: "Team", actor_id: 7, bypass_mode: "pull_request" }],
  conditions: { ref_name: { include: ["refs/heads/main"], exclude: [] } },
  rules: [{ type: "deletion" }],
};

interface Open extends AsyncDisposable {
  readonly fake: FakeRules;
  readonly forge: Forge;
  readonly url: string;
  /** Milliseconds that were waited, in order. */
  readonly waits: number[];
  readonly said: string[];
}

async function open(
  set: (fake: FakeRules) => void = () => undefined,
  given: { readonly token?: string; readonly cancelled?: AbortSignal } = {},
): Promise<Open> {
  const fake = new FakeRules(description, TOKEN);
  set(fake);
  const url = await fake.listen();
  const waits: number[] = [];
  const said: string[] = [];
  let now = NOW.getTime();
  const forge = githubForge("acme/shop", {
    api: url,
    token: new Secret(given.token ?? TOKEN),
    version: "0.0.0-test",
    clock: {
      now: () => new Date(now),
      sleep: async (ms) => {
        waits.push(ms);
        now += ms;
      },
    },
    random: { fraction: () => 0.5 },
    log: { debug: (text) => void said.push(text), info: (text) => void said.push(text) },
    cancelled: given.cancelled ?? new AbortController().signal,
  });
  return { fake, forge, url, waits, said, [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose]() };
}

const faults =
  (...all: Fault[]) =>
  (fake: FakeRules): void =>
    void (fake.faults = all);

describe("rules at GitHub", () => {
  it("are written and read back as GitHub's description has them", async () => {
    await using at = await open();
    const id = await at.forge.createRuleset(BODY);
    expect(await at.forge.ruleset(id)).toEqual({
      kind: "found",
      value: {
        id,
        name: BODY.name,
        target: "branch",
        enforcement: "active",
        source: "acme/shop",
        own: true,
        bypassActors: BODY.bypass_actors,
        refs: BODY.conditions.ref_name,
        rules: BODY.rules,
      },
    });
    await at.forge.updateRuleset(id, { ...BODY, enforcement: "disabled" });
    expect(at.fake.rulesets[0]?.enforcement).toBe("disabled");
    expect(at.fake.wrong).toEqual([]);
  });

  it("are read as octokit reads them", async () => {
    await using at = await open((fake) => {
      fake.add({ name: "one", rules: [{ type: "deletion" }] });
      fake.add({ name: "org", source: "acme", source_type: "Organization" });
    });
    const octokit = getOctokit(TOKEN, { baseUrl: at.url });
    const theirs = await octokit.rest.repos.getRepoRulesets({ owner: "acme", repo: "shop" });
    const mine = await at.forge.rulesets();
    expect(mine).toMatchObject({
      kind: "found",
      value: theirs.data.map(({ id, name, source_type: type }) => ({ id, name, own: type === "Repository" })),
    });
    expect(at.fake.wrong).toEqual([]);
  });

  it("are listed whole, over as many pages as there are", async () => {
    await using at = await open((fake) => {
      for (let n = 0; n < 230; n += 1) fake.add({ name: `ruleset ${n}` });
    });
    const heads = await at.forge.rulesets();
    expect(heads.kind === "found" && heads.value.length).toBe(230);
    expect(at.fake.calls).toHaveLength(3);
  });

  it("say which branch they hold, also where its name has a slash and signs of its own", async () => {
    await using at = await open((fake) => {
      fake.add({
        name: "release",
        conditions: { ref_name: { include: ["refs/heads/release/*"], exclude: [] } },
        rules: [{ type: "non_fast_forward" }],
      });
    });
    expect(await at.forge.effectiveRules("release/1.0#;$(id)")).toMatchObject({
      kind: "found",
      value: [{ type: "non_fast_forward", source: "acme/shop" }],
    });
    expect(at.fake.wrong).toEqual([]);
  });

  it("are not empty where the answer leaves bypass actors out", async () => {
    await using at = await open((fake) => {
      fake.add({ name: "one", bypass_actors: [{ actor_type: "DeployKey" }] });
      fake.rights = "write";
    });
    const answer = await at.forge.ruleset(101);
    expect(answer).toMatchObject({ kind: "found", value: { rules: [], bypassActors: undefined } });
  });

  it("are hidden and not absent where GitHub says 'Not Found' or 'Forbidden'", async () => {
    await using at = await open((fake) => (fake.rights = "write"));
    expect(await at.forge.classic("main")).toEqual({
      kind: "hidden",
      why: "403 Resource not accessible by integration",
      permission: "Administration: read",
    });
    at.fake.rights = "none";
    const hidden = { kind: "hidden", why: "404 Not Found" };
    expect(await at.forge.classic("main")).toMatchObject(hidden);
    expect(await at.forge.rulesets()).toMatchObject(hidden);
    expect(await at.forge.ruleset(1)).toMatchObject(hidden);
    expect(await at.forge.facts()).toMatchObject(hidden);
    expect(await at.forge.effectiveRules("main")).toMatchObject(hidden);
  });

  it("are absent only in the words that GitHub has for who may see them", async () => {
    await using at = await open();
    expect(await at.forge.classic("main")).toEqual({ kind: "absent" });
    expect(await at.forge.classic("nowhere")).toEqual({ kind: "absent" });
  });

  it("name the plan where it is the plan that is missing", async () => {
    const message = "Upgrade to GitHub Pro or make this repository public to enable this feature.";
    await using at = await open(faults({ status: 403, message }));
    expect(await at.forge.rulesets()).toMatchObject({
      kind: "hidden",
      permission: expect.stringContaining("plan"),
    });
  });
});

describe("GitHub's bad days", () => {
  it("are asked through again, and a write that overwrites too", async () => {
    await using at = await open(faults({ status: 502, times: 1 }, { status: "cut", after: 1, times: 1 }));
    const kept = at.fake.add({ name: BODY.name });
    await at.forge.updateRuleset(kept.id, BODY);
    expect(kept.rules).toEqual(BODY.rules);
    expect(at.waits).toEqual([750, 1500]);
  });

  it("end after five tries, with an error that tells neither the token nor a guess", async () => {
    await using at = await open(faults({ status: 503 }));
    await expect(at.forge.rulesets()).rejects.toMatchObject({
      code: "forge.unreachable",
      message: expect.stringContaining("HTTP 503"),
    });
    expect(at.fake.calls).toHaveLength(5);
  });

  it("do not make a ruleset twice when the answer to its making is lost", async () => {
    await using at = await open(faults({ status: "done-then-cut", on: "POST" }));
    await expect(at.forge.createRuleset(BODY)).rejects.toMatchObject({
      code: "forge.unreachable",
      hint: expect.stringContaining("Whether it was done is not known"),
    });
    expect(at.fake.rulesets).toHaveLength(1);
    expect(at.fake.calls).toHaveLength(1);
  });

  it("do not pass for an answer when one breaks off in the middle", async () => {
    await using at = await open(faults({ status: "half", times: 1 }));
    expect(await at.forge.rulesets()).toEqual({ kind: "found", value: [] });
    expect(at.waits).toEqual([750]);
  });

  it("do not pass for an answer when a proxy's page comes in its place", async () => {
    await using at = await open(faults({ status: 200, message: "welcome to this network" }));
    await expect(at.forge.rulesets()).rejects.toMatchObject({ code: "forge.unreachable" });
  });

  it("wait for the primary limit until GitHub's own time", async () => {
    const headers = {
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(NOW.getTime() / 1000 + 90),
    };
    await using at = await open(
      faults({ status: 403, times: 1, headers, message: "API rate limit exceeded" }),
    );
    expect(await at.forge.rulesets()).toMatchObject({ kind: "found" });
    expect(at.waits).toEqual([91_000]);
    expect(at.said).toContainEqual(expect.stringContaining("GitHub asks to wait"));
  });

  it("wait for the secondary limit as long as asked, and a minute where nothing is said", async () => {
    const message = "You have exceeded a secondary rate limit.";
    await using at = await open(
      faults(
        { status: 403, times: 1, message, headers: { "retry-after": "5" } },
        { status: 429, times: 1, message, after: 1 },
      ),
    );
    // A ruleset is made after a limit too: what was refused for it was not done.
    expect(await at.forge.createRuleset(BODY)).toBe(101);
    expect(at.waits).toEqual([6_000, 120_000]);
  });

  it("do not wait longer than ten minutes in all, and say until when", async () => {
    const headers = {
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(NOW.getTime() / 1000 + 3000),
    };
    await using at = await open(faults({ status: 403, headers }));
    await expect(at.forge.rulesets()).rejects.toMatchObject({
      code: "forge.rate-limited",
      message: expect.stringContaining("2026-11-27T12:50:01.000Z"),
    });
    expect(at.waits).toEqual([]);
  });

  it("do not turn into a wait without an end when every answer asks for a second", async () => {
    await using at = await open(faults({ status: 429, headers: { "retry-after": "1" } }));
    await expect(at.forge.rulesets()).rejects.toMatchObject({ code: "forge.rate-limited" });
    expect(at.waits).toHaveLength(8);
  });

  it("are told of a token that is not taken, without the token", async () => {
    await using at = await open(undefined, { token: "ghs_expired" });
    const failure = await at.forge.rulesets().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "forge.denied" });
    expect(JSON.stringify([failure, String(failure), at.said])).not.toContain("ghs_expired");
  });

  it("tell a write that is refused for rights from one that is refused for what it says", async () => {
    await using at = await open((fake) => (fake.rights = "write"));
    await expect(at.forge.createRuleset(BODY)).rejects.toMatchObject({
      code: "forge.denied",
      hint: expect.stringContaining("Administration: write"),
    });
    at.fake.rights = "admin";
    at.fake.owner = "User";
    await expect(at.forge.createRuleset(BODY)).rejects.toMatchObject({
      code: "forge.refused",
      message: expect.stringContaining("must be part of the ruleset source"),
    });
  });

  it("are left at once when the run is cancelled", async () => {
    const stop = new AbortController();
    await using at = await open(undefined, { cancelled: stop.signal });
    stop.abort(new Error("stopped"));
    await expect(at.forge.rulesets()).rejects.toThrow("stopped");
    expect(at.fake.calls).toEqual([]);
  });
});
