import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createDatabase, sharedServer, type TestDatabase } from "../../support/postgres.ts";
import { sampled } from "../../support/sampling.ts";
import { scratchFolder } from "../../support/tools.ts";
import { Vault } from "../../support/vault.ts";
import { lostNetwork } from "./network.ts";
import { startSilentRelay, type SilentRelay } from "./silent-relay.ts";
import { expectNothingLeft, judge, start, type Run } from "./silent-run.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

/**
 * The network between the command line and the database is gone at one piece of all that is sent over it. Not
 * even the end of a connection reaches the other side; what this side leaves there, the server's own
 * keep-alives end.
 */

const network = lostNetwork();

if ("reason" in network) {
  it.skip(`packets vanish (NOT RUN: ${network.reason})`, () => undefined);
} else {
  let vault: Vault;
  let source: TestDatabase;
  let target: TestDatabase;
  let relay: SilentRelay;

  beforeAll(async () => {
    vault = await Vault.make();
    source = await createDatabase({
      sql: `
        CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS noise FROM generate_series(1, 20000) g;
        ALTER TABLE orders ADD PRIMARY KEY (id);
      `,
    });
    target = await createDatabase();
    relay = await startSilentRelay(source.address.port, network.host);
    await vault.backup(source.url);
  });
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
    network[Symbol.dispose]();
    await vault[Symbol.asyncDispose]();
    await source.drop();
    await target.drop();
  });

  const through = (url: string): string => {
    const changed = new URL(url);
    [changed.hostname, changed.port] = [network.host, String(relay.port)];
    return changed.href;
  };
  const reading = (): readonly string[] => [
    ...["--store", vault.url, "--source", "shop", "--identity-file", "identity"],
  ];
  const COMMANDS: Readonly<Record<string, () => Omit<Run, "by">>> = {
    backup: () => ({
      args: ["backup", "--store", vault.url, "--source", "swept", "--recipients", vault.recipient],
      env: { HOLDFAST_DATABASE: through(source.url) },
      files: {},
    }),
    validate: () => ({
      args: ["validate", ...reading()],
      env: { HOLDFAST_SCRATCH: through(source.adminUrl) },
      files: { identity: vault.identity },
    }),
    restore: () => ({
      args: ["restore", ...reading()],
      env: { HOLDFAST_TARGET: through(target.url) },
      files: { identity: vault.identity },
    }),
  };

  const inTurn = testInTurn("commands whose packets vanish", 2);

  describe.each(Object.keys(COMMANDS))("%s", (name) => {
    inTurn(
      "ends in time wherever the network is gone, and leaves nothing on this side",
      async () => {
        const run = (): Run => ({ ...COMMANDS[name]!(), by: network.by });
        await using counted = scratchFolder("vanish");
        relay.happensAt(0, () => undefined);
        const whole = await start(run(), counted.path);
        expect([whole.code, whole.said]).toEqual([0, expect.any(String)]);
        const places = Array.from({ length: relay.pieces }, (_, index) => index + 1);
        const every = Math.ceil(places.length / 2);
        const wrong: string[] = [];
        for (const place of sampled(`${name}: packets vanish`, places, { every })) {
          await target.drop();
          target = await createDatabase({ name: target.name });
          await using folder = scratchFolder("vanish");
          relay.happensAt(place, network.take);
          const ended = await start(run(), folder.path);
          network.giveBack();
          relay.forgetClients();
          const why = judge(ended, ["database.lost", "database.unreachable"]);
          if (why !== undefined) wrong.push(`at ${place} of ${places.length}: ${why}\n${ended.said}`);
          await expectNothingLeft(folder.path, [source.name, target.name], sharedServer());
        }
        expect(wrong).toEqual([]);
      },
      36_000_000,
    );
  });
}
