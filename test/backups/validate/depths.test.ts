import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { generateX25519Identity } from "age-encryption";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { expectRefusal, findings, output, said, Vault } from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** How deep a validation goes, what it needs for that, and what it leaves behind. */

let cluster: Cluster;
let database: TestDatabase;
let vault: Vault;
let id: string;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
  database = await cluster.createDatabase({
    sql: `
      CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 5000) g;
      CREATE TABLE customers (name text);
      INSERT INTO customers VALUES ('a')
    `,
  });
  id = output(await vault.backup(database.url), "id");
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

/** Programs and servers that are not there. */
const withoutServers = () => ({
  ...testPorts(),
  scratchServers: () =>
    Promise.resolve({
      available: () =>
        Promise.resolve({ major: undefined, reason: "no PostgreSQL server is installed on this machine" }),
      start: () => Promise.reject(new Error("it was started")),
    }),
});
const withoutTools = () => ({
  ...withoutServers(),
  dumpTools: async () => ({ ...(await testPorts().dumpTools()), installed: () => Promise.resolve([]) }),
});

describe("a validation of depth", () => {
  it.each(["stored", "opened", "restored"] as const)(
    "%s of a good backup ends with 0 and a receipt that says so",
    async (depth) => {
      const before = vault.files("receipts").length;
      const artifact = vault.files("database")[0]!;
      const bytes = await readFile(vault.path(artifact));
      const validated = await vault.validate({ depth });
      expect(validated).toMatchObject({
        exit: 0,
        report: { good: true },
        outputs: {
          verdict: "proved",
          count: 1,
          "first-difference": "",
          backups: [{ id, depth, verdict: "proved", findings: [] }],
        },
      });
      expect(vault.files("receipts")).toHaveLength(before + 1);
      const [receipt] = validated.outputs["receipts"] as string[];
      expect(JSON.parse(await readFile(vault.path(receipt!), "utf8"))).toMatchObject({
        backup: id,
        kind: depth,
        verdict: "proved",
        counts: depth === "restored" ? { tables: 2, rows: 5001 } : { tables: 0, rows: 0 },
      });
      // Looking changes nothing.
      expect(await readFile(vault.path(artifact))).toEqual(bytes);
    },
  );

  it("stored needs no key; opened and restored say that they do", async () => {
    expect((await vault.validate({ depth: "stored", identity: null })).exit).toBe(0);
    for (const depth of ["opened", "restored"] as const) {
      await expectRefusal(vault.validate({ depth, identity: null }), {
        code: "input.missing",
        exit: 2,
        says: `backup ${id} is encrypted and no identity was given`,
        hint: /--identity-file.*--depth stored/,
      });
    }
  });

  it.each(["opened", "restored"] as const)(
    "%s with another key is an input error and no verdict about the backup",
    async (depth) => {
      const receipts = vault.files("receipts");
      const identity = await generateX25519Identity();
      const error = await expectRefusal(vault.validate({ depth, identity }), {
        code: "seal.identity",
        exit: 2,
        says: /identit/,
        hint: /\./,
      });
      expect(`${error.message}${error.hint ?? ""}`).not.toContain(identity.slice(15));
      expect(vault.files("receipts")).toEqual(receipts);
    },
  );

  it("whatever it is refuses a malformed key without repeating it", async () => {
    const identity = "AGE-SECRET-KEY-1NOTAKEYATALL";
    const error = await expectRefusal(vault.validate({ identity }), {
      code: "input.malformed",
      exit: 2,
      says: /identity/,
      hint: /AGE-SECRET-KEY-1/,
    });
    expect(error.message).not.toContain("NOTAKEYATALL");
  });

  it("unasked falls to opened where no server can be started, and says why", async () => {
    const validated = await vault.validate({}, withoutServers());
    expect(validated).toMatchObject({
      exit: 0,
      outputs: { backups: [{ depth: "opened", verdict: "proved" }] },
    });
    expect(said(validated)).toContain(
      "not restored: no PostgreSQL server to restore into: no PostgreSQL server is installed on this machine",
    );
    // Being readable is not being verified.
    const fresh = await Vault.make();
    await using _ = fresh;
    await fresh.backup(database.url);
    await fresh.validate({ identity: fresh.identity }, withoutServers());
    expect((await fresh.list()).outputs).toMatchObject({
      backups: [{ state: "unverified", reason: "only opened" }],
      "latest-verified": "",
    });
  });

  it("restored, when asked for by name, is refused where no server can be started", async () => {
    await expectRefusal(vault.validate({ depth: "restored" }, withoutServers()), {
      code: "tool.missing",
      exit: 4,
      says: "no PostgreSQL server to restore into",
      hint: /--scratch/,
    });
  });

  it("opened without any pg_restore is a gap, never green", async () => {
    const validated = await vault.validate({ depth: "opened" }, withoutTools());
    expect(validated).toMatchObject({ exit: 3, outputs: { verdict: "gaps" } });
    expect(findings(validated)).toEqual([
      expect.objectContaining({
        severity: "gap",
        message: expect.stringContaining("table of contents was not compared"),
      }),
    ]);
  });

  it("restored is impossible on a server older than the source, and is refused at once", async () => {
    const manifest = vault.files("manifests")[0]!;
    await using newer = await Vault.make();
    await newer.backup(database.url);
    const document = await vault.manifest(id);
    expect(document.server.major).toBeLessThan(99);
    const ports = {
      ...testPorts(),
      scratchServers: () =>
        Promise.resolve({
          available: () => Promise.resolve({ major: document.server.major - 1 }),
          start: () => Promise.reject(new Error("it was started")),
        }),
    };
    await expectRefusal(vault.validate({ depth: "restored" }, ports), {
      code: "tool.too-old",
      exit: 4,
      says:
        `is of PostgreSQL ${document.server.major}, and the scratch server ` +
        `is ${document.server.major - 1}`,
      hint: /Install PostgreSQL/,
    });
    expect(vault.files("manifests")).toContain(manifest);
  });
});

