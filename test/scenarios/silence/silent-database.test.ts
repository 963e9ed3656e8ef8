import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { sampled, THOROUGH } from "../../support/sampling.ts";
import { scratchFolder } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";
import { startSilentRelay, WAYS, type SilentRelay } from "./silent-relay.ts";
import { expectNothingLeft, judge, start, type Run } from "./silent-run.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/**
 * The line to the database falls silent at one piece of all that the command line sends over it, without
 * closing: one connection of it, or all. Each run ends within its bound, says why, and leaves nothing.
 */

const SQL = `
  CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS noise FROM generate_series(1, 20000) g;
  ALTER TABLE orders ADD PRIMARY KEY (id);
  CREATE TABLE lines AS SELECT g AS id, g AS of FROM generate_series(1, 2000) g;
  ALTER TABLE lines ADD FOREIGN KEY (of) REFERENCES orders;
  SELECT lo_from_bytea(0, '\\x00');
`;

let vault: Vault;
let source: TestDatabase;
let target: TestDatabase;
let relay: SilentRelay;

beforeAll(async () => {
  vault = await Vault.make();
  source = await createDatabase({ sql: SQL });
  target = await createDatabase();
  relay = await startSilentRelay(source.address.port);
  await vault.backup(source.url);
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
  await source.drop();
  await target.drop();
});

function through(url: string): string {
  const changed = new URL(url);
  changed.port = String(relay.port);
  return changed.href;
}

const COMMANDS: Readonly<Record<string, () => Run>> = {
  backup: () => ({
    args: ["backup", "--store", vault.url, "--source", "swept", "--recipients", vault.recipient],
    env: { HOLDFAST_DATABASE: through(source.url) },
    files: {},
  }),
  validate: () => ({
    args: ["validate", "--store", vault.url, "--source", "shop", "--identity-file", "identity"],
    env: { HOLDFAST_SCRATCH: through(source.adminUrl) },
    files: { identity: vault.identity },
  }),
  restore: () => ({
    args: ["restore", "--store", vault.url, "--source", "shop", "--identity-file", "identity"],
    env: { HOLDFAST_TARGET: through(target.url) },
    files: { identity: vault.identity },
  }),
};

/** What a run may have made is gone again, so that the next one begins where this one began. */
async function again(): Promise<void> {
  await target.drop();
  target = await createDatabase({ name: target.name });
}

const inTurn = testInTurn("commands whose database falls silent", 2);

describe.each(Object.keys(COMMANDS))("%s", (name) => {
  inTurn(
    "ends in time wherever its connections to the database fall silent, and leaves nothing",
    async () => {
      const run = COMMANDS[name]!;
      await using counted = scratchFolder("silent");
      relay.fallSilentAt(0, "one");
      const whole = await start(run(), counted.path);
      expect([whole.code, whole.said]).toEqual([0, expect.any(String)]);
      await again();
      const places = Array.from({ length: relay.pieces }, (_, index) => index + 1);
      const every = Math.ceil(places.length / 3);
      const wrong: string[] = [];
      for (const [at, place] of sampled(`${name}: the database falls silent`, places, { every }).entries()) {
        for (const what of THOROUGH ? WAYS : [WAYS[at % WAYS.length]!]) {
          await using folder = scratchFolder("silent");
          relay.fallSilentAt(place, what);
          const ended = await start(run(), folder.path);
          const why = judge(ended, ["database.lost", "database.unreachable"]);
          if (why !== undefined) wrong.push(`${what} at ${place} of ${places.length}: ${why}\n${ended.said}`);
          relay.fallSilentAt(0, what);
          await expectNothingLeft(folder.path, [source.name, target.name], sharedServer());
          await again();
        }
      }
      expect(wrong).toEqual([]);
    },
    36_000_000,
  );
});
