import { describe, expect, it } from "@jest/globals";
import { startCluster } from "../../support/postgres.ts";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import { testPorts } from "../../support/test-ports.ts";
import { findings, output, Vault } from "../../support/vault.ts";

/** Databases are written to while they are backed up: what is proved is the one instant of the snapshot. */

describe("a backup of a database that is written to all the time", () => {
  it("is proved row by row, sequences included, although nothing stands still", async () => {
    await using cluster = await startCluster();
    await using vault = await Vault.make();
    await using source = await cluster.createDatabase({
      sql: `
        CREATE TABLE orders (id bigserial PRIMARY KEY, note text);
        INSERT INTO orders (note) SELECT md5(g::text) FROM generate_series(1, 60000) g;
        CREATE TABLE counters (n bigint);
        INSERT INTO counters VALUES (0);
        CREATE SEQUENCE tickets CACHE 1
      `,
    });
    const { openDatabase } = testPorts();
    const database = await openDatabase(parseDatabaseUrl(source.url, "database"));
    let stop = false;
    let written = 0;
    const writers = [0, 1].map(async (which) => {
      await using session = await database.connect({ purpose: "application" });
      while (!stop) {
        await session.query("INSERT INTO public.orders (note) VALUES ('new')");
        await session.query("UPDATE public.counters SET n = n + 1");
        await session.query("UPDATE public.orders SET note = 'changed' WHERE id = $1", [
          1 + ((written * 7919 + which) % 60000),
        ]);
        await session.query("DELETE FROM public.orders WHERE id = $1", [
          1 + ((written * 104729 + which) % 60000),
        ]);
        await session.query("SELECT nextval('public.tickets')");
        written += 1;
      }
    });
    const ids: string[] = [];
    try {
      for (const tier of ["tier1", "tier2"] as const) {
        ids.push(output(await vault.backup(source.url, { tier }), "id"));
      }
    } finally {
      stop = true;
      await Promise.all(writers);
    }
    expect(written).toBeGreaterThan(50);
    for (const backup of ids) {
      const validated = await vault.validate({ backup, scratch: cluster.adminUrl() });
      expect({ exit: validated.exit, found: findings(validated) }).toEqual({ exit: 0, found: [] });
    }
    // The sequence really moved between the readings, so the bracket was needed.
    const moved = (await vault.manifest(ids[0]!)).content.sequences.filter(
      ({ before, after }) => before.value !== after.value,
    );
    expect(moved.map((sequence) => sequence.name).sort()).toEqual(["orders_id_seq", "tickets"]);
  });
});
