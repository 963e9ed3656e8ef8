import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { rm } from "node:fs/promises";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { withExtensions, type OwnExtension } from "../../support/extensible-postgres.ts";
import { newestInstallation, type Installation } from "../../support/postgres-binaries.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { serverAccount, temporaryFolder } from "../../support/tools.ts";
import { findings, output, said, Vault } from "../../support/vault.ts";

/**
 * Rows that no backup holds, or that one has lost, do not go along with an extension that is accepted
 * as a gap.
 */

let folder: string;
let other: string;
let newer: Installation;
let cluster: Cluster;

const QUEUE: OwnExtension = {
  name: "queue",
  sql: `
    CREATE TABLE jobs (id int, what text);
    CREATE TABLE shipped AS SELECT 1 AS a;
    CREATE TABLE kinds (kind text, own bool);
    SELECT pg_catalog.pg_extension_config_dump('kinds', 'WHERE own');
  `,
};
const FINE: OwnExtension = {
  name: "fine",
  sql: `
    CREATE FUNCTION fine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
    CREATE TYPE tag AS (a text);
  `,
};

beforeAll(async () => {
  [folder, other] = [temporaryFolder("accepted", serverAccount()), temporaryFolder("newer", serverAccount())];
  cluster = await startCluster({ installation: withExtensions(folder, [QUEUE, FINE]) });
  newer = withExtensions(other, [{ ...QUEUE, version: "1.1" }]);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
  await rm(other, { recursive: true, force: true });
});

const titles = (outcome: Outcome): string[] =>
  findings(outcome)
    .map(({ about, name }) => `${about} ${name}`)
    .sort();

/** On programs that know none of the extensions, from an archive that lacks these entries. */
function withoutEntries(isLacking: (type: string, rest: string) => boolean): ReturnType<typeof testPorts> {
  return testPorts({
    binDir: newestInstallation().binDir,
    tools: (real) => ({
      ...real,
      load: async (request) =>
        await real.load({
          ...request,
          ...(request.entries === undefined
            ? {}
            : { entries: request.entries.filter(({ type, rest }) => !isLacking(type, rest)) }),
        }),
    }),
  });
}

describe("rows in tables of an extension that is accepted as a gap", () => {
  let vault: Vault;
  beforeAll(async () => {
    vault = await Vault.make();
    await using source = await cluster.createDatabase({
      sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)",
    });
    await source.admin(`
      CREATE SCHEMA q;
      CREATE EXTENSION queue SCHEMA q;
      INSERT INTO q.jobs SELECT g, 'mine' FROM generate_series(1, 1000) g;
      INSERT INTO q.kinds VALUES ('lost', false), ('kept', true);
      CREATE TABLE mine (a int);
      INSERT INTO mine VALUES (7);
      ALTER EXTENSION queue ADD TABLE mine
    `);
    expect((await vault.backup(source.adminUrl, {}, { binDir: cluster.facts.binDir })).exit).toBe(0);
  });
  afterAll(async () => await vault[Symbol.asyncDispose]());

  const UNDECIDED = [
    "extension-rows public.mine",
    "extension-rows q.jobs",
    "extension-rows q.kinds",
    "extension-rows q.shipped",
  ];

  it("are accepted by their own names only where the extension is missing", async () => {
    const missing = testPorts({ binDir: newestInstallation().binDir });
    const outcome = await vault.validate({ acceptGaps: ["extension queue", "table q.kinds"] }, missing);
    expect([outcome.exit, output(outcome, "verdict"), titles(outcome)]).toEqual([3, "gaps", UNDECIDED]);
    expect(said(outcome)).toContain(
      "holds 1,000 rows at the source, and extension queue has not marked the table for dumping; " +
        "the extension is missing here, so nothing tells whether CREATE EXTENSION makes the same",
    );
    expect(said(outcome)).toContain(
      "holds 2 rows at the source, and extension queue has marked only some rows of the table for dumping",
    );
    const named = await vault.validate(
      { acceptGaps: ["extension queue", "table q.kinds", ...UNDECIDED] },
      testPorts({ binDir: newestInstallation().binDir }),
    );
    expect([named.exit, output(named, "verdict"), titles(named)]).toEqual([0, "proved", []]);
  });

  it("are compared where the extension is there in another version", async () => {
    const outcome = await vault.validate(
      { acceptGaps: ["extension queue"] },
      testPorts({ binDir: newer.binDir }),
    );
    expect(titles(outcome)).toEqual(["table public.mine", "table q.jobs", "table q.kinds"]);
    expect([outcome.exit, said(outcome)]).toEqual([
      3,
      expect.stringContaining("CREATE EXTENSION made 0 rows, the source held 1,000 rows"),
    ]);
  });
});

