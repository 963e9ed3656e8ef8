import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync, writeFileSync } from "node:fs";
import { generateX25519Identity } from "age-encryption";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { startCluster, type Cluster, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { freePort } from "../../support/tools.ts";
import { expectRefusal, output, Vault } from "../../support/vault.ts";

/** Which backup is restored, and what is wrong with the inputs: found before the target is touched. */

let cluster: Cluster;
let source: TestDatabase;
let target: TestDatabase;
let vault: Vault;
const ids: string[] = [];

beforeAll(async () => {
  cluster = await startCluster();
  source = await cluster.createDatabase({ sql: "CREATE TABLE t (a int)" });
  target = await cluster.createDatabase();
  vault = await Vault.make();
  for (const [index, time] of [
    "2026-04-01T02:00:00Z",
    "2026-04-02T02:00:00Z",
    "2026-04-03T02:00:00Z",
  ].entries()) {
    await source.query(`INSERT INTO t VALUES (${index})`);
    const ports = testPorts();
    ids.push(
      output(
        await vault.backup(
          source.url,
          {},
          { ...ports, clock: { ...ports.clock, now: () => new Date(time) } },
        ),
        "id",
      ),
    );
  }
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function expectEmpty(): Promise<void> {
  expect(
    await target.query("SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 'public'::regnamespace"),
  ).toEqual([{ n: 0 }]);
}

describe("a restore chooses", () => {
  it("the latest, one by its id, and the newest whose snapshot is not later than a time", async () => {
    const snapshots = await Promise.all(
      ids.map(async (id) => Date.parse((await vault.manifest(id)).snapshotAt)),
    );
    const wanted = async (choice: Parameters<Vault["restore"]>[1]) =>
      (await vault.restore(target.url, { ...choice, dryRun: true })).outputs["id"];
    expect(await wanted({})).toBe(ids[2]);
    expect(await wanted({ backup: ids[0]! })).toBe(ids[0]);
    expect(await wanted({ before: new Date(snapshots[1]!) })).toBe(ids[1]);
    expect(await wanted({ before: new Date(snapshots[2]! - 1) })).toBe(ids[1]);
    expect(await wanted({ before: new Date(snapshots[2]! + 3_600_000) })).toBe(ids[2]);
    await expectEmpty();
  });

  it("nothing when there is none before that time: exit 3, and nothing is touched", async () => {
    const outcome = await vault.restore(target.url, { before: new Date("2026-03-31T00:00:00Z") });
    expect(outcome).toMatchObject({
      exit: 3,
      outputs: { id: "", verdict: "failed" },
      report: { good: false, headline: expect.stringContaining("nothing was touched") },
    });
    await expectEmpty();
  });

  it("latest-verified: nothing while none is, then exactly the one that is", async () => {
    const read: string[] = [];
    const heard = (store: BlobStore): BlobStore =>
      new Proxy(store, {
        get: (inner, name) => {
          const value = Reflect.get(inner, name, inner) as unknown;
          if (typeof value !== "function") return value;
          return (...values: unknown[]): unknown => {
            if (name === "get") read.push(String(values[0]));
            return (value as (...all: unknown[]) => unknown).apply(inner, values);
          };
        },
      });
    expect(await vault.restore(target.url, { backup: "latest-verified" }, { store: heard })).toMatchObject({
      exit: 3,
      outputs: { id: "" },
    });
    // Each manifest once: what was read for the choice also says why there is none.
    expect(read.map((path) => path.replace(/^.*\/|\.json$/g, "")).sort()).toEqual([...ids].sort());
    await expectEmpty();
    await vault.validate({ backup: ids[2]!, depth: "opened" });
    expect((await vault.restore(target.url, { backup: "latest-verified" })).exit).toBe(3);
    await vault.validate({ backup: ids[1]!, scratch: cluster.adminUrl() });
    expect((await vault.restore(target.url, { backup: "latest-verified", dryRun: true })).outputs["id"]).toBe(
      ids[1],
    );
    const upTo = (before: Date) =>
      vault.restore(target.url, { backup: "latest-verified", before, dryRun: true });
    expect((await upTo(new Date())).outputs["id"]).toBe(ids[1]);
    // The first backup is early enough and not verified.
    const second = Date.parse((await vault.manifest(ids[1]!)).snapshotAt);
    expect((await upTo(new Date(second - 1))).outputs["id"]).toBe("");
    expect((await upTo(new Date(second))).outputs["id"]).toBe(ids[1]);
    await expectEmpty();
  });

  it("no source for you where there are several", async () => {
    await using both = await Vault.make();
    await both.backup(source.url, { source: "shop" });
    await both.backup(source.url, { source: "crm" });
    await expectRefusal(both.restore(target.url), {
      code: "input.conflict",
      exit: 2,
      says: "backups of several sources: ",
      hint: /--source/,
    });
    expect((await both.restore(target.url, { source: "crm", dryRun: true })).outputs["plan"]).toMatchObject({
      source: "crm",
    });
    await expectEmpty();
  });
});

describe("a plan says what is known of the chosen backup:", () => {
  const planned = async (
    backup: string,
  ): Promise<{ standing: unknown; warnings: readonly string[]; said: string }> => {
    const { outputs, report } = await vault.restore(target.url, { backup, dryRun: true });
    const { standing, warnings } = outputs["plan"] as { standing: unknown; warnings: string[] };
    return { standing, warnings, said: JSON.stringify(report) };
  };

  it("never validated, verified and since when, or failed and why", async () => {
    const never = await planned(ids[0]!);
    expect([never.standing, never.warnings]).toEqual([
      { state: "unverified", at: null, reason: "never validated" },
      [],
    ]);
    expect(never.said).toContain("not verified (never validated)");
    await vault.validate({ backup: ids[0]!, scratch: cluster.adminUrl() });
    const verified = await planned(ids[0]!);
    expect([verified.standing, verified.warnings]).toEqual([
      { state: "verified", at: expect.any(String), reason: null },
      [],
    ]);
    expect(verified.said).toMatch(/stored, verified \d{4}-/);
    const artifact = (await vault.manifest(ids[0]!)).artifacts[0]!;
    const path = vault.path(artifact.path);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    await vault.validate({ backup: ids[0]!, depth: "stored" });
    // In a store of gigabytes a plan does not come as far as the damage.
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    const failed = await planned(ids[0]!);
    expect(failed.standing).toMatchObject({ state: "failed verification" });
    expect(failed.warnings).toEqual([
      expect.stringMatching(/^this backup FAILED its validation of .*latest-verified/),
    ]);
    expect(failed.said).toContain("FAILED verification");
  });
});

describe("a restore with wrong inputs touches nothing:", () => {
  it("an unknown id, a malformed one, contradictions", async () => {
    await expectRefusal(vault.restore(target.url, { backup: "20260101T000000Z-000000" }), {
      code: "input.no-such-backup",
      exit: 2,
      says: "no backup 20260101T000000Z-000000",
      hint: new RegExp(ids[2]!),
    });
    await expectRefusal(vault.restore(target.url, { backup: "newest" }), {
      code: "input.malformed",
      exit: 2,
      says: "backup is 'newest'",
      hint: /latest-verified/,
    });
    await expectRefusal(vault.restore(target.url, { backup: ids[1]!, before: new Date() }), {
      code: "input.conflict",
      exit: 2,
      says: "before is given",
      hint: /--before alone/,
    });
    await expectRefusal(vault.restore(target.url, { what: "schema", tables: ["public.t"] }), {
      code: "input.conflict",
      exit: 2,
      says: "tables are named",
      hint: /--what/,
    });
    await expectRefusal(vault.restore(target.url, { mode: "beside", what: "data" }), {
      code: "input.conflict",
      exit: 2,
      says: "mode beside",
      hint: /--mode in-place/,
    });
    await expectRefusal(vault.restore(target.url, { tables: ["t"] }), {
      code: "input.malformed",
      exit: 2,
      says: "tables holds 't'",
      hint: /schema and the table/,
    });
    await expectRefusal(vault.restore(target.url, { tables: ["public.T"] }), {
      code: "input.malformed",
      exit: 2,
      says: 'public."T"',
      hint: /Did you mean public\.t\?/,
    });
    await expectRefusal(vault.restore(target.url, { tables: ["pblic.t"] }), {
      code: "input.malformed",
      exit: 2,
      says: "pblic.t",
      hint: /Did you mean public\.t\? It has public\.t; /,
    });
    await expectEmpty();
  });

  it("no key, another key, no key at all", async () => {
    await expectRefusal(vault.restore(target.url, { identity: null }), {
      code: "input.missing",
      exit: 2,
      says: "is encrypted and no identity was given",
      hint: /--identity-file/,
    });
    await expectRefusal(vault.restore(target.url, { identity: await generateX25519Identity() }), {
      code: "seal.identity",
      exit: 2,
      says: /identit/,
      hint: /\./,
    });
    await expectRefusal(vault.restore(target.url, { identity: "AGE-SECRET-KEY-1WRONG" }), {
      code: "input.malformed",
      exit: 2,
      says: /identity/,
      hint: /AGE-SECRET-KEY-1/,
    });
    await expectRefusal(vault.restore(target.url, { identity: vault.recipient }), {
      code: "input.malformed",
      exit: 2,
      says: /identity|public/,
      hint: /AGE-SECRET-KEY-1|secret/,
    });
    await expectEmpty();
  });

  it("a target that cannot be reached, or does not exist, or a part the backup does not hold", async () => {
    const port = await freePort();
    const wrong = (change: (url: URL) => void): string => {
      const url = new URL(target.url);
      change(url);
      return url.href;
    };
    await expectRefusal(vault.restore("http://x"), {
      code: "input.malformed",
      exit: 2,
      says: "target is not a usable database URL",
      hint: /postgresql:/,
    });
    await expectRefusal(vault.restore(wrong((url) => (url.port = String(port)))), {
      code: "database.unreachable",
      exit: 4,
      says: String(port),
      hint: /port/,
    });
    await expectRefusal(vault.restore(wrong((url) => (url.password = "no"))), {
      code: "database.denied",
      exit: 4,
      says: "password authentication failed",
      hint: /Check the user/,
    });
    await expectRefusal(vault.restore(wrong((url) => (url.pathname = "/not_yet"))), {
      code: "database.missing",
      exit: 4,
      says: "not_yet",
      hint: /createdb .* not_yet/,
    });
    await vault.backup(source.url, { source: "schema-only", kinds: ["schema"] });
    await expectRefusal(vault.restore(target.url, { source: "schema-only" }), {
      code: "input.conflict",
      exit: 2,
      says: "holds schema, which does not give whole",
      hint: /--what schema/,
    });
    await expectEmpty();
  });
});
