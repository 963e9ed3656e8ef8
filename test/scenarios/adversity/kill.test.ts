import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { readdirSync, writeFileSync } from "node:fs";
import { chmod, cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openFileStore } from "../../../src/adapters/file-store/file-store.ts";
import { systemRandom } from "../../../src/adapters/system/random.ts";
import { inOrder } from "../../../src/kernel/in-order.ts";
import { runList } from "../../../src/backups/list/run.ts";
import type { BlobStore } from "../../../src/ports/blob-store.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { eventually, run, serverAccount, temporaryFolder, type Finished } from "../../support/tools.ts";
import { sampled, THOROUGH } from "../../support/sampling.ts";
import type { Order } from "./child.ts";
import { kindOfBlobCall } from "./places.ts";
import {
  backup,
  ended,
  newKeys,
  ONE_TABLE,
  paths,
  portsAround,
  requireLaws,
  restore,
  STORE,
  validate,
  type KeyPair,
} from "./support.ts";
import { testInTurn } from "../../support/cases-in-turn.ts";

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
const LOCK_AGE_MS = 5 * 60_000;
const MINE = "create table mine (x int); insert into mine values (42)";

const inTurn = testInTurn("commands that are killed", 2);

describe("a run killed with SIGKILL at every place", () => {
  let folder: string;
  let source: TestDatabase;
  let keys: KeyPair;
  let seed: string;
  let seeded: string;
  let count = 0;

  beforeAll(async () => {
    // The scratch server runs as another user and must be able to pass.
    folder = temporaryFolder("kill", serverAccount());
    keys = await newKeys();
    source = await createDatabase({ sql: ONE_TABLE });
    seed = join(folder, "seed");
    await mkdir(seed);
    seeded = String((await backup(source.url, keys.recipient, { store: open(seed) })).outputs["id"]);
  });
  afterAll(async () => {
    await source.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function open(path: string): BlobStore {
    return openFileStore(`file://${path}`, { random: systemRandom, limits: { silenceMs: 120_000 } });
  }

  /** One child's world: a copy of the store and a folder for temporary files, both its own. */
  interface World {
    readonly store: string;
    readonly temporary: string;
  }

  async function world(): Promise<World> {
    count += 1;
    const [store, temporary] = [join(folder, `store-${count}`), join(folder, `t${count}`)];
    await cp(seed, store, { recursive: true });
    await mkdir(temporary);
    // As /tmp is: the scratch server's account removes its own folder.
    await chmod(temporary, 0o1777);
    return { store, temporary };
  }

  async function child(where: World, order: Omit<Order, "store" | "keys">): Promise<Finished> {
    const path = `${where.store}.order.json`;
    writeFileSync(path, JSON.stringify({ ...order, keys, store: `file://${where.store}` } satisfies Order), {
      mode: 0o600,
    });
    return run(process.execPath, ["--disable-warning=ExperimentalWarning", CHILD, path], {
      env: { PATH: process.env["PATH"], HOME: folder, TMPDIR: where.temporary },
    });
  }

  interface Place {
    readonly dieAt: number;
    readonly moment: Order["moment"];
    readonly name: string;
  }

  /** Calls of which one in so many is tried; every kind of write is, before and after. */
  const EVERY_READ = 12;

  /**
   * The places tried of a command, all found by letting it live; writes twice: before they are done, and when
   * only the answer is missing.
   */
  async function placesOf(
    order: Omit<Order, "store" | "keys" | "dieAt" | "moment">,
    floor: number,
  ): Promise<Place[]> {
    const lived = await child(await world(), { ...order, dieAt: 0, moment: "before" });
    expect([lived.code, lived.stderr]).toEqual([0, ""]);
    const { exit, places } = JSON.parse(lived.stdout) as { exit: number; places: string[] };
    expect(exit).toBe(0);
    const all = places.flatMap((name, index) => {
      const writes = /^(put|remove) /.test(name);
      const moments: Order["moment"][] = writes ? ["before", "after"] : ["before"];
      const kind = writes ? kindOfBlobCall(name) : "read";
      return moments.map((moment) => ({
        dieAt: index + 1,
        moment,
        name: `${index + 1} ${moment} ${name}`,
        kind: `${moment} ${kind}`,
      }));
    });
    expect(all.length).toBeGreaterThanOrEqual(floor);
    return sampled(`a ${order.command} killed`, all, { every: EVERY_READ, kind: ({ kind }) => kind });
  }

  /**
   * What a killed run may leave: orphans that `list` shows and nothing minds, never a manifest without
   * a whole backup.
   */
  async function requireHarmless(name: string, store: BlobStore): Promise<string[]> {
    const ids = await requireLaws(store);
    expect([name, ids]).toEqual([name, expect.arrayContaining([seeded])]);
    const list = await runList(
      { store: STORE, storeSecret: undefined, source: undefined, tier: undefined },
      portsAround({ store }),
    );
    expect([name, list.exit, list.outputs["count"]]).toEqual([name, 0, ids.length]);
    const kept = new Set((await paths(store, "database/")).map((path) => path.split("/")[3]));
    const orphans = [...kept].filter((id) => !ids.includes(id ?? "")).sort();
    const shown = (list.outputs["orphans"] as { id: string }[]).map(({ id }) => id).sort();
    expect([name, shown]).toEqual([name, orphans]);
    for (const id of orphans) expect(list.report.notes.join("\n")).toContain(`${id} has 1 blob`);
    return ids;
  }

  /** Nothing of the dead run is left at the server: its sessions end with its sockets. */
  async function sessionsGone(database: TestDatabase): Promise<void> {
    const left = `
      select pid
        from pg_stat_activity
       where datname = $1 and application_name ~ '^(holdfast|pg_dump|pg_restore)'
    `;
    await eventually(
      "the dead run's sessions to end",
      async () => (await source.admin(left, [database.name])).length === 0,
    );
  }

  /** Runs all places, two at a time. */
  async function each(places: readonly Place[], check: (place: Place) => Promise<void>): Promise<void> {
    for await (const done of inOrder(places, 2, check)) void done;
  }

  inTurn(
    "backup: its lock names the dead, counts as abandoned in time, and the next succeeds",
    async () => {
      const order = { command: "backup", url: source.url } as const;
      const places = await placesOf(order, 14);
      let locked = 0;
      let orphaned = 0;
      await each(places, async ({ name, dieAt, moment }) => {
        const where = await world();
        const died = await child(where, { ...order, dieAt, moment });
        expect([name, died.signal]).toEqual([name, "SIGKILL"]);
        const store = open(where.store);
        const ids = await requireHarmless(name, store);
        if ((await paths(store, "database/")).length > ids.length) orphaned += 1;
        const lock = await paths(store, "locks/");
        if (lock.length > 0) {
          locked += 1;
          const { exit, error } = await ended(backup(source.url, keys.recipient, { store }));
          expect([name, exit, error?.message]).toEqual([
            name,
            6,
            expect.stringMatching(
              /locked by mortal, cli run killed-\d+, doing backup \d{8}T\d{6}Z-[0-9a-f]{6} since /,
            ),
          ]);
        }
        const next = await backup(source.url, keys.recipient, {
          store,
          aheadMs: lock.length > 0 ? LOCK_AGE_MS : 0,
        });
        expect([name, next.exit, await paths(store, "locks/")]).toEqual([name, 0, []]);
        expect(await requireHarmless(name, store)).toEqual(
          expect.arrayContaining([...ids, next.outputs["id"]]),
        );
      });
      await sessionsGone(source);
      expect([locked >= 4, orphaned >= 2]).toEqual([true, true]);
    },
    900_000,
  );

  inTurn(
    "validate: no receipt; its server, folders and plain archive are gone shortly after",
    async () => {
      const order = { command: "validate", url: source.url } as const;
      const places = await placesOf(order, 8);
      let saved = 0;
      await each(places, async ({ name, dieAt, moment }) => {
        const where = await world();
        const died = await child(where, { ...order, dieAt, moment });
        expect([name, died.signal]).toEqual([name, "SIGKILL"]);
        if (readdirSync(where.temporary).length > 0) saved += 1;
        await eventually("the watchdog to clear up", () => readdirSync(where.temporary).length === 0).catch(
          () => undefined,
        );
        expect([name, readdirSync(where.temporary)]).toEqual([name, []]);
        const store = open(where.store);
        await requireHarmless(name, store);
        const receipts = await paths(store, "receipts/");
        expect([name, receipts.length]).toEqual([name, / after put receipts/.test(name) ? 1 : 0]);
        expect((await validate(keys.identity, { store })).exit).toBe(0);
      });
      // Some died while their server was up: the watchdog had something to do.
      expect(saved).toBeGreaterThanOrEqual(THOROUGH ? 2 : 1);
    },
    900_000,
  );

  inTurn(
    "restore beside: the target is as it was or the restored one, and the next succeeds",
    async () => {
      await using counting = await createDatabase({ sql: MINE });
      const places = await placesOf({ command: "restore", url: counting.url }, 16);
      const states: Record<string, number> = {};
      await each(places, async ({ name, dieAt, moment }) => {
        const where = await world();
        const target = await createDatabase({ sql: MINE });
        const died = await child(where, { command: "restore", url: target.url, dieAt, moment });
        expect([name, died.signal]).toEqual([name, "SIGKILL"]);
        const store = open(where.store);
        await requireHarmless(name, store);
        await sessionsGone(target);
        const [table] = await target.query(
          "select relname as name from pg_class " +
            "where relkind = 'r' and relnamespace = 'public'::regnamespace",
        );
        const state = String(table?.["name"]);
        states[state] = (states[state] ?? 0) + 1;
        if (state === "mine") expect(await target.query("select x from mine")).toEqual([{ x: 42 }]);
        else {
          expect([name, await target.query("select id from t order by id")]).toEqual([
            name,
            [{ id: 1 }, { id: 2 }],
          ]);
        }
        const locked = (await paths(store, "locks/")).length > 0;
        const options = { mode: "beside", confirm: target.name, safetyBackup: true, source: "shop" } as const;
        if (locked) {
          expect((await ended(restore(target.url, keys.identity, { store }, options))).exit).toBe(6);
        }
        const next = await restore(
          target.url,
          keys.identity,
          { store, aheadMs: locked ? LOCK_AGE_MS : 0 },
          options,
        );
        expect([name, next.exit, next.outputs["verdict"]]).toEqual([name, 0, "proved"]);
        for (const { name: left } of await source.admin(
          "select datname as name from pg_database where datname like $1",
          [`${target.name}\\_%`],
        )) {
          await source.admin(`drop database "${String(left)}" with (force)`);
        }
        await target.drop();
      });
      // Nearly all of a restore comes before the exchange of names.
      expect(Object.keys(states).sort()).toEqual(["mine", "t"]);
      expect(states["mine"]).toBeGreaterThanOrEqual(places.length - 4);
    },
    900_000,
  );
});
