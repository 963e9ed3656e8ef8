import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { forwarding } from "../../support/decorators.ts";
import { testPorts } from "../../support/test-ports.ts";
import { expectRefusal, output, said, Vault } from "../../support/vault.ts";

/**
 * What a store holds. Damage is shown, leftovers are shown, and a store that cannot be asked is never
 * an empty list.
 */

const NOW = Date.parse("2026-05-10T12:00:00Z");
const DAY = 24 * 3_600_000;
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase({ sql: "CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 1234) g" });
});
afterAll(() => database.drop());

function at(time: number) {
  const ports = testPorts();
  return { ...ports, clock: { ...ports.clock, now: () => new Date(time) } };
}

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly source: string;
  readonly tier: string;
  readonly reason: string | null;
}
const listed = (outcome: { outputs: Readonly<Record<string, unknown>> }): Listed[] =>
  outcome.outputs["backups"] as Listed[];

describe("a list", () => {
  it("that is empty says which sources there are, that it is no store of ours, or nothing yet", async () => {
    await using vault = await Vault.make();
    await vault.backup(database.url, { source: "bookshop" });
    const typo = await vault.list({ source: "bookshp" });
    expect(typo).toMatchObject({
      exit: 0,
      outputs: { count: 0 },
      report: { good: false, headline: `${vault.url} holds 1 backup, and none of source bookshp` },
    });
    expect(said(typo)).toContain("it has backups of bookshop: did you mean --source bookshop?");
    await using other = await Vault.make();
    await mkdir(`${other.folder}/store`);
    expect(await other.list()).toMatchObject({
      exit: 0,
      report: { good: true, headline: `${other.url} holds 0 backups` },
    });
    await writeFile(`${other.folder}/store/passwd`, "x");
    expect(await other.list()).toMatchObject({
      exit: 0,
      outputs: { count: 0 },
      report: { good: false, headline: expect.stringContaining("nothing in it was written by Holdfast") },
    });
  });

  it("shows the newest first, of every source and tier, with size, rows, age and state", async () => {
    await using vault = await Vault.make();
    const ids: string[] = [];
    for (const [age, source, tier] of [
      [3, "shop", "tier2"],
      [1, "crm", "tier1"],
      [2, "shop", "tier1"],
    ] as const) {
      ids.push(output(await vault.backup(database.url, { source, tier }, at(NOW - age * DAY)), "id"));
    }
    const outcome = await vault.list();
    expect(outcome).toMatchObject({
      exit: 0,
      outputs: { count: 3, latest: ids[1], "latest-verified": "", orphans: [] },
      report: { good: true, headline: expect.stringContaining("3 backups, 0 verified, 3 unverified") },
    });
    expect(listed(outcome).map((one) => one.id)).toEqual([ids[1], ids[2], ids[0]]);
    expect(listed(outcome)[2]).toMatchObject({
      source: "shop",
      tier: "tier2",
      time: "2026-05-07T12:00:00.000Z",
      state: "unverified",
      reason: "never validated",
      tables: 1,
      rows: 1234,
      kinds: ["full"],
      encrypted: true,
      recipients: [vault.recipient],
      proof: "content",
    });
    expect((await vault.list({ source: "shop" })).outputs).toMatchObject({ count: 2, latest: ids[2] });
    expect((await vault.list({ source: "shop", tier: "tier2" })).outputs).toMatchObject({
      count: 1,
      latest: ids[0],
    });
    expect((await vault.list({ source: "sho" })).outputs).toMatchObject({ count: 0, latest: "" });
    expect(said(outcome)).toContain("1,234");
  });

  it("tells verified, failed and merely readable ones apart, and names the newest verified", async () => {
    await using vault = await Vault.make();
    const [good, failed, opened] = [
      output(await vault.backup(database.url, {}, at(NOW - 3 * DAY)), "id"),
      output(await vault.backup(database.url, {}, at(NOW - 2 * DAY)), "id"),
      output(await vault.backup(database.url, {}, at(NOW - DAY)), "id"),
    ];
    await vault.validate({ backup: good, depth: "restored" });
    const artifact = vault.path(vault.files("database").find((path) => path.includes(failed))!);
    const bytes = await readFile(artifact);
    await writeFile(artifact, bytes.subarray(1));
    await vault.validate({ backup: failed, depth: "stored" });
    await vault.validate({ backup: opened, depth: "opened" });
    const outcome = await vault.list();
    expect(listed(outcome).map((one) => [one.id, one.state])).toEqual([
      [opened, "unverified"],
      [failed, "failed verification"],
      [good, "verified"],
    ]);
    expect(outcome.outputs).toMatchObject({ latest: opened, "latest-verified": good });
    expect(outcome.report.headline).toMatch(
      / holds 3 backups, 1 verified, 1 failed verification, 1 unverified$/,
    );
    // A later success at a lower depth does not wash a failure away, but a whole proof does.
    await writeFile(artifact, bytes);
    await vault.validate({ backup: failed, depth: "opened" });
    expect(listed(await vault.list())[1]).toMatchObject({ state: "failed verification" });
    await vault.validate({ backup: failed, depth: "restored" });
    expect(listed(await vault.list())[1]).toMatchObject({ state: "verified" });
  });

  it("shows a damaged manifest in its place and ends with 5", async () => {
    await using vault = await Vault.make();
    const [old, damaged] = [
      await vault.backup(database.url, {}, at(NOW - 2 * DAY)),
      await vault.backup(database.url, {}, at(NOW - DAY)),
    ];
    const path = vault.path(output(damaged, "manifest"));
    const text = await readFile(path, "utf8");
    for (const bad of [
      text.replace("1234", "1235"),
      text.slice(0, -20),
      "",
      "{}",
      text.replace(/"source": "shop"/, '"source": "crm"'),
    ]) {
      await writeFile(path, bad);
      const outcome = await vault.list();
      expect(outcome).toMatchObject({ exit: 5, outputs: { count: 2 }, report: { good: false } });
      expect(listed(outcome).map((one) => [one.id, one.state])).toEqual([
        [output(damaged, "id"), "damaged"],
        [output(old, "id"), "unverified"],
      ]);
      expect(said(outcome)).toMatch(/DAMAGED MANIFEST/);
    }
    await writeFile(path, text);
    expect((await vault.list()).exit).toBe(0);
  });

  it("does not count a damaged or borrowed receipt, shows it, and ends with 5 for damage", async () => {
    await using vault = await Vault.make();
    const [proved, other] = [
      output(await vault.backup(database.url, {}, at(NOW - 2 * DAY)), "id"),
      output(await vault.backup(database.url, {}, at(NOW - DAY)), "id"),
    ];
    const receipt = (
      (await vault.validate({ backup: proved, depth: "restored" })).outputs["receipts"] as string[]
    )[0]!;
    const text = await readFile(vault.path(receipt), "utf8");
    // One backup's receipt laid under another's name proves nothing.
    await (
      await testPorts().openStore(vault.url, undefined)
    ).put(
      receipt.replace(proved, other),
      (async function* () {
        yield Buffer.from(text);
      })(),
    );
    expect(listed(await vault.list()).map((one) => one.state)).toEqual(["unverified", "verified"]);
    await writeFile(vault.path(receipt), text.replace('"proved"', '"failed"'));
    const outcome = await vault.list();
    expect(outcome.exit).toBe(5);
    expect(said(outcome)).toContain(`damaged receipt, not counted: ${receipt}`);
    expect(listed(outcome)[1]).toMatchObject({ state: "unverified" });
  });

  it("shows artifacts without a manifest as what they are: no backup", async () => {
    await using vault = await Vault.make();
    const outcome = await vault.backup(database.url);
    await rm(vault.path(output(outcome, "manifest")));
    const list = await vault.list();
    expect(list).toMatchObject({
      exit: 0,
      outputs: {
        count: 0,
        latest: "",
        orphans: [{ id: output(outcome, "id"), source: "shop", tier: "tier2", blobs: 1 }],
      },
    });
    expect(said(list)).toContain("but no manifest");
    expect((await vault.list({ source: "crm" })).outputs["orphans"]).toEqual([]);
  });

  it("of an empty store is empty, and says so", async () => {
    await using vault = await Vault.make();
    await vault.backup(database.url);
    for (const file of vault.files()) await rm(vault.path(file));
    expect(await vault.list()).toMatchObject({
      exit: 0,
      outputs: { count: 0 },
      report: { headline: expect.stringContaining("0 backups") },
    });
  });
});