describe("partitions whose rows change places, one of which hangs on an accepted extension", () => {
  it("are a gap of their tree's own name where rows are missing", async () => {
    await using vault = await Vault.make();
    await using source = await cluster.createDatabase({ sql: "CREATE TABLE plain (a int)" });
    // The check makes p1 need the extension. Where a label's rows stand depends on its object id: one of
    // both is emptied.
    await source.admin(`
      CREATE SCHEMA x;
      CREATE EXTENSION fine SCHEMA x;
      CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g');
      CREATE TABLE p (e mood, v int) PARTITION BY HASH (e);
      CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE p1 (e mood, v int, CHECK (x.fine(v)));
      ALTER TABLE p ATTACH PARTITION p1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
      INSERT INTO p SELECT m, g FROM unnest(enum_range(NULL::mood)) AS m, generate_series(1, 10) g;
      TRUNCATE p1
    `);
    const [before] = await source.admin("SELECT count(*)::int AS rows FROM p0");
    expect(before!["rows"]).toBeGreaterThan(0);
    expect((await vault.backup(source.adminUrl, {}, { binDir: cluster.facts.binDir })).exit).toBe(0);
    const lossy = (): ReturnType<typeof testPorts> =>
      withoutEntries((type, rest) => type === "TABLE DATA" && /^public p0 /.test(rest));
    const outcome = await vault.validate({ acceptGaps: ["extension fine"] }, lossy());
    expect([outcome.exit, output(outcome, "verdict"), titles(outcome)]).toEqual([
      3,
      "gaps",
      ["table public.p"],
    ]);
    expect(said(outcome)).toContain(
      `holds 0 rows in its partitions here, the source held ${String(before!["rows"])} rows, and they ` +
        "could not be compared: rows may change partitions, and some are missing (public.p1)",
    );
  });
});

describe("a publication that holds none of the tables that need an accepted extension", () => {
  it("is a difference where it lost a table; one that holds that table is a gap, by name", async () => {
    await using vault = await Vault.make();
    await using source = await cluster.createDatabase({
      sql: "CREATE TABLE plain (a int); CREATE TABLE plain2 (a int)",
    });
    await source.admin(`
      CREATE SCHEMA x;
      CREATE EXTENSION fine SCHEMA x;
      CREATE TABLE empty (a x.tag);
      CREATE PUBLICATION told FOR TABLE plain, plain2;
      CREATE PUBLICATION mixed FOR TABLE plain, empty;
      CREATE PUBLICATION vacant
    `);
    expect((await vault.backup(source.adminUrl, {}, { binDir: cluster.facts.binDir })).exit).toBe(0);
    const whole = await vault.validate(
      { acceptGaps: ["extension fine"] },
      withoutEntries(() => false),
    );
    expect([whole.exit, titles(whole)]).toEqual([3, ["publication mixed"]]);
    expect(said(whole)).toContain(
      "could not be compared in tables: tables that need fine are not here, and belong to it: public.empty",
    );
    const named = await vault.validate(
      { acceptGaps: ["extension fine", "publication mixed"] },
      withoutEntries(() => false),
    );
    expect([named.exit, output(named, "verdict")]).toEqual([0, "proved"]);
    const lossy = withoutEntries((type, rest) => type === "PUBLICATION TABLE" && rest.includes("plain2"));
    const lost = await vault.validate({ acceptGaps: ["extension fine", "publication mixed"] }, lossy);
    expect([lost.exit, output(lost, "verdict")]).toEqual([5, "failed"]);
    expect(output(lost, "first-difference")).toBe("publication told differs from the source in tables");
  });
});
