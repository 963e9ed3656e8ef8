import { describe, expect, it } from "@jest/globals";
import { beginRun, resumeRun, type Ran } from "../../../src/nouns/runbook/execute.ts";
import { Journal, readJournal, type JournalSurroundings } from "../../../src/nouns/runbook/journal.ts";
import { planRunbook } from "../../../src/nouns/runbook/plan.ts";
import type { Doing } from "../../../src/nouns/runbook/looking.ts";
import { rounds } from "../../support/sampling.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { chance, Killed, Process, World, type Making } from "./world.ts";

const RUN = "20261128T093000Z-4f2a";
const WHO = { kind: "cli", id: "host:1", url: null, commit: null, actor: "ada" } as const;

function makings(random: () => number, mayFail: boolean): Making[] {
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const stages = 1 + Math.floor(random() * 4);
  return Array.from({ length: stages }, (_, stage) =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, (__, n): Making => ({
      id: `step-${stage}-${n}`,
      stage,
      isRepeatable: random() < 0.6,
      onFailure: mayFail ? pick("stop", "undo", "escalate", "continue") : "stop",
      undo: pick("yes", "yes", "no", "not-needed"),
      attempts: pick(1, 2, 3),
      takesMs: pick(0, 200, 5000, 30_000),
      hiddenMs: pick(0, 0, 700),
      isTrueBefore: random() < 0.2,
      neverWorks: mayFail && random() < 0.15,
    })),
  ).flat();
}

interface Trial {
  readonly world: World;
  readonly ran: Ran;
  readonly kills: number;
}

/** Carries a random runbook out, by as many processes as it takes. */
async function trial(
  seed: number,
  { mayFail, kills, faults }: { readonly mayFail: boolean; readonly kills: number; readonly faults: number },
): Promise<Trial> {
  const random = chance(seed);
  const clock = new VirtualClock();
  const world = new World(makings(random, mayFail), clock, { left: faults, often: 0.25, random });
  let ran: Ran | undefined;
  let killed = 0;
  for (
    let processes = 1;
    ran === undefined || (faults > 0 && ran.outcome === "stopped" && !mayFail);
    processes += 1
  ) {
    if (processes > 60) throw new Error("it comes to no end");
    const process = new Process(world.store, random, killed < kills ? 0.04 : 0);
    try {
      ran = await clock.run(process.orKilled(one(world, process, clock, random)));
    } catch (error) {
      const isFault = (error as { code?: string }).code?.startsWith("forge.") === true;
      if (!(error instanceof Killed) && !isFault) throw error;
      killed += 1;
    }
  }
  return { world, ran, kills: killed };
}

async function one(world: World, process: Process, clock: VirtualClock, random: () => number): Promise<Ran> {
  const runbook = world.runbook(process);
  const store = process.store();
  const around: JournalSurroundings = {
    store,
    clock,
    random: { fraction: random },
    redact: (text) => text,
    warn: () => undefined,
  };
  const isBegun = world.store.blobs.size > 0;
  const journal = isBegun ? await Journal.reopen(RUN, around) : Journal.begin(RUN, around);
  const doing: Doing = {
    journal,
    clock,
    random: { fraction: random },
    log: { stage: () => undefined, info: () => undefined },
    cancelled: new AbortController().signal,
  };
  if (isBegun) return await resumeRun(runbook, { ...doing, run: WHO });
  return await beginRun(runbook, await planRunbook(runbook, doing), { ...doing, run: WHO });
}

/** What must hold however it went. */
async function expectLaws(seed: number, { world, ran }: Trial): Promise<void> {
  const told = { seed, outcome: ran.outcome };
  expect({ ...told, broken: world.broken }).toEqual({ ...told, broken: [] });
  // The journal in the store is whole, and says the same.
  expect(await readJournal(RUN, world.store)).toEqual(ran.entries);
  for (const { id, isRepeatable, undo } of world.makings) {
    const { effects, takenBack } = world.at(id);
    const { state } = ran.standing.steps.get(id)!;
    if (!isRepeatable) {
      expect({ ...told, id, twice: effects - takenBack > 1 }).toEqual({ ...told, id, twice: false });
    }
    if (state === "confirmed" || state === "found") {
      expect({ ...told, id, state, isTrue: world.isTrue(id) }).toEqual({ ...told, id, state, isTrue: true });
    }
    if (state === "undone") {
      expect({ ...told, id, isTrue: world.isTrue(id) }).toEqual({
        ...told,
        id,
        isTrue: undo !== "yes" && effects > 0,
      });
    }
  }
  // Nothing counts as done that was acted upon and not looked at since.
  for (const id of ran.standing.steps.keys()) {
    const kinds = ran.entries
      .filter(({ event }) => "step" in event && event.step === id)
      .map(({ event }) => event.kind);
    if (ran.outcome === "done") expect(["found", "confirmed"]).toContain(kinds.at(-1));
    if (kinds.includes("acting") && ran.outcome === "done") expect(kinds.at(-1)).toBe("confirmed");
  }
  // What is being taken back never goes forward again, whoever goes on with it.
  const undoing = ran.entries.findIndex(({ event }) => event.kind === "undoing");
  if (undoing >= 0) {
    const later = ran.entries.slice(undoing).map(({ event }) => event.kind);
    expect({ ...told, later: later.filter((kind) => kind === "acting") }).toEqual({ ...told, later: [] });
  }
  if (ran.outcome === "done") expect(world.makings.every(({ id }) => world.isTrue(id))).toBe(true);
}

describe("random runbooks", () => {
  const count = rounds("random runbooks of each sort", 60, 3000);
  const seeds = Array.from({ length: count }, (_, at) => at + 1);

  it("are done where nothing goes wrong", async () => {
    for (const seed of seeds) {
      const tried = await trial(seed, { mayFail: false, kills: 0, faults: 0 });
      expect({ seed, outcome: tried.ran.outcome }).toEqual({ seed, outcome: "done" });
      await expectLaws(seed, tried);
    }
  });

  it("are done in the end when processes are killed anywhere", async () => {
    let killed = 0;
    for (const seed of seeds) {
      const tried = await trial(seed, { mayFail: false, kills: 6, faults: 0 });
      expect({ seed, outcome: tried.ran.outcome }).toEqual({ seed, outcome: "done" });
      await expectLaws(seed, tried);
      killed += tried.kills;
    }
    expect(killed).toBeGreaterThan(count);
  });

  it("are done in the end when answers are lost, or never come, and processes are killed", async () => {
    for (const seed of seeds) {
      const tried = await trial(seed, { mayFail: false, kills: 6, faults: 6 });
      expect({ seed, outcome: tried.ran.outcome }).toEqual({ seed, outcome: "done" });
      await expectLaws(seed, tried);
    }
  });

  it("end as their failing steps say, and leave what they say", async () => {
    const outcomes = new Set<string>();
    for (const seed of seeds) {
      const tried = await trial(seed, { mayFail: true, kills: 4, faults: 3 });
      outcomes.add(tried.ran.outcome);
      await expectLaws(seed, tried);
    }
    expect([...outcomes].sort()).toEqual(["done", "escalated", "incomplete", "stopped", "undone"]);
  });
});