describe("a store that cannot be asked", () => {
  it("is an error and never an empty list: the folder is not there", async () => {
    await using vault = await Vault.make();
    await expectRefusal(vault.list(), {
      code: "store.missing",
      exit: 4,
      says: vault.url.slice(7),
      hint: /folder|disk/,
    });
  });

  it.each([
    ["manifests/", "store.denied"],
    ["receipts/", "store.unreachable"],
    ["database/", "store.denied"],
  ] as const)("is an error and never an empty list: %s cannot be listed", async (prefix, code) => {
    await using vault = await Vault.make();
    await vault.backup(database.url);
    const failing = {
      store: (store: BlobStore) =>
        forwarding(store, {
          list: async function* (asked: string) {
            if (asked.startsWith(prefix)) {
              throw new HoldfastError(code, `listing ${asked} was refused`, {
                hint: "Log in again and repeat.",
              });
            }
            yield* store.list(asked);
          },
        }),
    };
    await expectRefusal(vault.list({}, failing), {
      code,
      exit: 4,
      says: `listing ${prefix}`,
      hint: /Log in again/,
    });
  });

  it("is an error, of one document that cannot be read too, and says which", async () => {
    await using vault = await Vault.make();
    await vault.backup(database.url);
    await vault.validate({ depth: "stored" });
    for (const prefix of ["manifests/", "receipts/"]) {
      const failing = {
        store: (store: BlobStore) =>
          forwarding(store, {
            get: (path: string, range?: { start: number; end?: number }) =>
              path.startsWith(prefix)
                ? Promise.reject(
                    new HoldfastError("store.denied", `reading ${path} was refused`, {
                      hint: "Log in again and repeat.",
                    }),
                  )
                : store.get(path, range),
          }),
      };
      const outcome = await vault.list({}, failing);
      const state = prefix === "manifests/" ? "unreadable" : "unverified";
      expect([outcome.exit, listed(outcome)[0]!.state]).toEqual([4, state]);
      expect(said(outcome)).toContain(`reading ${prefix}`);
    }
  });
});
