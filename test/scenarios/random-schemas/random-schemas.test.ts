import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { Vault } from "../../support/vault.ts";
import { rounds, SEED } from "../../support/sampling.ts";
import { makeWorld } from "./grammar/grammar.ts";
import { q } from "./grammar/names.ts";
import { Proving } from "./proving.ts";

/**
 * Random schemas out of a grammar of object kinds and options. Each is a world of its own; many worlds
 * share one database, because a backup, a proof and three restores of each alone would take hours. A
 * finding carries its world's prefix, so it is still known whose it is; that world is then run alone, and
 * blocks of it are left out as long as it still fails.
 */

/**
 * Of 15 schemas each, which takes some ten seconds a database on two cores; the seed finds other ones, and a
 * thorough run has ten times as many.
 */
const DATABASES = rounds("databases of random schemas", 4, 60, "HOLDFAST_TEST_DATABASES");
const WORLDS = 15;
const ROLES = ["hf reader", 'hf "Writer"', "hf ü; --"];

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  vault = await Vault.make();
  for (const role of ROLES) await cluster.admin(`CREATE ROLE ${q(role)}`);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

describe("random schemas", () => {
  it(`are proved, restored in three modes, and a planted loss in each is named (seed ${SEED})`, async () => {
    const proving = new Proving(cluster, vault);
    const server = { major: cluster.facts.major, roles: ROLES };
    let proved = 0;
    const seeds = fc.array(fc.noBias(fc.nat(2 ** 31 - 1)), { minLength: WORLDS, maxLength: WORLDS });
    const property = fc.asyncProperty(seeds, async (chosen) => {
      const worlds = chosen.map((seed, index) =>
        makeWorld(`w${String(index).padStart(3, "0")}`, seed, server),
      );
      const trouble = await proving.prove(worlds);
      if (trouble.length > 0) throw new Error(await proving.describe(trouble, worlds));
      proved += worlds.length;
    });
    await fc.assert(property, { seed: SEED, numRuns: DATABASES, endOnFailure: true });
    expect(proved).toBe(WORLDS * DATABASES);
    // Guards against a grammar that has nothing to lose.
    expect(proving.planted.size).toBeGreaterThanOrEqual(Math.min(30, proved));
  }, 1_800_000);
});
