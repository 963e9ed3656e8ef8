import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { expectRefusal, output, Vault } from "../../support/vault.ts";

/** Which backups are meant. Nothing found where something is expected is bad news, never a quiet success. */

const DAY = 24 * 3_600_000;
let database: TestDatabase;
let vault: Vault;
/** By name: which, when. */
const ids: Record<string, string> = {};
const NOW = Date.parse("2026-05-10T12:00:00Z");

/**
 * Of the named sources only manifests can be read: a rule of the store's has moved the rest to an archive.
 */
function archiving(...sources: readonly string[]): Pick<ReturnType<typeof testPorts>, "openStore"> {
  const { openStore } = testPorts();
  return {
    async openStore(...given) {
      const store = await openStore(...given);
      const get: BlobStore["get"] = (path, range) => {
        if (path.endsWith(".json") || !sources.some((source) => path.includes(`/${source}/`))) {
          return store.get(path, range);
        }
        return Promise.reject(
          new HoldfastError("store.archived", `${path} is in an archive`, {
            hint: "Wait for it to be there again.",
          }),
        );
      };
      return new Proxy(store, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name, target);
          if (name === "get") return get;
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      });
    },
  };
}

function at(time: number) {
  const ports = testPorts();
  return { ...ports, clock: { ...ports.clock, now: () => new Date(time) } };
}

beforeAll(async () => {
  database = await createDatabase({ sql: "CREATE TABLE t AS SELECT 1 AS a" });
  vault = await Vault.make();
  for (const [name, source, tier, age] of [
    ["shop-old", "shop", "tier2", 9 * DAY],
    ["shop-day", "shop", "tier2", 2 * DAY],
    ["shop-new", "shop", "tier2", 3_600_000],
    ["shop-t1", "shop", "tier1", 5 * DAY],
    ["crm", "crm", "tier2", 3 * DAY],
  ] as const) {
    ids[name] = output(await vault.backup(database.url, { source, tier }, at(NOW - age)), "id");
  }
});
afterAll(async () => {
  await database.drop();
  await vault[Symbol.asyncDispose]();
});

describe("a validation selects", () => {
  it.each([
    ["latest of each source", {}, ["shop-new", "crm"]],
    ["latest of one source", { source: "shop" }, ["shop-new"]],
    ["latest of a tier", { source: "shop", tier: "tier1" as const }, ["shop-t1"]],
    ["the latest per tier", { backup: "latest-per-tier" }, ["shop-new", "shop-t1", "crm"]],
    [
      "the latest per tier, written as people do",
      { backup: "latest per tier", source: "shop" },
      ["shop-new", "shop-t1"],
    ],
    ["a day", { backup: "2026-05-08" }, ["shop-day"]],
    ["what is younger than a week", { since: 7 * DAY }, ["shop-day", "shop-new", "shop-t1", "crm"]],
    [
      "what is younger than a week, of one source and tier",
      { since: 7 * DAY, source: "shop", tier: "tier2" as const },
      ["shop-day", "shop-new"],
    ],
  ])("%s", async (_, choice, wanted) => {
    const validated = await vault.validate({ depth: "stored", dryRun: true, ...choice }, at(NOW));
    expect(validated.exit).toBe(0);
    expect((validated.outputs["plan"] as { id: string }[]).map((item) => item.id).sort()).toEqual(
      wanted.map((name) => ids[name]).sort(),
    );
    expect(vault.files("receipts")).toEqual([]);
  });

  it("one by its id", async () => {
    const validated = await vault.validate(
      { backup: ids["shop-old"]!, depth: "stored", dryRun: true },
      at(NOW),
    );
    expect(validated.outputs["plan"]).toMatchObject([
      { id: ids["shop-old"], source: "shop", tier: "tier2", depth: "stored" },
    ]);
  });

  it("an unknown id is an input error that names the newest", async () => {
    await expectRefusal(vault.validate({ backup: "20260101T000000Z-000000" }, at(NOW)), {
      code: "input.no-such-backup",
      exit: 2,
      says: "no backup 20260101T000000Z-000000",
      hint: new RegExp(ids["shop-new"]!),
    });
  });

  it.each(["20260101T000000Z", "2026-02-30", "yesterday", "", "latest-verifed"])(
    "'%s' is refused, listing what can be selected",
    async (backup) => {
      await expectRefusal(vault.validate({ backup }, at(NOW)), {
        code: "input.malformed",
        exit: 2,
        says: `backup is '${backup}'`,
        hint: /latest, latest-per-tier, latest-verified, a day/,
      });
    },
  );

  it.each([
    ["a day without backups", { backup: "2026-04-01" }],
    ["an unknown source", { source: "no-such-shop" }],
    ["a tier without backups", { tier: "tier4" as const }],
    ["too short a time", { since: 60_000 }],
  ])("nothing for %s: exit 3, saying so", async (_, choice) => {
    const validated = await vault.validate({ depth: "stored", ...choice }, at(NOW));
    expect(validated).toMatchObject({
      exit: 3,
      outputs: { verdict: "failed", count: 0 },
      report: { good: false, headline: expect.stringMatching(/no backup in file:.* matches/) },
    });
  });

  it("several, of which one cannot be read: the others are looked at, and the run says so", async () => {
    const validated = await vault.validate({ depth: "stored" }, { ...at(NOW), ...archiving("crm") });
    expect(validated).toMatchObject({
      exit: 4,
      outputs: { count: 1 },
      report: { good: false, headline: expect.stringMatching(/; 1 could not be read$/) },
    });
  });

  it("several, of which none can be read: an error, and no verdict on nothing", async () => {
    await expectRefusal(vault.validate({ depth: "stored" }, { ...at(NOW), ...archiving("shop", "crm") }), {
      code: "store.archived",
      exit: 4,
      says: "is in an archive",
      hint: /Wait for it/,
    });
  });

  it("nothing from a store that is not there: an error, not an empty answer", async () => {
    await expectRefusal(vault.validate({ store: `${vault.url}-elsewhere` }), {
      code: "store.missing",
      exit: 4,
      says: "elsewhere",
      hint: /folder|mount/i,
    });
  });
});
