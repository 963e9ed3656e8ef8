import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type { Json } from "../../../src/kernel/outcome.ts";
import { runMigrateRollback } from "../../../src/schema/rollback/run.ts";
import { runMigrateStatus } from "../../../src/schema/status/run.ts";
import { createDatabase } from "../../support/postgres.ts";
import { secret, testPorts } from "../../support/test-ports.ts";
import {
  migrate,
  migrationsFolder,
  noBackups,
  output,
  rollbackInputs,
  type MigratedDatabase,
} from "../support.ts";

const FILES = {
  "202601010900_orders.sql":
    "CREATE TABLE orders (id int PRIMARY KEY, note text);\nINSERT INTO orders VALUES (1, 'a'), (2, NULL);\n",
  "202601010900_orders_rollback.sql": "DROP TABLE orders;\n",
  "202601020900_total.sql": "ALTER TABLE orders ADD COLUMN total int DEFAULT 7;\n",
  "202601020900_total_rollback.sql": "ALTER TABLE orders DROP COLUMN total;\n",
};

const ROLE = `reader_${randomBytes(4).toString("hex")}`;
const PASSWORD = randomBytes(8).toString("hex");

/** The same database, as a role that was given nothing. */
function asReader(database: MigratedDatabase): { readonly adminUrl: string } {
  const url = new URL(database.url);
  url.username = ROLE;
  url.password = PASSWORD;
  return { adminUrl: url.href };
}

async function planToRollBack(
  { adminUrl }: { readonly adminUrl: string },
  folder: { readonly path: string },
  name: string,
): Promise<{ readonly hash: Json; readonly losses: Json }> {
  const inputs = { migrations: folder.path, to: "202601010900", dryRun: true };
  const outcome = await runMigrateRollback(
    rollbackInputs({ adminUrl, name }, inputs),
    testPorts(),
    noBackups,
  );
  expect(outcome.exit).toBe(0);
  return { hash: output(outcome, "plan-hash"), losses: output(outcome, "losses") };
}

describe("a role that only reads", () => {
  beforeAll(async () => {
    await using database = await createDatabase();
    await database.admin(`CREATE ROLE ${ROLE} LOGIN PASSWORD '${PASSWORD}'`);
  });
  afterAll(async () => {
    await using database = await createDatabase();
    await database.admin(`DROP ROLE ${ROLE}`);
  });

  it("plans what another one applies and takes back, with the rights that are documented", async () => {
    await using folder = migrationsFolder(FILES);
    await using database = await createDatabase({ owner: "postgres" });
    const reader = asReader(database);
    const dry = { dryRun: true, to: "202601010900" };
    // Before the first migration there is nothing that it would have to be allowed to read.
    const planned = await migrate(reader, folder, dry);
    expect(planned.report.notes).toContain(
      `the role ${ROLE} may plan this and not carry it out: it has no right CREATE on the database`,
    );
    const first = output(planned, "plan-hash");
    await migrate(database, folder, { to: "202601010900", planHash: first as string });

    await expect(migrate(reader, folder, { dryRun: true })).rejects.toMatchObject({
      code: "database.permission",
      message: expect.stringContaining("permission denied for schema holdfast") as unknown,
    });
    await database.admin(`GRANT USAGE ON SCHEMA holdfast TO ${ROLE}`);
    await database.admin(`GRANT SELECT ON holdfast.format, holdfast.migrations TO ${ROLE}`);
    const again = await migrate(reader, folder, { dryRun: true });
    expect(again.report.notes.join()).toContain(
      "it has no right INSERT on holdfast.migrations, UPDATE on holdfast.migrations, SELECT on " +
        "holdfast.lease, INSERT on holdfast.lease, UPDATE on holdfast.lease, DELETE on holdfast.lease",
    );
    const second = output(again, "plan-hash");
    expect((await migrate(database, folder, { planHash: second as string })).exit).toBe(0);

    const back = await planToRollBack(reader, folder, database.name);
    const byOwner = await planToRollBack(database, folder, database.name);
    expect(back.hash).toBe(byOwner.hash);
    // What it may not read is not counted, and that is told.
    expect(byOwner.losses).toEqual([{ object: "column public.orders.total", rows: 2 }]);
    expect(back.losses).toEqual([{ object: "column public.orders.total", rows: null }]);
    await database.admin(`GRANT pg_read_all_data TO ${ROLE}`);
    expect(await planToRollBack(reader, folder, database.name)).toEqual(byOwner);
    // A right on a table is part of the schema: given by hand it is a drift like another.
    await database.admin(`GRANT SELECT ON orders TO ${ROLE}`);
    expect((await planToRollBack(reader, folder, database.name)).hash).not.toBe(byOwner.hash);
    await database.admin(`REVOKE pg_read_all_data FROM ${ROLE}`);
  });

  it("sees the same schema as a superuser, who may look at more of it", async () => {
    await using folder = migrationsFolder({
      "1_far.sql": `
        CREATE FOREIGN DATA WRAPPER far; CREATE SERVER far FOREIGN DATA WRAPPER far;
        CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'ann', secret 'sesame');
        CREATE PUBLICATION told;
        CREATE SUBSCRIPTION heard CONNECTION 'host=nowhere.invalid' PUBLICATION told
          WITH (connect = false, slot_name = NONE);
        COMMENT ON SUBSCRIPTION heard IS 'from afar';
      `,
      "2_t.sql": "CREATE TABLE t ();",
    });
    await using database = await createDatabase({ owner: "postgres" });
    try {
      await migrate(database, folder, { to: "1" });
      await database.admin(`GRANT USAGE ON SCHEMA holdfast TO ${ROLE}`);
      await database.admin(`GRANT SELECT ON holdfast.format, holdfast.migrations TO ${ROLE}`);
      for (const by of [database, asReader(database)]) {
        const inputs = { database: secret(by.adminUrl), migrations: folder.path };
        const status = await runMigrateStatus(inputs, testPorts());
        expect([status.exit, output(status, "drift")]).toEqual([0, false]);
      }
      const planned = await migrate(asReader(database), folder, { dryRun: true });
      const planHash = output(planned, "plan-hash") as string;
      expect(output(await migrate(database, folder, { planHash }), "applied")).toEqual(["2"]);
    } finally {
      // No database can be dropped that has one.
      await database.admin("DROP SUBSCRIPTION IF EXISTS heard");
    }
  });

  it("may not have its transactions begin read-only, as on a server that takes no changes", async () => {
    await using folder = migrationsFolder(FILES);
    await using database = await createDatabase({ owner: "postgres" });
    const setting = `ALTER ROLE ${ROLE} IN DATABASE "${database.name}" SET default_transaction_read_only`;
    await database.admin(`${setting} = on`);
    await expect(migrate(asReader(database), folder, { dryRun: true })).rejects.toMatchObject({
      code: "database.unsupported",
      message: expect.stringContaining("default_transaction_read_only is on") as unknown,
    });
  });
});
