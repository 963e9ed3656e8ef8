import { describe, expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { historyOf, migrate, migrationsFolder, output } from "../support.ts";

const FIRST = { "20260101090000_t.sql": "CREATE TABLE t (id int);\n" };
const SECOND = { "20260102090000_u.sql": "CREATE TABLE u (id int);\n" };

describe("an approved plan", () => {
  it("is carried out, line endings apart, and no other one", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder(FIRST);
    const hash = async (): Promise<string> =>
      output(await migrate(database, folder, { dryRun: true }), "plan-hash") as string;
    const approved = await hash();
    expect(approved).toMatch(/^[0-9a-f]{64}$/);
    expect(await hash()).toBe(approved);

    folder.write({ "20260101090000_t_rollback.sql": "DROP TABLE t;\n" });
    expect(await hash()).not.toBe(approved);
    folder.write(SECOND);
    await expect(migrate(database, folder, { planHash: approved })).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining("Now: 2 migrations, from 20260101090000_t.sql to 2026") as unknown,
    });
    expect(await database.query("SELECT to_regclass('holdfast.migrations') AS made")).toEqual([
      { made: null },
    ]);

    const both = await hash();
    folder.write({ "20260102090000_u.sql": SECOND["20260102090000_u.sql"].replaceAll("\n", "\r\n") });
    expect((await migrate(database, folder, { planHash: both })).exit).toBe(0);
    expect(await historyOf(database)).toHaveLength(2);
    // Twice is once: what is left is another plan, an empty one.
    await expect(migrate(database, folder, { planHash: both })).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining("Now: 0 migrations") as unknown,
    });
  });

  it("is no longer the plan where the database has moved on", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({ ...FIRST, ...SECOND });
    const approved = output(await migrate(database, folder, { dryRun: true }), "plan-hash") as string;
    await migrate(database, folder, { to: "20260101090000" });
    await expect(migrate(database, folder, { planHash: approved })).rejects.toMatchObject({
      message: expect.stringContaining("Now: 1 migration, from 20260102090000_u.sql") as unknown,
    });
    const both = { planHash: approved, adopt: "dbmate" } as const;
    await expect(migrate(database, folder, both)).rejects.toMatchObject({ code: "input.conflict" });
    await expect(migrate(database, folder, { planHash: "abc" })).rejects.toMatchObject({
      code: "input.malformed",
    });
  });

  it("takes along nothing that was not there when it was shown, without a history neither", async () => {
    await using database = await createDatabase({
      owner: "postgres",
      sql: "CREATE SCHEMA app; CREATE TABLE app.a ()",
    });
    await using folder = migrationsFolder({ "1_z.sql": "DROP SCHEMA app CASCADE;\n" });
    const run = { confirm: database.name };
    const dry = await migrate(database, folder, { ...run, dryRun: true });
    const planHash = output(dry, "plan-hash") as string;
    expect(dry.report.notes).toContain(`the plan's hash, for --plan-hash: ${planHash}`);
    await database.query("CREATE TABLE app.payroll ()");
    await expect(migrate(database, folder, { ...run, planHash })).rejects.toMatchObject({
      code: "refused.unsafe",
    });
    await database.query("DROP TABLE app.payroll");
    // A name that another tool's table has makes it nobody's schema, and somebody's rows all the same.
    await database.query("CREATE TABLE app.schema_migrations (payroll text)");
    await expect(migrate(database, folder, { ...run, planHash })).rejects.toMatchObject({
      code: "refused.unsafe",
    });
    await database.query("DROP TABLE app.schema_migrations");
    expect((await migrate(database, folder, { ...run, planHash })).exit).toBe(0);
  });

  it("is no longer the plan where somebody has changed the schema by hand", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({ ...FIRST, ...SECOND });
    await migrate(database, folder, { to: "20260101090000" });
    const hash = async (): Promise<string> =>
      output(await migrate(database, folder, { dryRun: true }), "plan-hash") as string;
    const approved = await hash();
    await database.admin("ALTER TABLE t ADD COLUMN by_hand int");
    await expect(migrate(database, folder, { planHash: approved })).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringContaining("the files or the database have changed") as unknown,
    });
    expect(await historyOf(database)).toHaveLength(1);
    // Who approves a plan for a schema that has drifted already was told so by it.
    expect((await migrate(database, folder, { planHash: await hash() })).exit).toBe(0);
  });
});
