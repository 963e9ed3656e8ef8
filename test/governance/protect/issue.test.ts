import { describe, expect, it } from "@jest/globals";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { digestOf, type Digest } from "../../../src/governance/protect/digest.ts";
import { MARK } from "../../../src/governance/protect/issue-text.ts";
import { runProtectIssue } from "../../../src/governance/protect/issue.ts";
import type { Item } from "../../../src/governance/protect/item.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeForge, type KeptIssue } from "../../support/github/fake-forge.ts";
import { testPorts } from "../../support/test-ports.ts";

const TOKEN = "ghs_0123456789abcdef";
const LABEL = "protection-drift";
const RUN = "https://github.com/acme/shop/actions/runs/99/attempts/1";
const description = githubDescription("rules", "pulls");

const EQUAL: Digest = { verdict: "equal", drift: [], unseen: [], errors: [], more: 0 };
const DRIFT: Digest = {
  ...EQUAL,
  verdict: "drift",
  drift: [{ subject: "branch main", about: "deletion", message: "it may be deleted" }],
};
const UNSEEN: Digest = {
  ...EQUAL,
  verdict: "cannot-see",
  unseen: [
    {
      subject: "ruleset 'main'",
      about: "bypass actors",
      message: "the answer leaves it out for this token",
      permission: "Administration: write",
    },
  ],
};

interface Audited extends AsyncDisposable {
  readonly fake: FakeForge;
  tell(audit: Digest | string | undefined): Promise<Outcome>;
  /** Number, state and what begins the title. */
  issues(): string[];
}

