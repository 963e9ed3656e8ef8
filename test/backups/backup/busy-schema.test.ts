import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import pg from "pg";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { forwarding, withQueries } from "../../support/decorators.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { testPorts, type TestPorts, type TestPortsOptions } from "../../support/test-ports.ts";
import { eventually } from "../../support/tools.ts";
import { expectRefusal, output, Vault } from "../../support/vault.ts";

/** Errors that only mean that now is a bad moment must not cost a night's backup. */

let cluster: Cluster;
let database: TestDatabase;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  database = await cluster.createDatabase({
    sql: "CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 1000) g; CREATE SEQUENCE numbers",
  });
});
afterAll(() => cluster[Symbol.asyncDispose]());
beforeEach(async () => {
  await vault?.[Symbol.asyncDispose]();
  vault = await Vault.make();
});
afterAll(() => vault[Symbol.asyncDispose]());

/** Pauses between attempts are short here; the snapshot's own long sleeps stay as they are. */
function impatient(options: TestPortsOptions): TestPorts {
  const ports = testPorts(options);
  return {
    ...ports,
    clock: { ...ports.clock, sleep: (ms, signal) => ports.clock.sleep(ms <= 5000 ? 5 : ms, signal) },
  };
}

/** Fails the statements that match, from the given turn on, as often as told. */
function failing(
  statement: RegExp,
  error: () => HoldfastError,
  { turn = 1, times = 1 } = {},
): TestPortsOptions {
  let seen = 0;
  return {
    database: withQueries({
      before: (sql) => {
        if (!statement.test(sql)) return;
        seen += 1;
        if (seen >= turn && seen < turn + times) throw error();
      },
    }),
  };
}

const INVENTORY = /pg_get_indexdef/;
/** Read before the dump and again after it. */
const SEQUENCES = /is_called FROM/;
const changing = (): HoldfastError =>
  new HoldfastError("database.changing", "cache lookup failed for index 32428 (SQLSTATE XX000)", {
    hint: "Run again.",
  });
const unknown = (): HoldfastError =>
  new HoldfastError("database.query", 'relation "gone" does not exist (SQLSTATE 42P01)', {
    hint: "Mend the function that cannot find it.",
  });

describe("a backup whose schema changes while it is read", () => {
  it("is taken with a new snapshot, under another id, and says so", async () => {
    const ports = impatient(failing(INVENTORY, changing));
    const outcome = await vault.backup(database.url, {}, ports);
    expect(outcome.outputs).toMatchObject({ rows: 1000, tables: 1 });
    expect(ports.lines.filter((line) => line.startsWith("warn:"))).toEqual([
      expect.stringContaining(
        "the schema may have changed while it was read; trying again with a new snapshot (2 of 5): " +
          "cache lookup failed for index 32428",
      ),
    ]);
    expect(vault.files("manifests")).toEqual([output(outcome, "manifest")]);
    expect(output(outcome, "manifest")).toContain(output(outcome, "id"));
    expect((await vault.validate({ depth: "restored" })).outputs["verdict"]).toBe("proved");
  });

  it("leaves no orphan when the bad moment came after a dump lay in the store", async () => {
    let lay: string[] = [];
    const late = failing(
      SEQUENCES,
      () => {
        lay = vault.files("database");
        return changing();
      },
      { turn: 2 },
    );
    const ports = impatient(late);
    const outcome = await vault.backup(database.url, { kinds: ["schema", "data"] }, ports);
    expect(ports.lines).toContainEqual(expect.stringContaining("(2 of 5)"));
    expect(lay).toHaveLength(2);
    expect(vault.files("database").map((path) => path.includes(output(outcome, "id")))).toEqual([true, true]);
  });

  it("names a failed attempt's artifacts that the store does not let go, and is good still", async () => {
    const immutable: TestPortsOptions = {
      ...failing(SEQUENCES, changing, { turn: 2 }),
      store: (store) =>
        forwarding(store, {
          remove: (path) =>
            path.startsWith("database/")
              ? Promise.reject(new HoldfastError("store.denied", "the blob is immutable"))
              : store.remove(path),
        }),
    };
    const ports = impatient(immutable);
    const outcome = await vault.backup(database.url, {}, ports);
    expect(outcome.exit).toBe(0);
    const orphan = vault.files("database").find((path) => ports.lines.some((line) => line.includes(path)));
    expect(orphan).not.toContain(output(outcome, "id"));
    expect(ports.lines).toContainEqual(
      `warn: ${orphan!} belongs to an attempt that failed and could not be removed: the blob is immutable; ` +
        "`list` shows it, and nothing reads it",
    );
  });

  it("fails after five attempts, saying what to do, and leaves nothing behind", async () => {
    const ports = impatient(failing(INVENTORY, changing, { times: 1000 }));
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "database.changing",
      exit: 4,
      says: /cache lookup failed for index 32428 .*\(and so at each of 5 attempts\)/,
      hint: /at a quieter time/,
    });
    expect(ports.lines.filter((line) => line.includes("trying again"))).toHaveLength(4);
    vault.expectUntouched();
  });

  it("is tried less often where the words may mean a schema that is never read; hint stays", async () => {
    const ports = impatient(failing(INVENTORY, unknown, { times: 1000 }));
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "database.query",
      exit: 4,
      says: /42P01\) \(and so at each of 3 attempts\)/,
      hint: /^Mend the function/,
    });
    expect(ports.lines.filter((line) => line.includes("trying again"))).toHaveLength(2);
    vault.expectUntouched();
  });

  it("is not tried again after any other failure", async () => {
    const ports = impatient(
      failing(
        INVENTORY,
        () => new HoldfastError("database.permission", "may not", { hint: "Grant the right to read it." }),
        { times: 1000 },
      ),
    );
    await expectRefusal(vault.backup(database.url, {}, ports), {
      code: "database.permission",
      exit: 4,
      says: "may not",
      hint: /^Grant/,
    });
    expect(ports.lines.filter((line) => line.includes("trying again"))).toEqual([]);
  });
});

