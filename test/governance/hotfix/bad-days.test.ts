import { afterEach, describe, expect, test } from "@jest/globals";
import { flowWorld, type FlowWorld } from "../../support/github/flow-world.ts";
import { repository } from "../../support/repository.ts";
import { inTurns, sampled } from "../../support/sampling.ts";
import { begun, finish, start } from "./support.ts";
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

/** What is there of a hotfix, whoever made which part of it; whose number is whose hangs on who was first. */
function whole({ fake }: FlowWorld): object {
  return {
    branches: fake.git(["for-each-ref", "--format=%(refname)", "refs/heads/"]).out.split("\n"),
    pulls: fake.pulls.map(({ number, branch, base, state, title, body }) => {
      const named = [...body!.matchAll(/^(main|develop): #(\d+)$/gm)].map(([, twin, twinNumber]) => {
        const other = fake.pulls.find((each) => each.number === Number(twinNumber))!;
        return other.base === twin && other.number !== number;
      });
      return { branch, base, state, title, named };
    }),
  };
}

describe("killed", () => {
  test("before or after any call of the start, the next run has its branch", async () => {
    const first = await world();
    await start(first);
    const wanted = whole(first);
    const places = first.fake.calls.map((_, n) => n);
    const ways = ["cut", "done-then-cut"] as const;
    for (const { place: n, way: status } of inTurns(
      "hotfix start killed",
      sampled("calls at which a hotfix start is killed", places, { every: 3 }),
      ways,
    )) {
      const made = await world();
      made.fake.faults = [
        { after: n, times: 1, status },
        { after: n + 1, status: "cut" },
      ];
      await expect(start(made)).rejects.toThrow(/gave no answer/);
      made.fake.faults = [];
      expect((await start(made)).exit).toBe(0);
      expect({ n, status, ...whole(made) }).toEqual({ n, status, ...wanted });
    }
    expect(places.length).toBeGreaterThan(4);
  }, 120_000);

  test("before or after any call of the finish, the next run makes it whole, and nothing twice", async () => {
    const first = await world("feat: carts");
    await begun(first, "fix: keep carts");
    const before = first.fake.calls.length;
    await finish(first);
    const wanted = whole(first);
    const calls = first.fake.calls.slice(before);
    const places = calls.map((call, n) => ({ n, isWrite: !call.startsWith("GET ") }));
    const kind = ({ isWrite, n }: (typeof places)[number]): string => (isWrite ? String(n) : "reading");
    const chosen = sampled("calls at which a hotfix finish is killed", places, {
      every: 24,
      kind,
      share: { way: 0, ways: 2 },
    });
    const ways = ["cut", "done-then-cut"] as const;
    for (const { place, way: status } of inTurns("ways in which a hotfix finish is killed", chosen, ways)) {
      const { n } = place;
      const made = await world("feat: carts");
      await begun(made, "fix: keep carts");
      made.fake.faults = [
        { after: n, times: 1, status },
        { after: n + 1, status: "cut" },
      ];
      await expect(finish(made)).rejects.toThrow(/gave no answer/);
      made.fake.faults = [];
      expect((await finish(made)).exit).toBe(0);
      expect({ n, status, ...whole(made) }).toEqual({ n, status, ...wanted });
      const writes = made.fake.written.length;
      expect(await finish(made)).toMatchObject({ exit: 0, changed: false });
      expect(made.fake.written).toHaveLength(writes);
    }
    expect(places.filter(({ isWrite }) => isWrite)).toHaveLength(3);
  }, 900_000);
});

/** Lets a second writer in before the first one's write is done. */
function together({ fake }: FlowWorld): void {
  let waiting: (() => void)[] = [];
  fake.beforeWrite = () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length < 2) setTimeout(resolve, 300);
      else {
        for (const each of waiting) each();
        waiting = [];
      }
    });
}

const inTurn = testInTurn("bad days of a hotfix", 2);

