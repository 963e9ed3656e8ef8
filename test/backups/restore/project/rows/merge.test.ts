import { constants } from "node:buffer";
import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../../../src/adapters/postgres/database.ts";
import type { DatabaseSession } from "../../../../../src/ports/database.ts";
import { foreseeStaged } from "../../../../../src/backups/restore/project/rows/foresee.ts";
import { mergeStaged } from "../../../../../src/backups/restore/project/rows/merge.ts";
import { SCRIPT_MAX } from "../../../../../src/backups/copy/artifacts/read-definitions.ts";
import { makeStaged, type Staged } from "../../../../../src/backups/restore/project/rows/staged.ts";
import { readTableShapes } from "../../../../../src/backups/restore/project/rows/table-shape.ts";
import { createDatabase, type TestDatabase } from "../../../../support/postgres.ts";

/** Rows of tables without a key, as some extensions keep them for their users. */

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** The backup's rows beside a table, in a transaction that is taken back. */
async function beside(
  table: string,
  rows: string,
  work: (session: DatabaseSession, staged: Staged) => Promise<void>,
): Promise<void> {
  await using session = await postgresDatabase(database.address).connect({ purpose: "merge" });
  await session.query("BEGIN");
  const [shape] = await readTableShapes(session, [{ schema: "public", name: table }]);
  const staged = await makeStaged(
    session,
    { schema: "public", name: table, kind: "extension", computed: new Map(), derived: false, shape },
    ["a", "said"],
    1,
  );
  await session.query(`INSERT INTO ${staged.temporary} ${rows}`);
  await work(session, staged);
  await session.query("ROLLBACK");
}

it("without a key rows are known by all that is in them; as many are there as in the backup", async () => {
  // Without a value and with an empty one are two things, and a type without equality is one as well.
  await database.query(`
    CREATE TABLE public.keyless (a text, said json);
    INSERT INTO public.keyless VALUES ('x', '1'), (NULL, '1'), ('x', '1'), ('here', NULL), ('here', NULL)
  `);
  await beside(
    "keyless",
    "VALUES ('x', '1'), ('x', '1'), ('x', '1'), ('x', '1'), ('', '1'), (NULL, '1'), ('here', NULL)",
    async (session, staged) => {
      const { tables, refusals } = await foreseeStaged(
        session,
        [staged],
        () => undefined,
        () => false,
      );
      expect({ tables, refusals }).toEqual({
        refusals: [],
        tables: [
          {
            table: "public.keyless",
            kind: "extension",
            backup: 7,
            target: 5,
            new: 3,
            changed: 0,
            further: 1,
          },
        ],
      });
      expect([...(await mergeStaged(session, [staged], false))]).toEqual([["public.keyless", 3]]);
      expect(
        await session.query("SELECT a, count(*)::int AS n FROM public.keyless GROUP BY a ORDER BY a"),
      ).toEqual([
        { a: "", n: 1 },
        { a: "here", n: 2 },
        { a: "x", n: 4 },
        { a: null, n: 1 },
      ]);
      // A second time there is nothing to do.
      expect([...(await mergeStaged(session, [staged], false))]).toEqual([["public.keyless", 0]]);
    },
  );
});

it("many of them do not take the square of the time", async () => {
  await database.query(`
    CREATE TABLE public.many (a text, said text);
    INSERT INTO public.many SELECT n::text, repeat('x', 50) FROM generate_series(1, 40000) AS n
  `);
  await beside(
    "many",
    "SELECT n::text, repeat('x', 50) FROM generate_series(20001, 60000) AS n",
    async (session, staged) => {
      await session.query("SET LOCAL statement_timeout = '20s'");
      await session.query(`ANALYZE ${staged.temporary}`);
      expect(
        (
          await foreseeStaged(
            session,
            [staged],
            () => undefined,
            () => false,
          )
        ).tables[0],
      ).toMatchObject({ new: 20000, further: 20000 });
      expect([...(await mergeStaged(session, [staged], false))]).toEqual([["public.many", 20000]]);
    },
  );
});

it("definitions that are read fit into one text", () => {
  expect(SCRIPT_MAX).toBeLessThanOrEqual(constants.MAX_STRING_LENGTH);
});
