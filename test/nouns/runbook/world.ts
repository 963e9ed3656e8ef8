import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { Json } from "../../../src/kernel/outcome.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import type { Acting, Observed, Observing, Runbook, Step, Undo } from "../../../src/nouns/runbook/runbook.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A number for each question of chance, the same for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The process was killed: nothing of it goes on. */
export class Killed extends Error {}

/** How one step of the world behaves. */
export interface Making {
  readonly id: string;
  readonly stage: number;
  readonly isRepeatable: boolean;
  readonly onFailure: Step["onFailure"];
  readonly undo: "yes" | "no" | "not-needed";
  readonly attempts: number;
  /** Milliseconds from the act to its effect, during which it moves. */
  readonly takesMs: number;
  /** Milliseconds from the effect until it shows. */
  readonly hiddenMs: number;
  readonly isTrueBefore: boolean;
  /** It is refused whatever is done. */
  readonly neverWorks: boolean;
}

interface Part {
  /** Where its switch stands: 1 once the step is true. */
  position: number;
  effects: number;
  takenBack: number;
  shownFrom: number;
  moving: { readonly until: number; readonly to: number; readonly isUndo: boolean } | undefined;
}

/** What goes wrong, for as long as `left` lasts. */
export interface Faults {
  left: number;
  readonly often: number;
  readonly random: () => number;
}

/** Something outside that steps change, slowly, visibly only later, and with faults. */
export class World {
  readonly parts = new Map<string, Part>();
  readonly broken: string[] = [];
  readonly store = new MemoryStore();
  readonly makings: readonly Making[];
  readonly #clock: VirtualClock;
  readonly #faults: Faults;

  constructor(makings: readonly Making[], clock: VirtualClock, faults: Faults) {
    this.makings = makings;
    this.#clock = clock;
    this.#faults = faults;
    for (const { id, isTrueBefore } of makings) {
      this.parts.set(id, {
        position: isTrueBefore ? 1 : 0,
        effects: 0,
        takenBack: 0,
        shownFrom: 0,
        moving: undefined,
      });
    }
  }

  /** Lets what moves arrive. */
  at(id: string): Part {
    const part = this.parts.get(id)!;
    const { moving } = part;
    if (moving !== undefined && this.#clock.elapsed() >= moving.until) {
      const hiddenMs = this.makings.find((each) => each.id === id)!.hiddenMs;
      part.position = moving.to;
      part[moving.isUndo ? "takenBack" : "effects"] += 1;
      part.shownFrom = moving.until + hiddenMs;
      part.moving = undefined;
    }
    return part;
  }

  isTrue(id: string): boolean {
    return this.at(id).position === 1;
  }

