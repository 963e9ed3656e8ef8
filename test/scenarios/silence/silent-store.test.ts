import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { AZURITE_ACCOUNT, AZURITE_KEY, startAzurite, type Azurite } from "../../support/azurite.ts";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { sampled, THOROUGH } from "../../support/sampling.ts";
import { scratchFolder } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";
import { startSilentRelay, WAYS, type SilentRelay } from "./silent-relay.ts";
import { expectNothingLeft, judge, start, type Run } from "./silent-run.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/**
 * The line to the store falls silent at one piece of all that is sent over it, without closing. One
 * connection is got over by asking again; where all are silent, each run ends within its bound and says so.
 */

let azurite: Azurite;
let relay: SilentRelay;
let database: TestDatabase;
let target: TestDatabase;
let container: string;
let keys: Vault;

beforeAll(async () => {
  keys = await Vault.make();
  azurite = await startAzurite();
  relay = await startSilentRelay(azurite.port);
  database = await createDatabase({
    sql: "CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS noise FROM generate_series(1, 5000) g",
  });
  target = await createDatabase();
  container = (await azurite.makeContainer()).containerName;
  await using folder = scratchFolder("silent");
  const made = await start(backup("shop"), folder.path);
  expect([made.code, made.said]).toEqual([0, expect.any(String)]);
});
afterAll(async () => {
  await relay[Symbol.asyncDispose]();
  await azurite[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
  await database.drop();
  await target.drop();
});

const env = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  AZURE_STORAGE_CONNECTION_STRING:
    `DefaultEndpointsProtocol=http;AccountName=${AZURITE_ACCOUNT};AccountKey=${AZURITE_KEY};` +
    `BlobEndpoint=http://127.0.0.1:${relay.port}/${AZURITE_ACCOUNT};`,
  ...more,
});
const store = (): readonly string[] => ["--store", `azure://${AZURITE_ACCOUNT}/${container}`];

const backup = (source: string): Run => ({
  args: ["backup", ...store(), "--source", source, "--recipients", keys.recipient],
  env: env({ HOLDFAST_DATABASE: database.url }),
  files: {},
});

const COMMANDS: Readonly<Record<string, (place: number) => Run>> = {
  // A source of its own each time: a lock that cannot be given back keeps its life.
  backup: (place) => backup(`s${place}`),
  list: () => ({ args: ["list", ...store()], env: env(), files: {} }),
  validate: () => ({
    args: ["validate", ...store(), "--source", "shop", "--depth", "opened", "--identity-file", "identity"],
    env: env(),
    files: { identity: keys.identity },
  }),
  restore: () => ({
    args: ["restore", ...store(), "--source", "shop", "--identity-file", "identity"],
    env: env({ HOLDFAST_TARGET: target.url }),
    files: { identity: keys.identity },
  }),
};

const inTurn = testInTurn("commands whose store falls silent", 2);

describe.each(Object.keys(COMMANDS))("%s", (name) => {
  inTurn(
    "ends in time wherever its connections to the store fall silent, and leaves nothing",
    async () => {
      const run = COMMANDS[name]!;
      await using counted = scratchFolder("silent");
      relay.fallSilentAt(0, "one");
      const whole = await start(run(0), counted.path);
      expect([whole.code, whole.said]).toEqual([0, expect.any(String)]);
      const places = Array.from({ length: relay.pieces }, (_, index) => index + 1);
      const every = Math.ceil(places.length / 2);
      const wrong: string[] = [];
      for (const [at, place] of sampled(`${name}: the store falls silent`, places, { every }).entries()) {
        for (const what of THOROUGH ? WAYS : [WAYS[at % WAYS.length]!]) {
          await target.drop();
          target = await createDatabase({ name: target.name });
          await using folder = scratchFolder("silent");
          relay.fallSilentAt(place, what);
          const ended = await start(run(THOROUGH ? place * 2 + WAYS.indexOf(what) : place), folder.path);
          const why = judge(ended, ["store.unreachable"]);
          if (why !== undefined) wrong.push(`${what} at ${place} of ${places.length}: ${why}\n${ended.said}`);
          relay.fallSilentAt(0, what);
          await expectNothingLeft(folder.path, [database.name, target.name], sharedServer());
        }
      }
      expect(wrong).toEqual([]);
    },
    36_000_000,
  );
});
