import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { beginRun, resumeRun, type Ran } from "../../../src/nouns/runbook/execute.ts";
import { Journal } from "../../../src/nouns/runbook/journal.ts";
import { planRunbook, type Plan } from "../../../src/nouns/runbook/plan.ts";
import type { Runbook, Step } from "../../../src/nouns/runbook/runbook.ts";
import type { Notice, Notifications, ToldNotice } from "../../../src/ports/notifications.ts";
import { notifyStep } from "../../../src/rollout/rollback/notify-step.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { VirtualClock } from "../../nouns/runbook/virtual-clock.ts";

const RUN = "20261128T093000Z-4f2a";
const ABOUT = { kind: "rollback", key: RUN } as const;

/** Where people read, which can be down. */
class Board implements Notifications {
  readonly notices: Notice[] = [];
  isDown = false;

  find({ key }: Pick<Notice, "key">): Promise<ToldNotice | undefined> {
    if (this.isDown) return Promise.reject(down());
    const found = this.notices.find((each) => each.key === key);
    return Promise.resolve(found && { address: `https://board.test/${found.key}` });
  }

  async tell(notice: Notice): Promise<string | undefined> {
    const there = await this.find(notice);
    if (there === undefined) this.notices.push(notice);
    return (await this.find(notice))?.address;
  }
}

function down(): HoldfastError {
  return new HoldfastError("forge.unreachable", "the board gave no answer", { hint: "Look." });
}

/** The step behind one that is so already, in runs over one store. */
function trial(board: Board) {
  const [clock, store] = [new VirtualClock(), new MemoryStore()];
  const done: Step = {
    id: "swap",
    title: "swap",
    component: "application",
    isRepeatable: true,
    timeoutMs: 1000,
    retry: { attempts: 1, pauseMs: 0, mayHelp: () => false },
    onFailure: "stop",
    observe: () => Promise.resolve({ kind: "true", what: "it is so" }),
    act: () => Promise.reject(new Error("it is so already")),
  };
  let made = 0;
  const step = notifyStep(ABOUT, board, () => {
    made += 1;
    return Promise.resolve({ title: "Rolled back", body: "in 42 s" });
  });
  const runbook: Runbook = { name: "rollback", target: "production", inputs: {}, stages: [[done], [step]] };
  const around = {
    clock,
    random: { fraction: () => 0.5 },
    cancelled: new AbortController().signal,
    log: { info: () => undefined, stage: () => undefined },
    run: { kind: "cli", id: "test", url: null, commit: null, actor: "tester" } as const,
  };
  const kept = { store, clock, random: { hex: () => "ab", fraction: () => 0.5 }, redact: same, warn: same };
  return {
    plan: (): Promise<Plan> => clock.run(planRunbook(runbook, around)),
    run: (): Promise<Ran> =>
      clock.run(
        (async () => {
          const journal = Journal.begin(RUN, kept);
          return await beginRun(runbook, await planRunbook(runbook, around), { ...around, journal });
        })(),
      ),
    resume: (): Promise<Ran> =>
      clock.run((async () => resumeRun(runbook, { ...around, journal: await Journal.reopen(RUN, kept) }))()),
    made: () => made,
  };
}

function same(text: string): string {
  return text;
}

describe("telling people of a rollback", () => {
  it("is done last, once, with where it is read", async () => {
    const board = new Board();
    const { run, made } = trial(board);
    const { outcome } = await run();
    expect([outcome, made(), board.notices]).toEqual([
      "done",
      1,
      [{ kind: "rollback", key: RUN, title: "Rolled back", body: "in 42 s" }],
    ]);
    const step = notifyStep(ABOUT, board, () => Promise.reject(new Error("it is told")));
    const observing = { signal: new AbortController().signal, actedOn: undefined };
    expect(await step.observe(observing)).toEqual({
      kind: "true",
      what: `it is told at https://board.test/${RUN}`,
    });
  });

  it("is in nobody's way where nobody can be told: the run is incomplete, and gone on with", async () => {
    const board = new Board();
    const { plan, run, resume } = trial(board);
    const { hash } = await plan();
    board.isDown = true;
    expect((await plan()).hash).toBe(hash);
    const { outcome, entries } = await run();
    expect(outcome).toBe("incomplete");
    expect(entries.map(({ event }) => event.kind)).toContain("failed");
    expect(board.notices).toEqual([]);
    board.isDown = false;
    expect((await resume()).outcome).toBe("done");
    expect(board.notices).toHaveLength(1);
  });

  it("is not confirmed by a place that says nothing, and a bug there is none of these", async () => {
    const board = new Board();
    const step = notifyStep(ABOUT, board, () => Promise.resolve({ title: "t", body: "b" }));
    const observing = { signal: new AbortController().signal, actedOn: undefined };
    board.isDown = true;
    await expect(step.confirm!(observing)).rejects.toMatchObject({ code: "forge.unreachable" });
    board.find = () => Promise.reject(new TypeError("a bug"));
    await expect(step.observe(observing)).rejects.toThrow(TypeError);
    board.find = () => Promise.reject(down());
    const stopped = { ...observing, signal: AbortSignal.abort(new Error("told to stop")) };
    await expect(step.observe(stopped)).rejects.toThrow("told to stop");
  });
});
