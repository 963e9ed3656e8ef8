import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { DumpTools } from "../../../src/ports/dump-tools.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { findings, said, Vault } from "../../support/vault.ts";

/** Servers that keep something of their own where objects are compared, in every copy something else. */

let cluster: Cluster;
let source: TestDatabase;
let vault: Vault;
let marks = 0;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.admin("CREATE ROLE modest LOGIN PASSWORD 'modest'");
  source = await cluster.createDatabase({
    owner: "postgres",
    sql: `
      CREATE TABLE t AS SELECT 1 AS a;
      CREATE FUNCTION noisy() RETURNS text LANGUAGE sql AS 'SELECT 1::text';
      CREATE FUNCTION lost() RETURNS text LANGUAGE sql AS 'SELECT 2::text'
    `,
  });
  vault = await Vault.make();
  await vault.backup(source.adminUrl);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** After each load a mark of its own stands in one function, and whatever else is asked for happens too. */
function marking(also = ""): { tools: (tools: DumpTools) => DumpTools } {
  return {
    tools: (tools) => ({
      ...tools,
      load: async (request) => {
        const problems = await tools.load(request);
        marks += 1;
        await cluster.admin(
          `UPDATE pg_proc SET prosrc = 'SELECT ''mark ${marks}''' WHERE proname = 'noisy'; ${also}`,
          [],
          request.address.database,
        );
        return problems;
      },
    }),
  };
}

async function leftovers(): Promise<unknown> {
  return await cluster.admin("SELECT datname FROM pg_database WHERE datname LIKE 'holdfast%'");
}

describe("a difference in an object", () => {
  it("that two copies on one server have from each other too is a note, and the proof stands", async () => {
    const validated = await vault.validate({ scratch: cluster.adminUrl() }, marking());
    expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    expect(validated.report.notes.join("\n")).toMatch(
      /function public\.noisy\(\) could not be compared.*: two copies/,
    );
    expect(await leftovers()).toEqual([]);
  });

  it("that both copies have alike is a difference, beside noise or not", async () => {
    const validated = await vault.validate(
      { scratch: cluster.adminUrl() },
      marking("UPDATE pg_proc SET prosrc = 'SELECT 3' WHERE proname = 'lost'"),
    );
    expect(validated.exit).toBe(5);
    expect(findings(validated)).toEqual([
      expect.objectContaining({ severity: "difference", about: "function", name: "public.lost()" }),
    ]);
  });

  it("is checked so at a restore too, where the role may make a database; else that is said", async () => {
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const restored = await vault.restore(target.adminUrl, {}, marking());
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("function public.noisy() could not be compared"),
    });
    expect(await leftovers()).toEqual([]);
    await using owned = await cluster.createDatabase({ owner: "postgres" });
    await cluster.admin(`ALTER DATABASE "${owned.name}" OWNER TO modest`);
    const url = new URL(owned.adminUrl);
    url.username = "modest";
    url.password = "modest";
    const modest = await vault.restore(url.href, { noOwner: true }, marking());
    expect({ exit: modest.exit, said: said(modest) }).toEqual({
      exit: 5,
      said: expect.stringContaining("no control was possible: role modest may not create databases"),
    });
  });

  it("has a control that a killed restore left dropped by a later one, a day old and unused", async () => {
    const [old, young] = [
      "holdfast_control_20200101t000000_0000000000ab",
      `holdfast_control_${new Date()
        .toISOString()
        .slice(0, "YYYY-MM-DDThh:mm:ss".length)
        .replaceAll(/[-:]/g, "")
        .replace("T", "t")}_cd`,
    ] as const;
    for (const name of [old, young]) await cluster.admin(`CREATE DATABASE ${name}`);
    await using target = await cluster.createDatabase({ owner: "postgres" });
    const names: string[] = [];
    const ports = testPorts({
      tools: (tools) =>
        marking().tools({
          ...tools,
          load: async (request) => {
            names.push(request.address.database);
            return await tools.load(request);
          },
        }),
    });
    expect((await vault.restore(target.adminUrl, {}, ports)).exit).toBe(0);
    expect(ports.lines.join("\n")).toContain(
      `dropped the control copy ${old}, which an earlier restore had left on the server`,
    );
    expect(await leftovers()).toEqual([{ datname: young }]);
    await cluster.admin(`DROP DATABASE ${young}`);
    // So that a sweep knows it: with the time of its making.
    expect(
      names.filter((name) => /^holdfast_control_\d{8}t\d{6}_[0-9a-f]+$/.test(name)).length,
    ).toBeGreaterThan(0);
  });
});