describe("a table that somebody has locked", () => {
  it("is waited for in several attempts, which together take as long as was allowed", async () => {
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
      const began = Date.now();
      const ports = impatient({});
      await expectRefusal(vault.backup(database.url, { lockWait: 2000 }, ports), {
        code: "database.lock-timeout",
        exit: 4,
        says: "at each of 5 attempts",
        hint: /let it finish/,
      });
      expect(Date.now() - began).toBeGreaterThan(1900);
      const patient = impatient({});
      const SAID = "a table was locked by somebody else; trying again with a new snapshot (2 of 5)";
      const given = eventually("the second attempt", () =>
        patient.lines.some((line) => line.includes(SAID)),
      ).then(() => holder.query("COMMIT"));
      expect((await vault.backup(database.url, { lockWait: 20_000 }, patient)).outputs["rows"]).toBe(1000);
      await given;
    } finally {
      await holder.end();
    }
  });
});

describe("a database whose schema never rests", () => {
  /** Makes and drops tables, indexes, partitions and views until it is told to stop. */
  async function churn(name: string, stop: AbortSignal): Promise<number> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    let rounds = 0;
    try {
      for (; !stop.aborted; rounds += 1) {
        await client.query(`
          CREATE TABLE ${name} (id int PRIMARY KEY, day date, note text DEFAULT 'x' CHECK (note <> ''));
          INSERT INTO ${name} VALUES (1, '2026-01-01')
        `);
        await client.query(`
          CREATE INDEX ${name}_i ON ${name} (lower(note));
          CREATE VIEW ${name}_v AS SELECT id, note FROM ${name} WHERE id > 0
        `);
        await client.query(`
          CREATE TABLE ${name}_p (a int) PARTITION BY LIST (a);
          CREATE TABLE ${name}_p1 PARTITION OF ${name}_p FOR VALUES IN (1)
        `);
        await client.query(
          `DROP INDEX ${name}_i; DROP VIEW ${name}_v; DROP TABLE ${name}_p; DROP TABLE ${name}`,
        );
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    } finally {
      await client.end();
    }
    return rounds;
  }

  it("is backed up every time", async () => {
    const stop = new AbortController();
    const clients = ["one", "two", "three"].map((name) => churn(name, stop.signal));
    try {
      for (let number = 0; number < 6; number += 1) {
        expect((await vault.backup(database.url, { lockWait: 20_000 })).exit).toBe(0);
      }
    } finally {
      stop.abort();
      expect(Math.min(...(await Promise.all(clients)))).toBeGreaterThan(3);
    }
    expect(vault.files("manifests")).toHaveLength(6);
    expect(vault.files("database")).toHaveLength(6);
  }, 120_000);
});
