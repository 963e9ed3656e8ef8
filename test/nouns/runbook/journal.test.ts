import { describe, expect, it } from "@jest/globals";
import { Journal, readJournal } from "../../../src/nouns/runbook/journal.ts";
import type { JournalEvent } from "../../../src/nouns/runbook/journal-entry.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What is written is read again, however much an outside has answered. */

const RUN = "20261128T093000Z-4f2a";

function opened(steps: number): JournalEvent {
  return {
    kind: "opened",
    runbook: "trial",
    target: "production",
    inputs: {},
    definition: "0".repeat(64),
    plan: "0".repeat(64),
    steps: Array.from({ length: steps }, (_, at) => ({
      id: `upload.${"function".repeat(10)}-${at}`,
      title: `upload ${"function".repeat(10)}-${at}`,
      component: "functions",
      stage: 0,
    })),
    run: { kind: "cli", id: "test", url: null, commit: null, actor: "tester" },
  };
}

class Bench {
  readonly store = new MemoryStore();
  readonly warned: string[] = [];
  readonly journal = Journal.begin(RUN, {
    store: this.store,
    clock: new VirtualClock(),
    random: { fraction: () => 0.5 },
    redact: (text) => text,
    warn: (text) => void this.warned.push(text),
  });
}

describe("a journal's entry", () => {
  it("holds a plan of thousands of steps", async () => {
    const { journal, store } = new Bench();
    await journal.write(opened(10_000));
    expect(await readJournal(RUN, store)).toHaveLength(1);
  });

  it("that nobody could read again is not begun with", async () => {
    const { journal, store } = new Bench();
    await expect(journal.write(opened(20_000))).rejects.toMatchObject({ code: "input.malformed" });
    expect([...store.blobs.keys()]).toEqual([]);
  });

  it("cuts a page that an outside answered with, and can be gone on from", async () => {
    const { journal, store, warned } = new Bench();
    await journal.write(opened(1));
    await journal.write({ kind: "act-failed", step: "one", attempt: 1, message: "x".repeat(9_000_000) });
    const entries = await readJournal(RUN, store);
    expect([entries.length, warned]).toEqual([2, []]);
    expect(entries[1]!.event).toMatchObject({ message: expect.stringMatching(/^x{65536}…$/) });
  });

  it("that grows beyond reading on the way is told, and nothing is written behind it", async () => {
    const { journal, store, warned } = new Bench();
    await journal.write(opened(1));
    const evidence = Array.from({ length: 100 }, () => "y".repeat(60_000));
    await journal.write({ kind: "acting", step: "one", attempt: 1, what: "act", evidence });
    await journal.write({ kind: "acted", step: "one", attempt: 1 });
    expect(await readJournal(RUN, store)).toHaveLength(1);
    expect(warned).toEqual([expect.stringContaining("cannot be written from entry 2 on: an entry of the")]);
  });
});
