import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError, type ErrorCode } from "../../../src/kernel/errors.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { forwarding } from "../../support/decorators.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { casesInTurn } from "../../support/sampling.ts";
import { testPorts, type TestPorts } from "../../support/test-ports.ts";
import { Vault } from "../../support/vault.ts";

/**
 * One document that cannot be read is a line beside the others: a rule of the store's moved it to an archive,
 * its rights are other ones, it was removed a moment ago, it is damaged, or a newer version wrote it.
 */

let vault: Vault;
let database: TestDatabase;
let ids: string[];

beforeAll(async () => {
  vault = await Vault.make();
  database = await createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
  ids = [];
  for (let count = 0; count < 3; count += 1) {
    const taken = await vault.backup(database.url);
    ids.push(taken.outputs["id"] as string);
  }
  await vault.validate({ backup: ids[0]! });
});
afterAll(async () => {
  await vault[Symbol.asyncDispose]();
  await database.drop();
});

const CODES = [
  "store.archived",
  "store.denied",
  "store.not-found",
  "store.lied",
  "store.unreadable",
  "catalog.damaged",
  "catalog.unknown-format",
] as const;

/** Ports whose store gives every document but one, which it gives with an error. */
function without(path: (path: string) => boolean, code: ErrorCode): TestPorts {
  const get =
    (store: BlobStore): BlobStore["get"] =>
    (asked, range) => {
      if (!path(asked)) return store.get(asked, range);
      throw new HoldfastError(code, `${asked} is ${code}`, { hint: "what to do" });
    };
  return testPorts({ store: (store) => forwarding(store, { get: get(store) }) });
}

const manifestOf = (id: string) => (path: string) => path.startsWith("manifests/") && path.includes(id);

describe.each(casesInTurn("manifests that cannot be read", CODES, { every: 3 }))(
  "a manifest that is %s",
  (code) => {
    it("does not cost tonight's backup", async () => {
      await using other = await Vault.make();
      const first = await other.backup(database.url);
      const ports = without(manifestOf(first.outputs["id"] as string), code);
      const next = await other.backup(database.url, {}, ports);
      expect(next.exit).toBe(0);
      expect(ports.lines.join("\n")).toMatch(/warn: the previous backup's manifest cannot be read: .*/);
    });

    it("is passed over, aloud, by a restore of what is verified", async () => {
      await using target = await createDatabase();
      const ports = without(manifestOf(ids[2]!), code);
      const restored = await vault.restore(target.url, { backup: "latest-verified" }, ports);
      expect(restored.exit).toBe(0);
      expect(ports.lines.join("\n")).toContain(`backup ${ids[2]!} is passed over: `);
    });
  },
);

describe.each(CODES)("a manifest that is %s", (code) => {
  it("is one line of a list", async () => {
    const listed = await vault.list({}, without(manifestOf(ids[1]!), code));
    const backups = listed.outputs["backups"] as { id: string; state: string; code?: string }[];
    expect(backups.map(({ id }) => id)).toEqual([...ids].reverse());
    const isDamaged = code.startsWith("catalog.");
    expect(backups[1]).toMatchObject({ state: isDamaged ? "damaged" : "unreadable", code });
    expect(listed.exit).toBe(isDamaged ? 5 : code === "store.archived" ? 0 : 4);
    expect(listed.report.notes.join("\n")).toContain(`is ${code}`);
  });

  it("ends a restore of the latest, which is not to be an older one, with a way on", async () => {
    await using target = await createDatabase();
    await expect(
      vault.restore(target.url, { backup: "latest" }, without(manifestOf(ids[2]!), code)),
    ).rejects.toMatchObject({ code, hint: expect.stringContaining("--backup latest-verified") });
  });
});

describe("a validation of several backups", () => {
  it.each(["store.archived", "store.denied", "store.lied"] as const)(
    "proves those that can be read beside one that is %s, and does not end well",
    async (code) => {
      const ports = without(manifestOf(ids[1]!), code);
      const validated = await vault.validate({ since: 3_600_000, depth: "stored" }, ports);
      const backups = validated.outputs["backups"] as { id: string; verdict: string }[];
      expect(backups.map(({ id, verdict }) => [id, verdict])).toEqual([
        [ids[2], "proved"],
        [ids[0], "proved"],
      ]);
      expect([validated.exit, validated.outputs["verdict"]]).toEqual([4, "gaps"]);
      expect(validated.report.headline).toContain("; 1 could not be read");
      expect(validated.report.notes.join("\n")).toContain(`backup ${ids[1]!} could not be read: `);
    },
  );

  it("goes on past an artifact that lies in an archive", async () => {
    const ports = without((path) => path.startsWith("database/") && path.includes(ids[1]!), "store.archived");
    const validated = await vault.validate({ since: 3_600_000, depth: "stored" }, ports);
    expect([validated.exit, validated.outputs["count"]]).toEqual([4, 2]);
  });

  it("tells its verdict where no receipt may be written, and says that there is none", async () => {
    const ports = testPorts({
      store: (store) =>
        forwarding(store, {
          put: (path) =>
            Promise.reject(new HoldfastError("store.denied", `${path} may not be written`, { hint: "ask" })),
        }),
    });
    const validated = await vault.validate({ backup: ids[0]!, depth: "stored" }, ports);
    expect([validated.exit, validated.outputs["verdict"], validated.outputs["receipts"]]).toEqual([
      0,
      "proved",
      [],
    ]);
    expect(validated.report.notes.join("\n")).toMatch(
      /no receipt of backup \S+ could be written, .*may not be/,
    );
  });

  it("ends as an error where the receipt might have been written, and tells its verdict", async () => {
    const put = (path: string): Promise<never> =>
      Promise.reject(new HoldfastError("store.unreachable", `writing ${path}: no answer`, { hint: "wait" }));
    const ports = testPorts({ store: (store) => forwarding(store, { put }) });
    const validated = await vault.validate({ backup: ids[0]!, depth: "stored" }, ports);
    expect([validated.exit, validated.outputs["verdict"]]).toEqual([4, "proved"]);
    expect(validated.report.headline).toContain("; 1 receipt could not be written");
    expect(validated.report.notes.join("\n")).toMatch(
      /no answer; validate again to have it on record \(store\.unreachable: wait\)/,
    );
  });

  it("and a list past a receipt that cannot be read, which counts for nothing", async () => {
    const listed = await vault.list(
      {},
      without((path) => path.startsWith("receipts/"), "store.denied"),
    );
    const backups = listed.outputs["backups"] as { state: string }[];
    expect(backups.map(({ state }) => state)).toEqual(["unverified", "unverified", "unverified"]);
    expect(listed.report.notes.join("\n")).toContain("receipt not read, not counted: receipts/");
    expect([listed.exit, listed.report.good]).toEqual([4, false]);
  });
});
