import { describe, expect, it } from "@jest/globals";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { findServer, startCluster, type ServerVersion } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import { historyOf, migrate, migrationsFolder, noBackups, output, rollbackInputs } from "../support.ts";
import { casesInTurn } from "../../support/sampling.ts";

/** The oldest and the newest; what lies between is proved pair by pair in matrix-servers.test.ts. */
const VERSIONS: readonly ServerVersion[] = ["12.22", "18.6"];

const FILES = {
  "202601010900_orders.sql":
    "CREATE TYPE state AS ENUM ('new', 'paid');\n" +
    "CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY, at date, state state)\n" +
    "  PARTITION BY RANGE (at);\n" +
    "CREATE TABLE orders_2026 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');\n",
  "202601010900_orders_rollback.sql": "DROP TABLE orders;\nDROP TYPE state;\n",
  "202601020900_index.sql": "CREATE INDEX CONCURRENTLY orders_at ON orders_2026 (at);\n",
  "202601020900_index_rollback.sql": "DROP INDEX CONCURRENTLY orders_at;\n",
  "202601030900_fill.sql":
    "DO $$ BEGIN FOR n IN 1..9 LOOP\n" +
    "  INSERT INTO orders (at, state) VALUES ('2026-02-01', 'new');\nEND LOOP; END $$;\n",
  "202601030900_fill_rollback.sql": "DELETE FROM orders WHERE at = '2026-02-01' AND state = 'new';\n",
  "202601040900_rules.sql":
    "CREATE FUNCTION paid(o orders) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT o.state = 'paid' $$;\n" +
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;\n" +
    "CREATE POLICY mine ON orders USING (state <> 'paid');\n" +
    "COMMENT ON TABLE orders IS 'of all';\n",
  "202601040900_rules_rollback.sql":
    "COMMENT ON TABLE orders IS NULL;\nDROP POLICY mine ON orders;\n" +
    "ALTER TABLE orders DISABLE ROW LEVEL SECURITY;\nDROP FUNCTION paid(orders);\n",
  "202601050900_trigger.sql":
    "CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;\n" +
    "CREATE TRIGGER seen AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION seen();\n",
  "202601050900_trigger_rollback.sql": "DROP TRIGGER seen ON orders;\nDROP FUNCTION seen();\n",
};

describe.each(casesInTurn("migrations on the oldest and the newest", VERSIONS, { every: 2 }))(
  "PostgreSQL %s",
  (version) => {
    const found = findServer(version);
    const here = "installation" in found;

    // What could not be had is told at the end of `npm test`.
    (here ? it : it.skip)(
      "is migrated, tried beforehand on its own major, and taken back with every script proved",
      async () => {
        if (!here) throw new Error("unreachable: the test is skipped");
        const ports = testPorts({ binDir: found.installation.binDir });
        await using cluster = await startCluster({ installation: found.installation });
        await using database = await cluster.createDatabase({ owner: "postgres" });
        await using folder = migrationsFolder(FILES);
        const dry = await migrate(database, folder, { dryRun: true }, ports);
        expect([dry.exit, dry.report.notes]).toEqual([0, expect.any(Array)]);
        expect((await migrate(database, folder, {}, ports)).exit).toBe(0);
        const status = await runMigrateStatus(
          { database: secret(database.adminUrl), migrations: folder.path },
          ports,
        );
        expect([status.exit, output(status, "drift")]).toEqual([0, false]);

        const given = rollbackInputs(database, { to: "202601010900" });
        const plan = await runMigrateRollback({ ...given, dryRun: true }, ports, noBackups);
        expect((output(plan, "plan") as { verdict: string }[]).map(({ verdict }) => verdict)).toEqual([
          "proved",
          "proved",
          "proved",
          "proved",
        ]);
        const back = await runMigrateRollback(given, ports, noBackups);
        expect([back.exit, output(back, "restored")]).toEqual([0, true]);
        expect(await historyOf(database)).toEqual(["202601010900 applied 3"]);
        expect((await migrate(database, folder, {}, ports)).exit).toBe(0);
      },
      60_000,
    );
  },
);
