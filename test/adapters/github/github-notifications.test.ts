import { describe, expect, it } from "@jest/globals";
import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { GithubNotifications } from "../../../src/adapters/github/github-notifications.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { Notice, Notifications } from "../../../src/ports/notifications.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeForge } from "../../support/github/fake-forge.ts";

const TOKEN = "ghs_0123456789abcdef";
const description = githubDescription("rules", "pulls");
const NOTICE: Notice = {
  kind: "rollback",
  key: "20261128T093000Z-4f2a1b",
  title: "Rolled back to v1.2.0",
  body: "**done** in 42 s",
};

interface Noticed extends AsyncDisposable {
  readonly fake: FakeForge;
  readonly notifications: Notifications;
}

async function noticed(): Promise<Noticed> {
  const fake = new FakeForge(description, TOKEN);
  fake.rights = "write";
  const forge = githubForge("acme/shop", {
    api: await fake.listen(),
    token: new Secret(TOKEN),
    version: "0.0.0-test",
    clock: { now: () => new Date("2026-11-28T12:00:00Z"), sleep: () => Promise.resolve() },
    random: { fraction: () => 0.5 },
    log: { debug: () => undefined, info: () => undefined },
    cancelled: new AbortController().signal,
  });
  return {
    fake,
    notifications: new GithubNotifications(forge.issues),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}

describe("notices as issues at GitHub", () => {
  it("are one for each key, also where somebody has closed it or its answer was lost", async () => {
    await using at = await noticed();
    const { fake, notifications } = at;
    expect(await notifications.find(NOTICE)).toBeUndefined();
    const address = "https://github.com/acme/shop/issues/1";
    expect(await notifications.tell(NOTICE)).toBe(address);
    expect(fake.labels).toEqual(["rollback"]);
    expect(fake.issues).toMatchObject([{ title: NOTICE.title, labels: ["rollback"], state: "open" }]);
    expect(fake.issues[0]!.body).toMatch(/^<!-- holdfast rollback [0-9a-f]{32} -->\n\n\*\*done\*\* in 42 s$/);
    expect(await notifications.find(NOTICE)).toEqual({ address });
    expect(await notifications.tell({ ...NOTICE, title: "Another text" })).toBe(address);
    fake.issues[0]!.state = "closed";
    expect(await notifications.tell(NOTICE)).toBe(address);
    expect(fake.issues).toHaveLength(1);
    expect(fake.issues[0]!.title).toBe(NOTICE.title);

    const other = { ...NOTICE, key: "20261129T093000Z-4f2a1b" };
    fake.faults = [{ status: "done-then-cut", on: "POST /repos/acme/shop/issues", times: 1 }];
    await expect(notifications.tell(other)).rejects.toMatchObject({ code: "forge.unreachable" });
    expect(await notifications.tell(other)).toBe("https://github.com/acme/shop/issues/2");
    expect(fake.issues).toHaveLength(2);
    expect(fake.wrong).toEqual([]);
  });

  it("are not taken from whoever else writes the mark", async () => {
    await using at = await noticed();
    await at.notifications.tell(NOTICE);
    const { body } = at.fake.issues[0]!;
    at.fake.issues = [];
    at.fake.issue({ number: 3, labels: ["rollback"], body, author: "User", association: "NONE" });
    expect(await at.notifications.find(NOTICE)).toBeUndefined();
    expect(await at.notifications.tell(NOTICE)).toBe("https://github.com/acme/shop/issues/4");
  });

  it("are one in the end, also where two tell the same in the same moment", async () => {
    await using at = await noticed();
    let waiting = 0;
    let both: () => void = () => undefined;
    const met = new Promise<void>((resolve) => (both = resolve));
    at.fake.beforeWrite = async (call) => {
      if (call !== "POST /repos/acme/shop/issues") return;
      waiting += 1;
      if (waiting === 2) both();
      await met;
    };
    const { notifications } = at;
    const told = await Promise.all([notifications.tell(NOTICE), notifications.tell(NOTICE)]);
    expect(new Set(told)).toEqual(new Set(["https://github.com/acme/shop/issues/1"]));
    expect(at.fake.issues.map(({ state, reason }) => [state, reason])).toEqual([
      ["open", null],
      ["closed", "not_planned"],
    ]);
  });

  it("are never taken for absent where issues are not shown, and say what is missing", async () => {
    await using at = await noticed();
    at.fake.rights = "none";
    at.fake.faults = [{ status: 403, message: "Resource not accessible by integration" }];
    const hint = expect.stringContaining("`permissions: issues: write`");
    await expect(at.notifications.find(NOTICE)).rejects.toMatchObject({ code: "forge.untold", hint });
    await expect(at.notifications.tell(NOTICE)).rejects.toMatchObject({ code: "forge.untold", hint });
    at.fake.rights = "write";
    at.fake.faults = [];
    at.fake.mayWriteIssues = false;
    await expect(at.notifications.tell(NOTICE)).rejects.toMatchObject({ code: "forge.denied", hint });
    expect(at.fake.issues).toEqual([]);
  });

  it("are never longer than an issue may be, and never cut within a character", async () => {
    await using at = await noticed();
    await at.notifications.tell({ ...NOTICE, title: "🦊".repeat(300), body: "🦊".repeat(60_000) });
    const [{ title, body } = { title: "", body: "" }] = at.fake.issues;
    expect(title.length).toBeLessThanOrEqual(256);
    expect(body.length).toBeLessThan(65_536);
    expect(body).toMatch(/cut here/);
    expect([title.isWellFormed(), body.isWellFormed()]).toEqual([true, true]);
  });
});
