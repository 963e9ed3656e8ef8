import { afterEach, describe, expect, test } from "@jest/globals";
import { RolloutRecords } from "../../../src/rollout/app/records.ts";
import { testPorts } from "../../support/test-ports.ts";
import { BAD, OLD, wholeWorld, type WholeWorld } from "./world.ts";
import { told } from "../app/support.ts";
import { GROUP, SITE, SUBSCRIPTION } from "../../support/sandbox.ts";
import { PROJECT } from "../../support/supabase/new-shelf.ts";

const worlds: WholeWorld[] = [];
afterEach(async () => {
  const bugs = worlds.flatMap(({ app }) => app.box.bugs);
  for (const each of worlds.splice(0)) await each[Symbol.asyncDispose]();
  expect(bugs).toEqual([]);
});

async function released(): Promise<WholeWorld> {
  const world = await wholeWorld();
  worlds.push(world);
  await world.release(OLD);
  await world.database.query("INSERT INTO app.orders SELECT n, 7 * n FROM generate_series(1, 100) n");
  return world;
}

describe("a bad release with its migration and its functions", () => {
  test("is undone by one command to what was there before", async () => {
    const world = await released();
    const before = await world.now();
    expect(before).toMatchObject({ build: "1.2.0", versions: ["202611270900"] });
    await world.release(BAD);
    const bad = await world.now();
    expect(bad).toMatchObject({ build: "1.3.0", versions: ["202611270900", "202611271000"] });
    expect(bad.functions).not.toEqual(before.functions);
    // It does not run on that schema, and nobody has decided anything yet.
    await expect(world.rollback()).rejects.toMatchObject({
      code: "refused.schema",
      message: "1.2.0 runs on schemas 202611270900, and the database has 1 migration more: 202611271000",
    });
    expect(await world.now()).toEqual(bad);
    const given = { schema: "migrations", notify: "issue" } as const;
    const dry = await world.rollback({ ...given, dryRun: true });
    expect(dry.report.headline).toBe(
      "The rollback would bring the app, the database, its functions back to 1.2.0",
    );
    expect(await world.now()).toEqual(bad);
    const planHash = String(dry.outputs["plan-hash"]);
    // Approved was a rollback with its safeguards, and no other.
    await expect(world.rollback({ ...given, planHash, allowUnproved: true })).rejects.toMatchObject({
      exitCode: 7,
    });
    expect(await world.now()).toEqual(bad);
    const done = await world.rollback({ ...given, planHash });
    expect(world.notices).toEqual([
      "the rollback of production to last-known-good was not begun",
      "production was taken back to 1.2.0",
    ]);
    expect([done.report.notes, told(done)]).toEqual([
      expect.arrayContaining([expect.stringMatching(/holdfast migrate-rollback --from-backup \d{8}T/)]),
      expect.objectContaining({ exit: 0, outcome: "done", production: "1.2.0" }),
    ]);
    expect(await world.now()).toEqual(before);
    const { components } = done.outputs;
    expect(Object.keys(components as object)).toEqual([
      "application",
      "database",
      "functions",
      "notification",
    ]);
    const store = await testPorts().openStore(world.app.common.store, undefined);
    const { records } = await new RolloutRecords(store, {
      address: { subscription: SUBSCRIPTION, group: GROUP, site: SITE },
      slot: "staging",
      environment: "production",
    }).all();
    expect(records.at(-1)).toMatchObject({
      kind: "rollback",
      version: "1.2.0",
      schema: { from: "202611270900", to: "202611270900" },
      database: { version: "202611270900", backup: null },
      functions: { project: PROJECT, snapshot: done.outputs["run"] },
    });
    // Twice is as once: what production was taken back to is what is good.
    for (const to of ["last-known-good", "v1.2.0"]) {
      // Also with what was approved before.
      expect(told(await world.rollback({ to, planHash }))).toMatchObject({ exit: 0, outcome: "nothing" });
      const again = await world.rollback({ to, dryRun: true });
      expect(told(again)).toMatchObject({ exit: 0, outcome: "nothing" });
    }
    expect(await world.now()).toEqual(before);
  });
});
