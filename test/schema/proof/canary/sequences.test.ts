import { expect, it } from "@jest/globals";
import { postgresDatabase } from "../../../../src/adapters/postgres/database.ts";
import { lostPositions, moveSequences } from "../../../../src/schema/proof/canary/sequences.ts";
import { createDatabase } from "../../../support/postgres.ts";

/** More than an answer has columns: https://www.postgresql.org/docs/current/limits.html */
const COUNT = 1700;

it("more sequences than an answer has columns are moved, and each is told where it went back", async () => {
  await using database = await createDatabase();
  await using session = await postgresDatabase(database.adminAddress).connect({ purpose: "test" });
  await session.query("BEGIN");
  await session.query(`
    DO $$ BEGIN
      FOR i IN 1..${COUNT} LOOP EXECUTE format('CREATE SEQUENCE public.s%s', i); END LOOP;
    END $$;
    CREATE TABLE public.t (id int DEFAULT nextval('public.s${COUNT}'));
    INSERT INTO public.t VALUES (41);
  `);
  const names = Array.from({ length: COUNT }, (_, at) => `public.s${at + 1}`);
  const positions = await moveSequences(session, names);
  expect(positions).toHaveLength(COUNT);
  const next = new Map(positions.map((each) => [each.sequence, each.next]));
  expect([next.get("public.s1"), next.get(`public.s${COUNT}`)]).toEqual([11n, 42n]);
  expect(await lostPositions(session, positions, [])).toEqual([]);
  await session.query(`ALTER SEQUENCE public.s1699 RESTART; ALTER SEQUENCE public.s${COUNT} RESTART`);
  expect((await lostPositions(session, positions, [])).map(({ object }) => object)).toEqual([
    "sequence public.s1699",
    `sequence public.s${COUNT}`,
  ]);
  await session.query("ROLLBACK");
});
