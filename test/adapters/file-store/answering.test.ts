import { describe, expect, it } from "@jest/globals";
import { answering, type AnswerLimits } from "../../../src/adapters/file-store/answering.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { isTriedOut } from "../../../src/kernel/retry.ts";
import { collect } from "../../../src/kernel/streams.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { bytes, codeOf, describeBlobStoreLaws, listed, text } from "../../ports/blob-store.laws.ts";
import { forwarding } from "../../support/decorators.ts";

const QUICK: AnswerLimits = { silenceMs: 40, graceMs: 20, changeGraceMs: 20 };
const HOURS: AnswerLimits = { ...QUICK, silenceMs: 3_600_000 };
const never = (): Promise<never> => new Promise(() => undefined);

/** A store of which nothing comes back. */
function hanging(): BlobStore {
  const silent = (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: never }) });
  return {
    url: "file:///mnt/backups",
    ...{ check: never, put: never, get: never, stat: never, list: silent, replace: never, remove: never },
    now: never,
  };
}

const CALLS: Readonly<Record<string, (store: BlobStore) => Promise<unknown>>> = {
  check: (store) => store.check(true),
  stat: (store) => store.stat("a"),
  get: (store) => text(store, "a"),
  list: (store) => listed(store, ""),
  now: (store) => store.now(),
  put: (store) => store.put("a", bytes("x")),
  replace: (store) => store.replace("a", Buffer.from("x"), "1"),
  remove: (store) => store.remove("a"),
};

describeBlobStoreLaws("a memory store whose answers are waited for", async () => {
  const store = answering(new MemoryStore("memory://store", 1000), QUICK);
  return { store, again: async () => store, close: async () => undefined };
});

describe.each(Object.entries(CALLS))("%s of a store that hangs", (_, call) => {
  it("is given up once nothing was heard for so long, and is tried no more", async () => {
    const error = await call(answering(hanging(), QUICK)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: "store.unreachable",
      message: expect.stringContaining("file:///mnt/backups has not answered for"),
      hint: expect.stringContaining("Look at the mount"),
    });
    expect(isTriedOut(error)).toBe(true);
  });

  it("is given up soon after the run is stopped", async () => {
    const stop = new AbortController();
    const ended = codeOf(
      call(answering(hanging(), { ...HOURS, cancelled: stop.signal })).catch((error: unknown) => {
        // What only asks ends with the reason; what changes may have happened.
        if (error === stop.signal.reason) return undefined;
        throw error;
      }),
    );
    stop.abort(new Error("stopped"));
    expect(["no error", "store.unreachable"]).toContain(await ended);
  });

  it("has its whole time when it is begun after that, to tidy up", async () => {
    const stop = AbortSignal.abort(new Error("stopped"));
    const store = answering(hanging(), { ...QUICK, silenceMs: 80, cancelled: stop });
    const began = performance.now();
    expect(await codeOf(call(store))).toBe("store.unreachable");
    expect(performance.now() - began).toBeGreaterThan(50);
  });
});

