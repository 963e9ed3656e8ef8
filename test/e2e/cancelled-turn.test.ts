import { expect, it } from "@jest/globals";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { createDatabase } from "../support/postgres.ts";
import { eventually, scratchFolder } from "../support/tools.ts";
import { cli } from "./runner.ts";

it.each(["SIGINT", "SIGTERM"] as const)(
  "a backup that takes turns gives back the turn and its own lock at %s",
  async (signal) => {
    await using folder = scratchFolder("cancelled-turn");
    const store = join(folder.path, "store");
    mkdirSync(store);
    await using database = await createDatabase({ sql: "create table orders (id int primary key)" });
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    try {
      // The backup waits for this table while it holds both.
      await holder.query("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
      const locks = (): string[] =>
        readdirSync(store, { recursive: true, encoding: "utf8" })
          .filter((path) => /^locks\/.*\.json$/.test(path))
          .sort();
      let held: readonly string[] = [];
      const ended = await cli(
        [
          ...["backup", "--store", `file://${store}`, "--source", "shop", "--allow-unencrypted"],
          ...["--takes-turns-in", "Production"],
        ],
        {
          env: { HOLDFAST_DATABASE: database.url },
          onStart: (child) =>
            void eventually("both locks", () => locks().length === 2).then(() => {
              held = locks();
              child.kill(signal);
            }),
        },
      );
      expect(held).toEqual([
        "locks/environment/production/000000001.json",
        "locks/shop/tier2/000000001.json",
      ]);
      expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({
        code: 4,
        stderr: expect.stringContaining("run.cancelled"),
      });
      expect(locks()).toEqual([]);
    } finally {
      await holder.end();
    }
  },
);
