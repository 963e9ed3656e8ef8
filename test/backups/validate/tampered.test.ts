import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ByteStream } from "../../../src/kernel/streams.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { withDump } from "../../support/decorators.ts";
import { expectRefusal, findings, Vault } from "../../support/vault.ts";

/**
 * Dumps that are wrong although pg_dump exited 0 and pg_restore will too: only a comparison with the
 * source finds them.
 */

let cluster: Cluster;
let source: TestDatabase;

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({
    sql: `
      CREATE TABLE orders (id int PRIMARY KEY, note text);
      INSERT INTO orders SELECT g, 'note of order ' || g || '.' FROM generate_series(1, 500) g;
      CREATE TABLE customers (name text);
      INSERT INTO customers VALUES ('alpha'), ('beta');
      CREATE SEQUENCE tickets;
      SELECT nextval('tickets');
      CREATE VIEW names AS SELECT name FROM customers;
      CREATE INDEX by_name ON customers (name);
      COMMENT ON TABLE customers IS 'friends of the house';
      ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
      CREATE POLICY mine ON orders USING (id > 100)
    `,
  });
});
afterAll(() => cluster[Symbol.asyncDispose]());

/**
 * Changes text of equal length in the whole archive. Fails when the text is not there, so that no test passes
 * by doing nothing.
 */
function replacing(before: string, after: string): (archive: ByteStream) => ByteStream {
  if (before.length !== after.length) throw new Error("an archive's blocks have fixed lengths");
  return async function* (archive) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) chunks.push(Buffer.from(chunk));
    const whole = Buffer.concat(chunks);
    const at = whole.indexOf(before);
    if (at < 0) throw new Error(`the archive does not hold '${before}'`);
    whole.write(after, at);
    yield whole;
  };
}

async function validated(change: (archive: ByteStream) => ByteStream) {
  await using vault = await Vault.make();
  expect((await vault.backup(source.url, {}, { tools: withDump(change) })).exit).toBe(0);
  // Every byte is as it was stored, so nothing short of restoring it finds anything.
  expect((await vault.validate({ depth: "opened" })).outputs["verdict"]).toBe("proved");
  const outcome = await vault.validate({ scratch: cluster.adminUrl() });
  expect((await vault.list()).outputs).toMatchObject({
    backups: [{ state: outcome.exit === 0 ? "verified" : "failed verification" }],
  });
  return outcome;
}

describe("a validation of a dump", () => {
  it("that passed through unchanged is proved", async () => {
    expect(await validated(replacing("alpha", "alpha"))).toMatchObject({
      exit: 0,
      outputs: { verdict: "proved" },
    });
  });

  it.each([
    [
      "one changed letter in one row",
      "note of order 250.",
      "Note of order 250.",
      {
        about: "table",
        name: "public.orders",
        message: "holds 500 rows as the source did, but column note differs",
      },
    ],
    [
      "a row that became another",
      "note of order 250.",
      "note of order 251.",
      {
        about: "table",
        name: "public.orders",
        message: "holds 500 rows as the source did, but column note differs",
      },
    ],
    [
      "a sequence that stands elsewhere",
      "'public.tickets', 1, true",
      "'public.tickets', 7, true",
      { about: "sequence", name: "public.tickets", message: "stands at 7, at the source it was 1" },
    ],
    [
      "a policy that lets more through",
      "(id > 100)",
      "(id > -10)",
      { about: "policy", message: "differs from the source in using" },
    ],
    [
      "a comment",
      "friends of the house",
      "enemies of the house",
      { about: "comment", message: "differs from the source in text" },
    ],
    [
      "an index that became another",
      "CREATE INDEX by_name",
      "CREATE INDEX by_nome",
      { about: "index", name: expect.stringContaining("by_name"), message: "is missing" },
    ],
  ])("with %s fails with exit 5 and names exactly that", async (_, before, after, finding) => {
    const outcome = await validated(replacing(before, after));
    expect(outcome).toMatchObject({ exit: 5, outputs: { verdict: "failed" }, report: { good: false } });
    const found = findings(outcome);
    expect(found[0]).toMatchObject({ severity: "difference", ...finding });
    expect(outcome.outputs["first-difference"]).toContain(found[0]!.message);
    // Nothing that is as it was is accused.
    expect(found.filter(({ about, name }) => about === "table" && name !== "public.orders")).toEqual([]);
  });
});

describe("a backup whose dump lacks the end", () => {
  it("is not green at depth opened where its bytes are whole, and fails when restored", async () => {
    await using vault = await Vault.make();
    const cut = withDump(async function* (archive) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of archive) chunks.push(Buffer.from(chunk));
      yield Buffer.concat(chunks).subarray(0, -2000);
    });
    await vault.backup(source.url, {}, { tools: cut });
    const outcome = await vault.validate({ scratch: cluster.adminUrl() }).then(
      (done) => done.exit,
      (error: unknown) => (error as { exitCode: number }).exitCode,
    );
    expect(outcome).toBe(5);
  });
});

describe("a backup without a full proof", () => {
  it.each([
    ["rows", "row counts only"],
    ["none", "without a proof"],
  ] as const)("(%s) is restored with gaps, exit 3, and never counts as verified", async (proof, says) => {
    await using vault = await Vault.make();
    await vault.backup(source.url, { proof });
    const outcome = await vault.validate({ scratch: cluster.adminUrl() });
    expect(outcome).toMatchObject({
      exit: 3,
      outputs: { verdict: "gaps", "first-difference": "" },
      report: { good: false },
    });
    expect(findings(outcome)).toEqual([
      { severity: "gap", about: "database", name: "content", message: expect.stringContaining(says) },
    ]);
    expect((await vault.list()).outputs).toMatchObject({
      backups: [{ state: "unverified", reason: "restored with gaps" }],
      "latest-verified": "",
    });
    expect((await vault.restore(source.url, { backup: "latest-verified" })).exit).toBe(3);
  });

  it("(rows) still finds a row that is missing", async () => {
    await using vault = await Vault.make();
    await vault.backup(source.url, { proof: "rows" });
    const outcome = await vault.validate(
      { scratch: cluster.adminUrl() },
      {
        tools: (tools) => ({
          ...tools,
          load: async (request) => {
            const problems = await tools.load(request);
            await cluster.admin("DELETE FROM orders WHERE id = 9", [], request.address.database);
            return problems;
          },
        }),
      },
    );
    expect(outcome).toMatchObject({
      exit: 5,
      outputs: { "first-difference": "table public.orders holds 499 rows, the source held 500 rows" },
    });
  });

  it("is not confused with a conflict of inputs", async () => {
    await using vault = await Vault.make();
    await vault.backup(source.url);
    await expectRefusal(vault.validate({ scratch: cluster.adminUrl(), depth: "stored" }), {
      code: "input.conflict",
      exit: 2,
      says: "a scratch server is given, and depth is stored",
      hint: /--scratch/,
    });
  });
});
