import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { DumpTools } from "../../../src/ports/dump-tools.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { expectRefusal, Vault } from "../../support/vault.ts";

/** What a restore that is cancelled, or finds damage, says has become of its target. */

let vault: Vault;
let source: TestDatabase;
beforeAll(async () => {
  vault = await Vault.make();
  source = await createDatabase({
    sql: "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 100) g",
  });
  await vault.backup(source.url);
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  await source.drop();
});

async function target(): Promise<TestDatabase> {
  return await createDatabase({ sql: "CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)" });
}

/** Tools of which a load ends with this error. */
function loading(fail: () => Error): (tools: DumpTools) => DumpTools {
  return (tools) => ({ ...tools, load: () => Promise.reject(fail()) });
}

/** A person presses Ctrl-C, and the program that was loading, which gets the same signal, dies of it. */
function cancelledLoad(stop: AbortController): (tools: DumpTools) => DumpTools {
  return loading(() => {
    stop.abort(
      new HoldfastError("run.cancelled", "the run was cancelled by SIGINT", {
        hint: "Run again when ready.",
      }),
    );
    return new HoldfastError("tool.failed", "pg_restore was ended by SIGINT", { hint: "See what ended it." });
  });
}

it("cancelled in place while it loads, says that the target may be incomplete", async () => {
  await using database = await target();
  const stop = new AbortController();
  const restoring = vault.restore(
    database.url,
    { confirm: database.name, mode: "in-place" },
    { cancelled: stop.signal, tools: cancelledLoad(stop) },
  );
  const error = await expectRefusal(restoring, {
    code: "run.cancelled",
    exit: 4,
    says: "by SIGINT",
    hint: /Run again when ready\. The target may be incomplete/,
  });
  expect(error.hint).not.toMatch(/Nothing|See what ended it/);
  expect(error.cause).toMatchObject({ code: "tool.failed" });
});

it("cancelled beside while it loads, it says that the target is as it was", async () => {
  await using database = await target();
  const stop = new AbortController();
  const restoring = vault.restore(
    database.url,
    { confirm: database.name, mode: "beside" },
    { cancelled: stop.signal, tools: cancelledLoad(stop) },
  );
  await expectRefusal(restoring, {
    code: "run.cancelled",
    exit: 4,
    says: "by SIGINT",
    hint: /the target is as it was/i,
  });
  expect(await database.query("SELECT a FROM kept")).toEqual([{ a: 1 }]);
});

it("finding damage beside, it says that the target is as it was", async () => {
  await using database = await target();
  const damaged = loading(
    () =>
      new HoldfastError("artifact.damaged", "the dump differs from its manifest", {
        hint: "Take another backup.",
      }),
  );
  const error = await expectRefusal(
    vault.restore(database.url, { confirm: database.name, mode: "beside" }, { tools: damaged }),
    {
      code: "artifact.damaged",
      exit: 5,
      says: "the dump differs",
      hint: /another backup\. Nothing was changed: the target is as it was\./,
    },
  );
  expect(error.hint?.match(/as it was/g)).toHaveLength(1);
});

it("cancelled while the safety backup is made, it says that the target is as it was", async () => {
  await using database = await target();
  const stop = new AbortController();
  const tools = (all: DumpTools): DumpTools => ({
    ...all,
    dump: (...words) => {
      stop.abort(
        new HoldfastError("run.cancelled", "the run was cancelled by SIGINT", {
          hint: "Run again when ready.",
        }),
      );
      return all.dump(...words);
    },
  });
  const restoring = vault.restore(
    database.url,
    { confirm: database.name, mode: "in-place" },
    { cancelled: stop.signal, tools },
  );
  await expectRefusal(restoring, {
    code: "run.cancelled",
    exit: 4,
    says: "by SIGINT",
    hint: /the target is as it was/i,
  });
});