describe("at the same time", () => {
  inTurn("two runs end with one branch, and with two pull requests", async () => {
    const made = await world("feat: carts");
    together(made);
    const starts = await Promise.all([start(made), start(made)]);
    expect(starts.map(({ exit }) => exit)).toEqual([0, 0]);
    await begun(made, "fix: keep carts");
    const finishes = await Promise.all([finish(made), finish(made)]);
    expect(finishes.map(({ exit }) => exit)).toEqual([0, 0]);
    expect(made.fake.pulls.map(({ base }) => base)).toEqual(["develop", "main"]);
    for (const { body } of made.fake.pulls) expect(body!.match(/^(?:main|develop): #\d$/gm)).toHaveLength(1);
  });

  inTurn("develop moves, and the hotfix is what it was", async () => {
    const made = await world("feat: carts");
    await begun(made, "fix: keep carts");
    made.fake.beforeWrite = () => {
      made.fake.beforeWrite = () => Promise.resolve();
      made.work.git("switch", "-q", "develop");
      made.commit("feat: later");
      return Promise.resolve();
    };
    expect(await finish(made)).toMatchObject({ exit: 0, version: "1.2.1" });
    expect(made.fake.pulls).toHaveLength(2);
  });

  inTurn("who wrote into a description keeps what is written", async () => {
    const made = await world();
    await begun(made, "fix: keep carts");
    made.fake.pull({
      number: 7,
      branch: "hotfix/lost-carts",
      base: "develop",
      title: "fix: keep",
      body: "By hand.",
    });
    expect((await finish(made)).states).toEqual({
      "into develop": "waits",
      "into main": "waits",
      twins: "done",
    });
    expect(made.fake.pulls[0]!.body).toBe("By hand.\n\n## Twin\n\nmain: #8\n");
  });
});

describe("GitHub", () => {
  inTurn("that is down is an error, and nothing is half done", async () => {
    const made = await world();
    await begun(made, "fix: keep carts");
    made.fake.faults = [{ status: 503 }];
    await expect(start(made, { name: "other" })).rejects.toMatchObject({ code: "forge.unreachable" });
    await expect(finish(made)).rejects.toMatchObject({ code: "forge.unreachable" });
    expect(made.fake.pulls).toEqual([]);
  });

  inTurn("whose token may not write, or may not read, says which right is missing", async () => {
    const made = await world();
    await begun(made, "fix: keep carts");
    made.fake.mayOpenPulls = false;
    await expect(finish(made)).rejects.toMatchObject({
      code: "forge.denied",
      hint: expect.stringContaining("Pull requests: write") as unknown,
    });
    made.fake.mayWriteContents = false;
    await expect(start(made, { name: "other" })).rejects.toMatchObject({
      code: "forge.denied",
      hint: expect.stringContaining("contents: write") as unknown,
    });
    made.fake.mayReadContents = false;
    await expect(start(made, { name: "other" })).rejects.toMatchObject({ code: "forge.untold" });
    await expect(finish(made)).rejects.toMatchObject({ code: "forge.untold" });
  });

  inTurn("that has a rule against such branches says so", async () => {
    const made = await world();
    made.fake.ruled = (ref) => ref.startsWith("refs/heads/hotfix/");
    await expect(start(made)).rejects.toMatchObject({
      code: "forge.refused",
      hint: expect.stringContaining("rule of the repository") as unknown,
    });
  });
});

describe("the checkout", () => {
  inTurn("that has tags which GitHub has not, and lacks one that it has, counts by GitHub's", async () => {
    const made = await world();
    made.work.git("tag", "v1.9.0");
    made.work.git("tag", "-d", "v1.2.0");
    expect(await start(made)).toMatchObject({ exit: 0, version: "1.2.1" });
    made.work.git("fetch", "-q", "origin", "hotfix/lost-carts:hotfix/lost-carts", "--no-tags");
    made.work.git("switch", "-q", "hotfix/lost-carts");
    made.commit("fix: keep carts");
    expect(await finish(made)).toMatchObject({ exit: 0, version: "1.2.1" });
  });

  inTurn("of a part of the history is enough to begin, and not to finish", async () => {
    const made = await world();
    await begun(made, "fix: keep carts");
    await using shallow = repository();
    const origin = made.work.git("remote", "get-url", "origin");
    shallow.git("fetch", "-q", "--depth=1", `file://${origin}`, "hotfix/lost-carts");
    shallow.git("switch", "-qc", "hotfix/lost-carts", "FETCH_HEAD");
    const ports = made.ports();
    const { gitHistory } = await import("../../../src/adapters/source-tree/history.ts");
    const { gitRefs } = await import("../../../src/adapters/source-tree/refs.ts");
    const around = { env: process.env, folder: shallow.path };
    const there = {
      ...made,
      ports: () => ({
        ...ports,
        sourceHistory: () => Promise.resolve(gitHistory(around)),
        sourceRefs: () => Promise.resolve(gitRefs({ ...around, disk: ports.disk })),
      }),
    };
    expect(await start(there, { name: "other" })).toMatchObject({ exit: 0, version: "1.2.1" });
    await expect(finish(there)).rejects.toMatchObject({
      code: "source.history",
      hint: expect.stringContaining("fetch-depth: 0") as unknown,
    });
  });
});
