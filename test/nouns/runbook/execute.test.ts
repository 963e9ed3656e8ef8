import { describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { Redactor } from "../../../src/kernel/redact.ts";
import { once } from "../../../src/kernel/streams.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { beginRun, resumeRun, type Executing, type Ran } from "../../../src/nouns/runbook/execute.ts";
import { Journal, readJournal } from "../../../src/nouns/runbook/journal.ts";
import { hindrances, planRunbook, requireApproved } from "../../../src/nouns/runbook/plan.ts";
import { runPlanned, type RunPorts } from "../../../src/nouns/runbook/run-planned.ts";
import type { Observed, Runbook, Step } from "../../../src/nouns/runbook/runbook.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { VirtualClock } from "./virtual-clock.ts";

const RUN = "20261128T093000Z-4f2a";

/** A switch somewhere, with a step that turns it on and can turn it off again. */
class Switch {
  isOn = false;
  acts = 0;
  readonly step: Step;

  constructor(id: string, given: Partial<Step> = {}) {
    const seen = (isWanted: boolean): Observed =>
      isWanted ? { kind: "true", what: `${id} is so` } : { kind: "missing", what: `make ${id} so` };
    this.step = {
      id,
      title: `make ${id} so`,
      component: "application",
      isRepeatable: true,
      timeoutMs: 60_000,
      retry: { attempts: 1, pauseMs: 1000, mayHelp: () => true },
      onFailure: "stop",
      observe: () => Promise.resolve(seen(this.isOn)),
      act: () => {
        this.acts += 1;
        this.isOn = true;
        return Promise.resolve();
      },
      undo: {
        title: `take ${id} back`,
        observe: () => Promise.resolve(seen(!this.isOn)),
        act: () => {
          this.isOn = false;
          return Promise.resolve();
        },
      },
      ...given,
    };
  }
}

function runbook(...stages: readonly (readonly Switch[])[]): Runbook {
  return {
    name: "trial",
    target: "production",
    inputs: { version: "v1.2.3" },
    stages: stages.map((each) => each.map(({ step }) => step)),
  };
}

/** One process after the other, over one store and one clock. */
class Bench {
  readonly clock = new VirtualClock();
  readonly said: string[] = [];
  readonly redactor = new Redactor();
  store: BlobStore & { readonly blobs: MemoryStore["blobs"] } = new MemoryStore();
  stop = new AbortController();

  around(): Parameters<typeof Journal.begin>[1] {
    return {
      store: this.store,
      clock: this.clock,
      random: { fraction: () => 0.5 },
      redact: (text) => this.redactor.redact(text),
      warn: (text) => this.said.push(text),
    };
  }

  doing(journal: Journal): Executing {
    return {
      journal,
      clock: this.clock,
      random: { fraction: () => 0.5 },
      log: { stage: (text) => this.said.push(text), info: (text) => this.said.push(text) },
      cancelled: this.stop.signal,
      run: { kind: "cli", id: "host:1", url: null, commit: null, actor: "ada" },
    };
  }

  begin(book: Runbook): Promise<Ran> {
    const doing = this.doing(Journal.begin(RUN, this.around()));
    return this.clock.run(planRunbook(book, doing).then((plan) => beginRun(book, plan, doing)));
  }

  resume(book: Runbook): Promise<Ran> {
    return this.clock.run(
      Journal.reopen(RUN, this.around()).then((journal) => resumeRun(book, this.doing(journal))),
    );
  }
}

const refused = (text = "no"): Promise<never> => Promise.reject(new HoldfastError("forge.refused", text));
const kinds = ({ entries }: Pick<Ran, "entries">): string[] => entries.map(({ event }) => event.kind);

describe("a run", () => {
  it("does what is missing, leaves alone what is true, and writes down both", async () => {
    const bench = new Bench();
    const [one, two] = [new Switch("one"), new Switch("two")];
    one.isOn = true;
    const ran = await bench.begin(runbook([one], [two]));
    expect([ran.outcome, one.acts, two.acts]).toEqual(["done", 0, 1]);
    expect(kinds(ran)).toEqual(["opened", "found", "acting", "acted", "confirmed", "ended"]);
    expect(await readJournal(RUN, bench.store)).toEqual(ran.entries);
  });

  it("that is over is told again and not done again", async () => {
    const bench = new Bench();
    const one = new Switch("one");
    await bench.begin(runbook([one]));
    one.isOn = false;
    const again = await bench.resume(runbook([one]));
    expect([again.outcome, one.acts]).toEqual(["done", 1]);
  });

  it("goes on after a stop, from the step that failed", async () => {
    const bench = new Bench();
    const [one, two] = [new Switch("one"), new Switch("two", { act: () => refused() })];
    expect((await bench.begin(runbook([one], [two]))).outcome).toBe("stopped");
    const mended = new Switch("two");
    expect((await bench.resume(runbook([one], [mended]))).outcome).toBe("done");
    expect([one.acts, mended.acts]).toEqual([1, 1]);
  });

  it("does not go on with other inputs or other steps than it was begun with", async () => {
    const bench = new Bench();
    const two = new Switch("two", { act: () => refused() });
    await bench.begin(runbook([new Switch("one")], [two]));
    await expect(
      bench.resume({ ...runbook([new Switch("one")], [two]), inputs: { version: "v2.0.0" } }),
    ).rejects.toThrow(/was trial of production, with other inputs .*: version \(was "v1\.2\.3"\)$/);
    await expect(bench.resume(runbook([new Switch("one")]))).rejects.toThrow(/: its step two is none now$/);
    await expect(
      bench.resume(runbook([new Switch("one")], [new Switch("two"), new Switch("three")])),
    ).rejects.toThrow(/: it had no step three$/);
    await expect(bench.resume(runbook([new Switch("two")], [new Switch("one")]))).rejects.toThrow(
      /: its step one had another place, its step two had another place$/,
    );
    await expect(bench.resume({ ...runbook([new Switch("one")], [two]), target: "staging" })).rejects.toThrow(
      /: it was of production, and not of staging$/,
    );
    await expect(
      bench.resume(runbook([new Switch("one")], [new Switch("two", { onFailure: "undo" })])),
    ).rejects.toThrow(/: other rules for its steps$/);
  });

  it("that is taken back goes on being taken back, also where the cause has gone", async () => {
    const bench = new Bench();
    const one = new Switch("one", {
      undo: { title: "take one back", observe: () => refused("asleep"), act: () => refused() },
    });
    const two = new Switch("two", { act: () => refused(), onFailure: "undo" });
    const first = await bench.begin(runbook([one], [two]));
    expect([first.outcome, one.isOn]).toEqual(["escalated", true]);
    const [awake, mended] = [new Switch("one"), new Switch("two", { onFailure: "undo" })];
    awake.isOn = true;
    const second = await bench.resume(runbook([awake], [mended]));
    expect([second.outcome, awake.isOn, mended.acts]).toEqual(["undone", false, 0]);
  });

  it("that cannot take all of it back says that people are needed", async () => {
    const { undo: _, ...rest } = new Switch("one").step;
    const one = new Switch("one");
    const two = new Switch("two", { act: () => refused(), onFailure: "undo" });
    const book = { ...runbook([one], [two]), stages: [[{ ...rest }], [two.step]] };
    expect((await new Bench().begin(book)).outcome).toBe("escalated");
  });

  it("tries again only what may help, and says what the last try came to", async () => {
    const bench = new Bench();
    let acts = 0;
    const busy = new Switch("one", {
      retry: { attempts: 3, pauseMs: 1000, mayHelp: (error) => (error as Error).message === "busy" },
      act: () => {
        acts += 1;
        return refused(acts < 2 ? "busy" : "never");
      },
    });
    const ran = await bench.begin(runbook([busy]));
    expect([ran.outcome, acts, ran.standing.steps.get("one")?.what]).toEqual(["stopped", 2, "never"]);
  });

  it.each([
    ["is silent", { act: () => new Promise<never>(() => undefined) }],
    ["is never asked", { observe: () => new Promise<never>(() => undefined) }],
    ["moves for ever", { observe: () => Promise.resolve({ kind: "moving", what: "it swaps" } as const) }],
  ])("ends in its time where something %s", async (_, given) => {
    const bench = new Bench();
    const book = runbook([new Switch("one", given)]);
    const doing = bench.doing(Journal.begin(RUN, bench.around()));
    const plan = await bench.clock.run(planRunbook(runbook([new Switch("one")]), doing));
    const ran = await bench.clock.run(beginRun(book, plan, doing));
    expect([ran.outcome, ran.standing.steps.get("one")?.what]).toEqual([
      "stopped",
      expect.stringMatching(/^one \(make one so\) is not so within 60 s: |asleep/),
    ]);
    expect(bench.clock.elapsed()).toBeLessThan(140_000);
  });

  it("that is told to stop ends at once, and says so in its journal", async () => {
    const bench = new Bench();
    const one = new Switch("one", {
      act: () => {
        bench.stop.abort(new HoldfastError("run.cancelled", "stopped by Ctrl-C"));
        return new Promise<never>(() => undefined);
      },
    });
    await expect(bench.begin(runbook([one]))).rejects.toThrow("stopped by Ctrl-C");
    expect(kinds({ entries: await readJournal(RUN, bench.store) })).toEqual([
      "opened",
      "acting",
      "cancelled",
    ]);
    bench.stop = new AbortController();
    expect((await bench.resume(runbook([new Switch("one")]))).outcome).toBe("done");
  });

  it("that is told to stop says where it stands, and how it is gone on with", async () => {
    const bench = new Bench();
    const [one, three] = [new Switch("one"), new Switch("three")];
    const two = new Switch("two", {
      act: () => {
        bench.stop.abort(new HoldfastError("run.cancelled", "the run was cancelled by SIGTERM"));
        // A connection that breaks of it is no news.
        return Promise.reject(new HoldfastError("forge.unreachable", "reset"));
      },
    });
    const carry = (book: Runbook, resume?: string): Promise<unknown> => {
      const ports = bench.doing(Journal.begin(RUN, bench.around()));
      return bench.clock.run(
        runPlanned(
          { runbook: book, isIdle: () => false },
          { planHash: undefined, resume, dryRun: false },
          { id: RUN, store: bench.store, cancelled: bench.stop.signal, redact: (text) => text },
          ports as unknown as RunPorts,
        ),
      );
    };
    await expect(carry(runbook([one], [two], [three]))).rejects.toMatchObject({
      code: "run.cancelled",
      message:
        `the run was cancelled by SIGTERM; run ${RUN}: of 3 steps 1 is done; ` +
        "begun and not seen to end: two",
      hint: `Go on with --resume ${RUN} and the same inputs: it looks before it acts.`,
    });
    bench.stop = new AbortController();
    expect(await carry(runbook([one], [new Switch("two")], [three]), RUN)).toMatchObject({ kind: "ran" });
    // What else ends it is told as it is, and so is a stop before its first entry.
    bench.store = new MemoryStore();
    const lost = new HoldfastError("lock.lost", "somebody else has it");
    bench.stop.abort(lost);
    await expect(carry(runbook([new Switch("four")]))).rejects.toBe(lost);
  });

  it("keeps secrets out of its journal, wherever they come from", async () => {
    const bench = new Bench();
    bench.redactor.add("hunter2-hunter2");
    const one = new Switch("one", {
      observe: () =>
        Promise.resolve({
          kind: "missing",
          what: "deploy with hunter2-hunter2",
          evidence: { "hunter2-hunter2": ["hunter2-hunter2"] },
        }),
      act: () => refused("401 for hunter2-hunter2"),
    });
    await bench.begin(runbook([one]));
    const all = [...bench.store.blobs.values()].map(({ bytes }) => bytes.toString("utf8")).join("");
    expect(all).toContain("401 for ***");
    expect(all).not.toContain("hunter2");
  });
});

describe("a plan", () => {
  it("has another hash once what is asked or the world is another; an approval is for one", async () => {
    const bench = new Bench();
    const one = new Switch("one");
    const plan = (book: Runbook) =>
      bench.clock.run(planRunbook(book, bench.doing(Journal.begin(RUN, bench.around()))));
    const first = await plan(runbook([one]));
    expect((await plan(runbook([one]))).hash).toBe(first.hash);
    expect((await plan({ ...runbook([one]), inputs: { version: "v9" } })).hash).not.toBe(first.hash);
    one.isOn = true;
    const second = await plan(runbook([one]));
    expect(second.hash).not.toBe(first.hash);
    expect(second.definition).toBe(first.definition);
    expect(() => requireApproved(first.hash, second)).toThrow(/has changed since it was approved/);
    requireApproved(second.hash, second);
    requireApproved(undefined, second);
  });

  it("says what keeps it from being begun", async () => {
    const bench = new Bench();
    const wrong = new Switch("one", {
      observe: () => Promise.resolve({ kind: "wrong", what: "a preview is pending", hint: "Cancel it." }),
    });
    const plan = await bench.clock.run(
      planRunbook(runbook([wrong, new Switch("two")]), bench.doing(Journal.begin(RUN, bench.around()))),
    );
    expect(hindrances(plan).map(({ id }) => id)).toEqual(["one"]);
  });

  it("names the step that could not be looked at, and leaves no other question open", async () => {
    const bench = new Bench();
    let given: AbortSignal | undefined;
    const silent = new Switch("one", {
      observe: ({ signal }) => {
        given = signal;
        return new Promise<never>(() => undefined);
      },
    });
    const refusing = new Switch("two", { observe: () => refused("403") });
    const doing = bench.doing(Journal.begin(RUN, bench.around()));
    await expect(bench.clock.run(planRunbook(runbook([silent, refusing]), doing))).rejects.toMatchObject({
      code: "forge.refused",
      message: "two (make two so): 403",
    });
    expect(given?.aborted).toBe(true);
  });

  it("is refused as a bug where a step that must not be repeated is to be retried", async () => {
    const bench = new Bench();
    const bad = new Switch("one", {
      isRepeatable: false,
      retry: { attempts: 2, pauseMs: 1, mayHelp: () => true },
    });
    await expect(
      planRunbook(runbook([bad]), bench.doing(Journal.begin(RUN, bench.around()))),
    ).rejects.toThrow("one must not be repeated, and is retried");
  });
});

describe("a journal", () => {
  /** A store that fails at the puts whose numbers (from 1) are given. */
  function failing(
    inner: MemoryStore,
    fails: (put: number) => boolean,
    how: "before" | "after",
  ): Bench["store"] {
    let puts = 0;
    const put: BlobStore["put"] = async (path, content, options) => {
      puts += 1;
      const isBad = fails(puts);
      if (isBad && how === "before") throw new HoldfastError("store.unreachable", "no route");
      const facts = await inner.put(path, content, options);
      if (isBad) throw new HoldfastError("store.unreachable", "the answer was lost");
      return facts;
    };
    return new Proxy(inner, {
      get: (target, name) => {
        if (name === "put") return put;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? (value as () => void).bind(target) : value;
      },
    });
  }

  it("that cannot be begun lets nothing be done", async () => {
    const bench = new Bench();
    const one = new Switch("one");
    bench.store = failing(new MemoryStore(), () => true, "before");
    await expect(bench.begin(runbook([one]))).rejects.toThrow("no route");
    expect(one.acts).toBe(0);
  });

  it("that is lost on the way lets what is begun be finished, and says so", async () => {
    const bench = new Bench();
    bench.store = failing(new MemoryStore(), (put) => put > 2, "before");
    const [one, two] = [new Switch("one"), new Switch("two")];
    const ran = await bench.begin(runbook([one], [two]));
    expect([ran.outcome, two.isOn, (ran.journalLost as Error).message]).toEqual(["done", true, "no route"]);
    expect(bench.said.join("\n")).toMatch(
      /cannot be written from entry 3 on: no route; what is begun is finished/,
    );
  });

  it("takes an answer that was lost for what it is", async () => {
    const bench = new Bench();
    bench.store = failing(new MemoryStore(), (put) => put % 2 === 1, "after");
    const ran = await bench.begin(runbook([new Switch("one")]));
    expect([ran.outcome, ran.journalLost]).toEqual(["done", undefined]);
    expect(await readJournal(RUN, bench.store)).toEqual(ran.entries);
  });

  it("has one writer: the second one ends before it acts", async () => {
    const bench = new Bench();
    const two = new Switch("two", { act: () => refused() });
    await bench.begin(runbook([new Switch("one")], [two]));
    const [first, second] = [
      await Journal.reopen(RUN, bench.around()),
      await Journal.reopen(RUN, bench.around()),
    ];
    const [one, other] = [new Switch("two"), new Switch("two")];
    const begun = new Switch("one");
    const ends = await bench.clock.run(
      Promise.allSettled([
        resumeRun(runbook([begun], [one]), bench.doing(first)),
        resumeRun(runbook([begun], [other]), bench.doing(second)),
      ]),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(one.acts + other.acts).toBe(1);
    expect(ends).toContainEqual({
      status: "rejected",
      reason: expect.objectContaining({ code: "lock.lost" }),
    });
  });

  it.each([
    ["an entry is gone", (path: string) => path.endsWith("2.json"), undefined, /entry 2 is not/],
    [
      "an entry is another",
      (path: string) => path.endsWith("2.json"),
      (text: string) => text.replace("found", "found "),
      /breaks its format/,
    ],
    [
      "a text is another",
      (path: string) => path.endsWith("2.json"),
      (text: string) => text.replace("is so", "is not"),
      /000003\.json does not follow/,
    ],
    ["it is no JSON", (path: string) => path.endsWith("3.json"), () => "{", /is no JSON/],
    [
      "a newer one wrote it",
      (path: string) => path.endsWith("1.json"),
      (text: string) => text.replace("journal/1", "journal/2"),
      /has the format 'holdfast.journal\/2'/,
    ],
  ])("is not gone on with where %s", async (_, which, change, message) => {
    const bench = new Bench();
    const one = new Switch("one");
    one.isOn = true;
    await bench.begin(runbook([one]));
    const { store } = bench;
    const path = [...store.blobs.keys()].find(which)!;
    const text = store.blobs.get(path)!.bytes.toString("utf8");
    await store.remove(path);
    if (change !== undefined) await store.put(path, once(Buffer.from(change(text))));
    await expect(bench.resume(runbook([one]))).rejects.toThrow(message);
  });

  it("that is not there, or whose id is none, is told so", async () => {
    const bench = new Bench();
    await expect(Journal.reopen(RUN, bench.around())).rejects.toThrow(/holds no journal of the run/);
    await expect(Journal.reopen("../locks", bench.around())).rejects.toThrow(
      /'\.\.\/locks' is no id of a run/,
    );
  });
});
