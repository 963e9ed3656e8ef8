import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { findServer, server, startCluster, type Cluster } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { findings, said, Vault } from "../../support/vault.ts";

/**
 * Debian's 15.20 keeps marks among the options of columns; the pg_dump of 15.18 does not know them and
 * writes them down.
 */
const both = [findServer("15.18"), findServer("15.20")].every((found) => "installation" in found);
const onBoth = both ? it : it.skip;
const notRun = both ? "" : " (NOT RUN: PostgreSQL 15.18 or 15.20 could not be had)";

let cluster: Cluster | undefined;
let vault: Vault;

beforeAll(async () => {
  vault = await Vault.make();
  if (both) cluster = await startCluster({ installation: await server("15.20") });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

onBoth(
  "a pg_dump older than its server is warned of where the server keeps marks, and what other servers " +
    `refuse for them is made without${notRun}`,
  async () => {
    const source = await cluster!.createDatabase({
      owner: "postgres",
      sql: `
        CREATE TABLE doc (id int PRIMARY KEY, body text);
        INSERT INTO doc VALUES (1, 'x');
        ALTER TABLE doc ALTER body SET (n_distinct = 5);
        CREATE TABLE log (at date, doc int REFERENCES doc) PARTITION BY RANGE (at);
        CREATE TABLE "log; Type: x" PARTITION OF log DEFAULT;
        INSERT INTO log VALUES ('2026-11-26', 1); CREATE VIEW bodies AS SELECT body FROM doc;
        CREATE TABLE heir () INHERITS (doc);
        CREATE MATERIALIZED VIEW keyed AS SELECT id, body FROM doc GROUP BY id;
        CREATE TABLE "line\nend" ("a\nb" int DEFAULT 7); INSERT INTO "line\nend" VALUES (1);
        CREATE ROLE evil; CREATE TABLE trap (id int PRIMARY KEY, note text DEFAULT 'x
ALTER TABLE public.trap OWNER TO evil; ALTER ROLE evil SUPERUSER; CREATE TABLE public.pwned AS SELECT 1;
--
-- Name: doc; Type: TABLE; Schema: public; Owner: evil
--

y'); ALTER TABLE trap OWNER TO evil; INSERT INTO trap VALUES (1)
      `,
    });
    const { binDir: older } = await server("15.18");
    const { binDir: own } = await server("15.20");
    const backup = await vault.backup(source.adminUrl, {}, { binDir: older });
    expect(backup.exit).toBe(0);
    expect(said(backup)).toMatch(
      /marks of its own .*pg_attver.* pg_dump 15\.18 does not know.* needs .* of PostgreSQL 15\.20/,
    );
    const ports = testPorts({ binDir: older });
    const validated = await vault.validate({}, ports);
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    expect(ports.lines.join("\n")).toContain(
      "loading again without pg_attver, which this server does not know",
    );

    // What a person wrote is data, and never run.
    await using elsewhere = await startCluster({ installation: await server("15.18") });
    await elsewhere.admin("CREATE ROLE evil");
    await using whole = await elsewhere.createDatabase({ owner: "postgres" });
    expect((await vault.restore(whole.adminUrl, {}, { binDir: older })).exit).toBe(0);
    await using part = await elsewhere.createDatabase({ owner: "postgres" });
    expect(
      (await vault.restore(part.adminUrl, { tables: ["public.doc", "public.trap"] }, { binDir: older })).exit,
    ).toBe(0);
    expect(
      await part.admin("SELECT conname FROM pg_constraint WHERE contype = 'p' AND oid >= 16384 ORDER BY 1"),
    ).toEqual([{ conname: "doc_pkey" }, { conname: "trap_pkey" }]);
    expect(await elsewhere.admin("SELECT rolsuper FROM pg_roles WHERE rolname = 'evil'")).toEqual([
      { rolsuper: false },
    ]);

    const fine = await vault.backup(source.adminUrl, { source: "own" }, { binDir: own });
    expect(said(fine)).not.toContain("pg_attver");
    expect((await vault.validate({ source: "own" }, { binDir: older })).exit).toBe(0);
  },
  120_000,
);