describe("a put", () => {
  it("that moves goes on when the run is stopped: where its content is from decides", async () => {
    const stop = new AbortController();
    const store = answering(new MemoryStore(), { ...HOURS, changeGraceMs: 40, cancelled: stop.signal });
    async function* slow() {
      for (let piece = 0; piece < 6; piece += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (piece === 1) stop.abort(new Error("stopped"));
        yield Buffer.from("x");
      }
    }
    expect(await store.put("a", slow())).toMatchObject({ size: 6 });
  });

  it("owes nothing while it waits for its content, and moves with each piece of it", async () => {
    const store = answering(new MemoryStore(), QUICK);
    async function* slow() {
      for (let piece = 0; piece < 4; piece += 1) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield Buffer.from("x");
      }
    }
    expect(await store.put("a", slow())).toMatchObject({ size: 4 });
  });

  it("that is stuck lets go of where its content comes from", async () => {
    let isClosed = false;
    async function* content() {
      try {
        for (;;) yield Buffer.from("x");
      } finally {
        isClosed = true;
      }
    }
    const stuck = forwarding(hanging(), {
      async put(_path, pieces) {
        await pieces[Symbol.asyncIterator]().next();
        return await never();
      },
    });
    expect(await codeOf(answering(stuck, QUICK).put("a", content()))).toBe("store.unreachable");
    expect(isClosed).toBe(true);
  });

  it("throws what its content throws, and gives no piece to whoever comes back too late", async () => {
    const store = answering(new MemoryStore(), QUICK);
    async function* broken() {
      yield Buffer.from("x");
      throw new Error("the dump failed");
    }
    await expect(store.put("a", broken())).rejects.toThrow("the dump failed");
    let late: Promise<unknown> = Promise.resolve();
    const sleepy = forwarding(hanging(), {
      async put(_path, pieces) {
        const iterator = pieces[Symbol.asyncIterator]();
        await iterator.next();
        late = new Promise((resolve) => setTimeout(resolve, 120)).then(() => iterator.next());
        late.catch(() => undefined);
        return await never();
      },
    });
    async function* letters() {
      for (const letter of "abc") yield Buffer.from(letter);
    }
    expect(await codeOf(answering(sleepy, QUICK).put("a", letters()))).toBe("store.unreachable");
    await expect(late).rejects.toThrow("the put was given up");
  });
});

it("a put that is given up before it has anything publishes nothing when the mount is back", async () => {
  const memory = new MemoryStore();
  let back: Promise<unknown> = Promise.resolve();
  const late = forwarding(memory, {
    put(path, content) {
      back = new Promise((resolve) => setTimeout(resolve, 120)).then(() => memory.put(path, content));
      back.catch(() => undefined);
      return back as Promise<never>;
    },
  });
  let isClosed = false;
  const content = (async function* () {
    try {
      yield Buffer.from("a whole manifest");
    } finally {
      isClosed = true;
    }
  })();
  expect(await codeOf(answering(late, QUICK).put("a", content))).toBe("store.unreachable");
  await expect(back).rejects.toThrow("the put was given up");
  expect([await memory.stat("a"), isClosed, (await content.next()).done]).toEqual([null, false, true]);
});

it("a source that cannot be left keeps nobody, and the error that came first is told", async () => {
  const memory = new MemoryStore("memory://store", 1);
  memory.plant("a", Buffer.from("four"));
  const stuck = forwarding(memory, {
    async get(path) {
      const { size, content } = await memory.get(path);
      const inner = content[Symbol.asyncIterator]();
      return {
        size,
        content: { [Symbol.asyncIterator]: () => ({ next: () => inner.next(), return: never }) },
      };
    },
    put: () => Promise.reject(new HoldfastError("store.full", "no room")),
  });
  const store = answering(stuck, QUICK);
  const { content } = await store.get("a");
  const read = async (): Promise<void> => {
    for await (const _piece of content) break;
  };
  expect(await codeOf(read())).toBe("store.unreachable");
  expect(await codeOf(store.put("b", (await store.get("a")).content))).toBe("store.full");
});

it("a download that stops midway is given up, a slow reader is no fault, silence is told", async () => {
  const told: string[] = [];
  const memory = new MemoryStore("memory://store", 2);
  memory.plant("a", Buffer.from("four"));
  const stuck = forwarding(memory, {
    async get(path) {
      const { size, content } = await memory.get(path);
      return {
        size,
        content: (async function* () {
          for await (const piece of content) {
            yield piece;
            await never();
          }
        })(),
      };
    },
  });
  const limits = { ...QUICK, silenceMs: 400, tell: (line: string) => told.push(line) };
  const { content } = await answering(stuck, limits).get("a");
  expect(await codeOf(collect(content, 100))).toBe("store.unreachable");
  expect(told).toContainEqual(expect.stringMatching(/^reading a: no byte for .*; given up in /));
  const { content: slowly } = await answering(memory, QUICK).get("a");
  for await (const _piece of slowly) await new Promise((resolve) => setTimeout(resolve, 60));
});
