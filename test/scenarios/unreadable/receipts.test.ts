import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileReceipt } from "../../../src/backups/validate/file-receipt.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { Catalog } from "../../../src/nouns/catalog/catalog.ts";
import { findProtection } from "../../../src/schema/apply/guard/protecting-backup.ts";
import { MemoryStore } from "../../fakes/memory-store.ts";
import { keyOf, sampleReceipt } from "../../nouns/catalog/samples.ts";
import { forwarding } from "../../support/decorators.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { testPorts, type TestPorts } from "../../support/test-ports.ts";
import { Vault } from "../../support/vault.ts";

/** A receipt that cannot be read may say that the backup failed: who builds on the others must hear it. */

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
});
afterAll(() => database.drop());

/** Ports whose store has these documents in an archive. */
const archived = (isIt: (path: string) => boolean): TestPorts =>
  testPorts({
    store: (store) =>
      forwarding(store, {
        get: (path, range) => {
          if (!isIt(path)) return store.get(path, range);
          throw new HoldfastError("store.archived", `${path} is archived`, { hint: "Rehydrate it." });
        },
      }),
  });

/** A backup that was proved, and failed since. */
async function failedSince(vault: Vault): Promise<{ id: string; failed: string; catalog: Catalog }> {
  const id = (await vault.backup(database.url)).outputs["id"] as string;
  await vault.validate({ backup: id });
  const catalog = new Catalog(await testPorts().openStore(vault.url, undefined));
  const { value } = await catalog.readReceipt([...(await catalog.receiptPaths()).values()][0]![0]!);
  const failed = await catalog.addReceipt({
    ...value,
    verdict: "failed",
    findings: [{ severity: "difference", about: "table", name: "t", message: "holds other rows" }],
    finishedAt: new Date(Date.now() + 60_000).toISOString(),
  });
  return { id, failed, catalog };
}

describe("a receipt that cannot be read", () => {
  it("is told where a backup is restored that counts as verified without it", async () => {
    await using vault = await Vault.make();
    await using target = await createDatabase();
    const { id, failed } = await failedSince(vault);
    const ports = archived((path) => path === failed);
    const dry = await vault.restore(target.url, { backup: id, dryRun: true }, ports);
    const told = JSON.stringify(dry) + ports.lines.join("\n");
    expect(told).toContain("verified");
    expect(told).toContain(`of its receipts, 1 cannot be read`);
    expect(told).toContain(`${failed} is archived`);
  });

  it("does not make a backup one that was never validated", async () => {
    await using vault = await Vault.make();
    await using target = await createDatabase();
    const { id } = await failedSince(vault);
    const ports = archived((path) => path.startsWith("receipts/"));
    const none = await vault.restore(target.url, { backup: "latest-verified" }, ports);
    expect(none.report.headline).toContain("1 with a receipt that could not be read");
    expect(none.report.headline).not.toContain("never validated");
    expect(JSON.stringify(none.report)).toContain(id);
  });

  it("takes a backup out of those that protect from a destructive migration, aloud", async () => {
    await using vault = await Vault.make();
    const { id, failed, catalog } = await failedSince(vault);
    const unread = new Catalog(
      forwarding(catalog.store, {
        get: (path, range) =>
          path === failed
            ? Promise.reject(new HoldfastError("store.archived", `${path} is archived`, { hint: "x" }))
            : catalog.store.get(path, range),
      }),
    );
    const ports = testPorts();
    const objects = [{ schema: "public", name: "t" }] as never;
    const wanted = { source: "shop", database: database.name, maxAgeMs: 3_600_000 };
    expect((await findProtection(unread, objects, wanted, ports)).by).toEqual([undefined]);
    expect(ports.lines.join("\n")).toContain(
      `backup ${id} is passed over: a receipt of it cannot be read, and may say that it failed`,
    );
  });
});

describe("a verdict", () => {
  it("is told where a file lies in the place of the receipts' folder", async () => {
    await using vault = await Vault.make();
    await vault.backup(database.url);
    writeFileSync(join(vault.folder, "store", "receipts"), "");
    const validated = await vault.validate({ depth: "stored" });
    expect(validated.outputs["verdict"]).toBe("proved");
  });

  it.each(["store.exists", "store.changed", "store.not-found"] as const)(
    "has a way on where an error has none: %s",
    async (code) => {
      const store = forwarding(new MemoryStore("memory://a"), {
        put: () => Promise.reject(new HoldfastError(code, "x")),
      });
      const receipt = sampleReceipt(keyOf("20261122T020000Z-1a2b3c"));
      const filed = await fileReceipt(new Catalog(store), receipt);
      expect(filed.notes.join()).not.toContain("undefined");
    },
  );
});

describe("a dry run of a validation", () => {
  it("tells what could not be read, and does not end well", async () => {
    await using vault = await Vault.make();
    const id = (await vault.backup(database.url)).outputs["id"] as string;
    await vault.backup(database.url);
    const ports = archived((path) => path.startsWith("manifests/") && path.includes(id));
    const dry = await vault.validate({ since: 3_600_000, depth: "stored", dryRun: true }, ports);
    expect([dry.exit, dry.report.headline]).toEqual([4, expect.stringContaining("; 1 could not be read")]);
    expect(dry.report.notes.join()).toContain(`backup ${id} could not be read`);
  });

  it("refuses what its client programs would pass over, as the run does", async () => {
    await using vault = await Vault.make();
    await vault.backup(database.url);
    const scratch = new URL(database.adminUrl);
    scratch.searchParams.set("require_auth", "scram-sha-256");
    const codes = [false, true].map((dryRun) =>
      vault.validate({ scratch: scratch.href, dryRun }).then(
        ({ exit }) => `exit ${exit}`,
        (error: unknown) => (error as HoldfastError).code,
      ),
    );
    const [run, dry] = await Promise.all(codes);
    expect(dry).toBe(run);
  });
});
