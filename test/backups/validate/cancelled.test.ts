import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { ByteStream } from "../../../src/kernel/streams.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { expectRefusal, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

let vault: Vault;
let database: TestDatabase;
beforeAll(async () => {
  vault = await Vault.make();
  database = await createDatabase({
    sql: "CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 1000) g",
  });
  await vault.backup(database.url);
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  await database.drop();
});

/**
 * A store that gives the first bytes of every dump and then nothing more, and asks for the run to be
 * cancelled at that moment.
 */
function stalling(store: BlobStore, cancel: () => void): BlobStore {
  const stalled = async function* (content: ByteStream): ByteStream {
    for await (const chunk of content) {
      yield chunk.subarray(0, 10);
      setTimeout(cancel, 20);
      await new Promise(() => undefined);
    }
  };
  return new Proxy(store, {
    get(target, name) {
      const own = Reflect.get(target, name, target) as unknown;
      if (name !== "get") return typeof own === "function" ? (own.bind(target) as unknown) : own;
      return async (path: string) => {
        const { size, content } = await target.get(path);
        return { size, content: /\.dump/.test(path) ? stalled(content) : content };
      };
    },
  });
}

it.each(
  casesInTurn("depths of a validation that is cancelled", ["stored", "opened", "restored"] as const, {
    every: 3,
  }),
)(
  "a validation to depth %s that waits for a stalled store ends at Ctrl-C, without a receipt",
  async (depth) => {
    const stop = new AbortController();
    const cancel = (): void =>
      stop.abort(
        new HoldfastError("run.cancelled", "the run was cancelled by SIGINT", {
          hint: "Run again when ready.",
        }),
      );
    const validating = vault.validate(
      { depth, jobs: 2 },
      { cancelled: stop.signal, store: (store) => stalling(store, cancel) },
    );
    await expectRefusal(validating, { code: "run.cancelled", exit: 4, says: "SIGINT", hint: /Run again/ });
    expect(vault.files("receipts")).toEqual([]);
  },
);