async function audited(): Promise<Audited> {
  const fake = new FakeForge(description, TOKEN);
  fake.rights = "write";
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
  const ports = testPorts({ forge });
  return {
    fake,
    tell: (audit) =>
      runProtectIssue(
        {
          audit: typeof audit === "object" ? JSON.stringify(audit) : audit,
          label: LABEL,
          repository: undefined,
          token: undefined,
        },
        { ...ports, run: { ...ports.run, url: RUN } },
      ),
    issues: () => fake.issues.map(({ number, state, reason }) => `${number} ${state} ${reason ?? ""}`.trim()),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

describe("the issue of a protection audit", () => {
  it("is opened by the first finding, kept by the same, told of another, and closed by none", async () => {
    await using at = await audited();
    expect(await at.tell(EQUAL)).toMatchObject({ exit: 0, outputs: { did: "nothing", issue: null } });
    expect(at.fake.labels).toEqual([]);
    expect(await at.tell(DRIFT)).toMatchObject({
      outputs: { did: "opened", issue: 1, url: "https://github.com/acme/shop/issues/1" },
    });
    expect(at.fake.labels).toEqual([LABEL]);
    const [issue] = at.fake.issues as [KeptIssue];
    expect(issue.labels).toEqual([LABEL]);
    expect(issue.title).toBe("Protection of branches and tags is not as declared");
    expect(issue.body).toContain("| branch main | deletion | it may be deleted |");
    expect(issue.body).toContain(`[The run](${RUN})`);

    expect(await at.tell(DRIFT)).toMatchObject({ outputs: { did: "updated", issue: 1 } });
    expect(at.fake.comments).toEqual([]);
    const more = { ...DRIFT, drift: [...DRIFT.drift, { subject: "tag v*", about: "update", message: "x" }] };
    await at.tell(more);
    expect(at.fake.comments).toEqual([
      { issue: 1, body: expect.stringContaining("2 differ from the declaration") },
    ]);
    expect(issue.body).toContain("| tag v&#42; |");

    expect(await at.tell(EQUAL)).toMatchObject({ outputs: { did: "closed", issue: 1 } });
    expect(at.issues()).toEqual(["1 closed completed"]);
    expect(at.fake.comments[1]!.body).toContain("All is as declared again");
    expect(await at.tell(DRIFT)).toMatchObject({ outputs: { did: "opened", issue: 2 } });
    expect(at.fake.wrong).toEqual([]);
  });

  it("tells what cannot be seen, with the permission that is missing, and stays open", async () => {
    await using at = await audited();
    await at.tell(DRIFT);
    expect(await at.tell(UNSEEN)).toMatchObject({ outputs: { did: "updated" } });
    const [issue] = at.fake.issues as [KeptIssue];
    expect(issue.state).toBe("open");
    expect(issue.title).toBe("Protection of branches and tags cannot be seen whole");
    expect(issue.body).toContain("The token lacks **Administration: write**.");
    expect(at.fake.comments).toHaveLength(1);
  });

  it("tells of an audit without an answer, closes nothing, and opens one where none is", async () => {
    await using at = await audited();
    await at.tell(undefined);
    expect(at.fake.issues[0]!.body).toContain("ended without an answer");
    await at.tell(undefined);
    expect([at.issues(), at.fake.comments]).toEqual([["1 open"], []]);
    await expect(at.tell('{"verdict":"equal"}')).rejects.toMatchObject({ code: "input.malformed" });
    await expect(at.tell("<html>")).rejects.toMatchObject({ code: "input.malformed" });
    expect(at.issues()).toEqual(["1 open"]);
    const contradicts = { ...EQUAL, errors: [{ rule: "no-way-to-merge", message: "no method is left" }] };
    await at.tell(contradicts);
    expect([at.issues(), at.fake.issues[0]!.body]).toEqual([
      ["1 open"],
      expect.stringContaining("to&#45;merge | no method is left |"),
    ]);
  });

  it("is one, also where two runs open it in the same moment", async () => {
    await using at = await audited();
    let waiting = 0;
    let both: () => void = () => undefined;
    const met = new Promise<void>((resolve) => (both = resolve));
    at.fake.beforeWrite = async (call) => {
      if (call !== "POST /repos/acme/shop/issues") return;
      waiting += 1;
      if (waiting === 2) both();
      await met;
    };
    const outcomes = await Promise.all([at.tell(DRIFT), at.tell(DRIFT)]);
    const did = outcomes.map(({ outputs }) => `${String(outputs["did"])} ${Number(outputs["issue"])}`);
    expect(did.toSorted()).toEqual(["opened 1", "updated 1"]);
    expect(at.issues()).toEqual(["1 open", "2 closed not_planned"]);
    expect(at.fake.comments).toEqual([{ issue: 2, body: "#1 says the same; that one is kept." }]);
  });

  it("closes twins that an earlier run left, keeps the oldest, and adopts nobody else's", async () => {
    await using at = await audited();
    const labels = [LABEL];
    at.fake.issue({ number: 3, labels, body: `${MARK}\nmine`, author: "User", association: "NONE" });
    at.fake.issue({ number: 4, labels, body: "no mark of ours" });
    at.fake.issue({ number: 5, labels, body: `${MARK}\nold` });
    at.fake.issue({ number: 6, labels, body: `${MARK}\nold`, author: "User", association: "MEMBER" });
    at.fake.issue({ number: 7, labels, body: MARK, isPull: true });
    for (let n = 8; n < 140; n += 1) at.fake.issue({ number: n, labels, body: "another tool's" });
    expect(await at.tell(DRIFT)).toMatchObject({ outputs: { did: "updated", issue: 5 } });
    expect(at.issues().filter((each) => each.includes("closed"))).toEqual(["6 closed not_planned"]);
    expect(at.fake.issues[0]!.body).toBe(`${MARK}\nmine`);
  });

  it("shows hostile names as text, and is never longer than an issue may be", async () => {
    await using at = await audited();
    const hostile =
      "@acme/all <img src=x> [x](https://evil.example) | `${{ secrets.X }}` ![](x) --> #1 \u202e";
    const items = Array.from({ length: 500 }, () => ({
      subject: hostile,
      about: "<".repeat(300),
      message: "@".repeat(1000),
      verdict: "drift",
    })) as unknown as Item[];
    const digest = digestOf({ items, findings: [] });
    expect(Buffer.byteLength(JSON.stringify(digest))).toBeLessThan(100_000);
    await at.tell(digest);
    // Names of three bytes a letter: fewer of them are told, and counted.
    const wide = items.map((item) => ({ ...item, about: "表".repeat(300), message: "表".repeat(300) }));
    const both = [...wide, ...wide.map((item) => ({ ...item, verdict: "cannot-see" as const }))];
    const less = digestOf({ items: both, findings: [] });
    expect(Buffer.byteLength(JSON.stringify(less))).toBeLessThan(100_000);
    expect(less.drift.length + less.unseen.length + less.more).toBe(1000);
    const { body } = at.fake.issues[0]!;
    expect(body.length).toBeLessThan(65_536);
    expect(body).toContain("40 differ from the declaration (and 460 more)");
    await at.tell({ ...DRIFT, drift: [{ subject: hostile, about: hostile, message: hostile }] });
    const text = at.fake.issues[0]!.body.replaceAll(/<!-- (?:[\w -]+ )?-->/g, "").replace(
      `[The run](${RUN})`,
      "",
    );
    expect(text).not.toMatch(/[@<>#](?![\d]+;)|\]\(|!\[|\u202e/);
    expect(text).not.toContain("https://evil");
  });

  it("is not touched by a token that may not, and says what is missing", async () => {
    await using at = await audited();
    at.fake.mayWriteIssues = false;
    const hint = expect.stringContaining("`permissions: issues: write`");
    await expect(at.tell(DRIFT)).rejects.toMatchObject({ code: "forge.denied", hint });
    at.fake.rights = "none";
    await expect(at.tell(EQUAL)).rejects.toMatchObject({ code: "forge.untold", hint });
    at.fake.rights = "write";
    at.fake.mayWriteIssues = true;
    at.fake.faults = [{ status: "done-then-cut", on: "POST /repos/acme/shop/issues", times: 1 }];
    await expect(at.tell(DRIFT)).rejects.toMatchObject({ code: "forge.unreachable" });
    // The next run finds what was made after all.
    expect(await at.tell(DRIFT)).toMatchObject({ outputs: { did: "updated", issue: 1 } });
    expect(at.issues()).toEqual(["1 open"]);
  });
});