  /** The same world as one process sees it, until that process is killed. */
  runbook(process: Process): Runbook {
    const stages = Map.groupBy(this.makings, ({ stage }) => stage);
    return {
      name: "trial",
      target: "production",
      inputs: { version: "v1.2.3" },
      stages: [...stages.keys()]
        .sort()
        .map((key) => stages.get(key)!.map((each) => this.#step(each, process))),
    };
  }

  #step(making: Making, process: Process): Step {
    const { id, isRepeatable, undo, attempts } = making;
    return {
      id,
      title: `make ${id} so`,
      component: making.stage % 2 === 0 ? "application" : "database",
      isRepeatable,
      timeoutMs: 120_000,
      retry: { attempts: isRepeatable ? attempts : 1, pauseMs: 1000, mayHelp: () => true },
      onFailure: making.onFailure,
      observe: (observing) => this.#observe(making, observing, process, 1),
      act: (acting) => this.#act(making, acting, process),
      ...(undo === "no" ? {} : { undo: undo === "yes" ? this.#undo(making, process) : undo }),
    };
  }

  #undo(making: Making, process: Process): Undo {
    return {
      title: `take ${making.id} back`,
      observe: (observing) => this.#observe(making, { ...observing, actedOn: undefined }, process, 0),
      act: async (acting) => {
        await process.breathe("undo");
        const part = this.at(making.id);
        for (const each of this.makings) {
          const { effects, takenBack } = this.at(each.id);
          if (each.stage > making.stage && each.undo === "yes" && effects > takenBack) {
            this.broken.push(`${making.id} was taken back from under ${each.id}`);
          }
        }
        if (part.position === 0 && part.moving === undefined) this.broken.push(`${making.id} undone twice`);
        part.moving = { until: this.#clock.elapsed() + making.takesMs, to: 0, isUndo: true };
        await this.#clock.sleep(making.takesMs, acting.signal);
      },
    };
  }

  async #observe(
    { id, isRepeatable }: Making,
    { actedOn }: Observing,
    process: Process,
    wanted: number,
  ): Promise<Observed> {
    await process.breathe("observe");
    if (this.#fails()) throw new HoldfastError("forge.unreachable", `no answer about ${id}`);
    const part = this.at(id);
    if (part.moving !== undefined) return { kind: "moving", what: `${id} is on its way` };
    const isShown = this.#clock.elapsed() >= part.shownFrom;
    const position = isShown ? part.position : 1 - part.position;
    if (position === wanted) return { kind: "true", what: `${id} is ${wanted}` };
    // What is not shown yet would be taken for "not happened": the count of effects is what tells.
    const happened = actedOn !== undefined && part.effects > (actedOn.evidence as number);
    if (!isRepeatable && wanted === 1 && happened) return { kind: "moving", what: `${id} does not show yet` };
    return { kind: "missing", what: `turn ${id} to ${wanted}`, evidence: part.effects satisfies Json };
  }

  async #act(making: Making, { signal }: Acting, process: Process): Promise<void> {
    await process.breathe("act");
    const { id, stage } = making;
    for (const each of this.makings) {
      if (each.stage < stage && !this.isTrue(each.id) && each.onFailure !== "continue") {
        this.broken.push(`${id} was acted upon, and ${each.id} is not true`);
      }
    }
    if (process.isJournaled && !process.journaled(id)) this.broken.push(`${id} was acted upon unjournaled`);
    if (making.neverWorks || this.#fails()) throw new HoldfastError("forge.refused", `${id} was refused`);
    const part = this.at(id);
    if (!making.isRepeatable && (part.position === 1 || part.moving !== undefined)) {
      this.broken.push(`${id} was turned although it was turned already`);
    }
    part.moving = { until: this.#clock.elapsed() + making.takesMs, to: 1, isUndo: false };
    // The answer is lost, or never comes; the effect comes all the same.
    if (this.#fails()) throw new HoldfastError("forge.unreachable", `no answer about what became of ${id}`);
    if (this.#fails()) await new Promise(() => undefined);
    await this.#clock.sleep(making.takesMs, signal);
    await process.breathe("acted");
  }

  #fails(): boolean {
    if (this.#faults.left === 0 || this.#faults.random() >= this.#faults.often) return false;
    this.#faults.left -= 1;
    return true;
  }
}

/** One process that carries a run out, which may be killed anywhere. */
export class Process {
  readonly #random: () => number;
  readonly #often: number;
  readonly #store: MemoryStore;
  readonly #death = Promise.withResolvers<never>();
  #isDead = false;
  /** Whether entries arrive. */
  isJournaled = true;

  constructor(store: MemoryStore, random: () => number, often: number) {
    this.#store = store;
    this.#random = random;
    this.#often = often;
  }

  /** A place where it may be killed. */
  async breathe(_where: string): Promise<void> {
    await Promise.resolve();
    if (!this.#isDead && this.#random() < this.#often) {
      this.#isDead = true;
      this.#death.reject(new Killed());
    }
    // Nothing of it goes on, not even to tell an error.
    if (this.#isDead) await new Promise(() => undefined);
  }

  /** What it comes to, unless it is killed first. */
  async orKilled<T>(work: Promise<T>): Promise<T> {
    return await Promise.race([work, this.#death.promise]);
  }

  /** Whether an act upon the step is written down, and its end is not. */
  journaled(step: string): boolean {
    const kinds = [...this.#store.blobs.values()]
      .map(({ bytes }) => JSON.parse(bytes.toString("utf8")) as { event: { kind: string; step?: string } })
      .filter(({ event }) => event.step === step)
      .map(({ event }) => event.kind);
    return kinds.at(-1) === "acting";
  }

  /** The store as this process reaches it. */
  store(): BlobStore {
    const inner = this.#store;
    const breathe = (where: string): Promise<void> => this.breathe(where);
    return {
      url: inner.url,
      check: (forWriting) => inner.check(forWriting),
      async put(path, content, options) {
        await breathe("put");
        const facts = await inner.put(path, content, options);
        await breathe("put done");
        return facts;
      },
      get: (path, range) => inner.get(path, range),
      stat: (path) => inner.stat(path),
      list: (prefix) => inner.list(prefix),
      replace: (path, content, etag) => inner.replace(path, content, etag),
      now: () => inner.now(),
      remove: (path) => inner.remove(path),
    };
  }
}