describe("a validation that finds damage", () => {
  const damaged = async (change: (bytes: Buffer) => Buffer) => {
    const one = await Vault.make();
    await one.backup(database.url);
    const path = one.path(one.files("database")[0]!);
    await writeFile(path, change(await readFile(path)));
    return one;
  };

  it.each(
    casesInTurn(
      "damage at every depth",
      [
        [
          "a flipped bit in the middle",
          (bytes: Buffer) => (bytes.set([bytes[bytes.length >> 1]! ^ 1], bytes.length >> 1), bytes),
        ],
        ["a missing last byte", (bytes: Buffer) => bytes.subarray(0, -1)],
        ["an added byte", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
      ],
      { every: 3 },
    ),
  )("%s: exit 5 at every depth, naming the artifact, and the backup counts as failed", async (_, change) => {
    await using one = await damaged(change);
    for (const depth of ["stored", "opened", "restored"] as const) {
      const validated = await one.validate({ depth });
      expect(validated).toMatchObject({
        exit: 5,
        outputs: {
          verdict: "failed",
          "first-difference": expect.stringMatching(/full\.dump\.zst\.age is damaged/),
        },
      });
    }
    expect((await one.list()).outputs).toMatchObject({ backups: [{ state: "failed verification" }] });
    await expectRefusal(one.restore((await cluster.createDatabase()).url), {
      code: "artifact.damaged",
      exit: 5,
      says: "full.dump.zst.age is damaged",
      hint: /latest-verified/,
    });
  });

  it("an artifact that is gone: exit 5, naming it", async () => {
    await using one = await Vault.make();
    await one.backup(database.url);
    await (await testPorts().openStore(one.url, undefined)).remove(one.files("database")[0]!);
    const validated = await one.validate({ depth: "stored" });
    expect(validated).toMatchObject({
      exit: 5,
      outputs: {
        "first-difference": expect.stringContaining("is promised by the manifest and not in the store"),
      },
    });
  });

  it("a manifest that was edited: exit 5 for it, and the others are still validated", async () => {
    await using one = await Vault.make();
    const first = await one.backup(database.url);
    await one.backup(database.url, { tier: "tier1" });
    const path = one.path(output(first, "manifest"));
    await writeFile(path, (await readFile(path, "utf8")).replace('"rows": 5000', '"rows": 5001'));
    const validated = await one.validate({ backup: "latest-per-tier", depth: "stored" });
    expect(validated).toMatchObject({ exit: 5, outputs: { count: 2, verdict: "failed" } });
    expect(
      (validated.outputs["backups"] as { tier: string; verdict: string }[])
        .map(({ tier, verdict }) => [tier, verdict])
        .sort(),
    ).toEqual([
      ["tier1", "proved"],
      ["tier2", "failed"],
    ]);
  });
});
