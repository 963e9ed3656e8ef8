import { describe, expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { checkFiles } from "../check/check-folder.ts";
import { historyOf, migrate, migrationsFolder } from "../support.ts";

const UNCLEAR = "-- migrate:up\nCREATE TABLE b ();\n -- migrate:down\nDROP TABLE b;\n";
const FIRST = { "1_a.sql": "-- migrate:up\nCREATE TABLE a ();\n-- migrate:down\nDROP TABLE a;\n" };

describe("a mark that is not quite one", () => {
  it.each([
    ["behind", UNCLEAR, 3],
    ["before", " -- migrate:up\nCREATE TABLE b ();\n-- migrate:down\nDROP TABLE b;\n", 1],
  ])("is refused by migrate, with its line, and nothing is applied: %s", async (_, text, line) => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder({ ...FIRST, "2_b.sql": text });
    await expect(migrate(database, folder)).rejects.toMatchObject({
      code: "refused.unsafe",
      message: expect.stringMatching(new RegExp(`2_b.sql${line === 3 ? ":3" : ""}.* looks like the mark`)),
      hint: expect.stringContaining("at the beginning of a line of its own"),
    });
    expect(
      await database.query("SELECT to_regclass('a') AS a, to_regclass('holdfast.migrations') AS b"),
    ).toEqual([{ a: null, b: null }]);
  });

  it("keeps nobody from going on behind a file that is on record, which may not be changed", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using folder = migrationsFolder(FIRST);
    expect((await migrate(database, folder)).exit).toBe(0);
    folder.write({ "2_b.sql": UNCLEAR.replace(" -- migrate:down", "-- nothing") });
    expect((await migrate(database, folder)).exit).toBe(0);
    // As a version of before has carried it out.
    await database.query(
      `UPDATE holdfast.migrations SET forward = '${UNCLEAR}', sha256 = encode(sha256('${UNCLEAR}'), 'hex')
        WHERE version = '2'`,
    );
    folder.write({ "2_b.sql": UNCLEAR, "3_c.sql": "CREATE TABLE c ();" });
    expect((await migrate(database, folder)).exit).toBe(0);
    expect(await historyOf(database)).toContain("3 applied 1");
  });

  it("is an error of migrate-check at its line", async () => {
    const { outcome, findings } = await checkFiles({ "2_b.sql": UNCLEAR });
    expect(outcome.exit).toBe(3);
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: "unclear-mark", level: "error", file: "2_b.sql", line: 3 }),
    );
  });
});
