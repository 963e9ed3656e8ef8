import { describe, expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";
import { historyOf, migrate, migrationsFolder, output } from "../support.ts";

const SHOP = {
  "202601010900_orders.sql": "CREATE TABLE public.orders (id int PRIMARY KEY, total int);\n",
  "202601010900_orders_rollback.sql": "DROP TABLE public.orders;\n",
};
const NOTE = {
  "202601020900_note.sql":
    "ALTER TABLE orders ADD COLUMN note text;\nALTER TABLE orders ALTER total TYPE bigint;\n",
  "202601020900_note_rollback.sql": "ALTER TABLE orders DROP COLUMN note, ALTER total TYPE int;\n",
  "202601030900_wrong.sql": "CREATE TABLE fine (id int);\n\nALTER TABLE nowhere ADD x int;\n",
  "202601040900_after.sql": "CREATE TABLE after (id int);\n",
};

describe("migrate --dry-run", () => {
  it("tries what is pending on a private server with the same history, and changes nothing", async () => {
    await using folder = migrationsFolder(SHOP);
    await using database = await createDatabase({ owner: "postgres" });
    expect((await migrate(database, folder)).exit).toBe(0);
    folder.write(NOTE);
    const outcome = await migrate(database, folder, { dryRun: true });
    expect(outcome).toMatchObject({ exit: 3, report: { good: false } });
    expect(outcome.report.headline).toContain(
      '202601030900_wrong.sql:3 fails: relation "nowhere" does not exist',
    );
    expect(outcome.annotations).toEqual([expect.objectContaining({ level: "error", line: 3 })]);
    const [note, wrong, ...more] = outcome.report.tables[1]!.rows;
    expect(note).toEqual([
      "202601020900_note.sql",
      "goes through",
      expect.stringContaining("line 2: public.orders: "),
      "proved",
    ]);
    expect(note![2]).toContain("writes it anew");
    expect(wrong).toEqual([
      "202601030900_wrong.sql",
      expect.stringMatching(/^fails at line 3/),
      expect.anything(),
      "not tried",
    ]);
    expect(more).toEqual([]);
    expect(outcome.report.notes).toContain("what comes after 202601030900_wrong.sql was not tried");
    expect(await historyOf(database)).toEqual(["202601010900 applied 1"]);
    expect(await database.query("SELECT to_regclass('public.fine') AS fine")).toEqual([{ fine: null }]);

    // What was only written down is taken from the folder; a change by hand is told.
    await database.query("UPDATE holdfast.migrations SET forward = NULL");
    await database.query("ALTER TABLE public.orders ADD COLUMN by_hand int");
    const drifted = await migrate(database, folder, { dryRun: true, to: "202601020900" });
    expect(drifted).toMatchObject({ exit: 0, outputs: { trial: { drifted: true, why: null } } });
    expect(drifted.report.notes.join("\n")).toMatch(/live schema is not what its last migration left/);
  });

  it("shows the plan and says that nothing was tried where no private server can be had", async () => {
    await using folder = migrationsFolder({ ...SHOP, ...NOTE });
    await using database = await createDatabase({ owner: "postgres" });
    await using empty = scratchFolder("no-programs");
    const outcome = await migrate(database, folder, { dryRun: true }, testPorts({ binDir: empty.path }));
    expect(outcome).toMatchObject({ exit: 0, report: { good: true } });
    expect(outcome.report.tables[0]!.rows).toHaveLength(4);
    expect(outcome.report.notes[0]).toMatch(/^nothing was tried: /);
    expect(output(outcome, "trial")).toMatchObject({ on: null, files: [] });
  });

  it("stands on Supabase's ground where the folder is Supabase's", async () => {
    await using folder = migrationsFolder({
      "202601010900_mine.sql":
        "CREATE TABLE public.mine (id int, owner uuid REFERENCES auth.users DEFAULT auth.uid());\n",
    });
    await using database = await createDatabase({ owner: "postgres" });
    const outcome = await migrate(database, folder, { dryRun: true });
    expect(outcome.report.headline).not.toContain("fails");
    expect(outcome.exit).toBe(0);
  });
});
