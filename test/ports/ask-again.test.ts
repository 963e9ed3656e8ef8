import { describe, expect, it } from "@jest/globals";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { askAgain } from "../../src/ports/ask-again.ts";
import { createDatabase } from "../support/postgres.ts";

describe("a small question under the role's own time limit", () => {
  it("is asked again until it is through, as on a server that is busy for a moment", async () => {
    await using database = await createDatabase({ sql: "CREATE SEQUENCE asked" });
    await using session = await postgresDatabase(database.address).connect({ purpose: "asks", bare: true });
    await session.query("SET statement_timeout = '250ms'");
    // A sequence goes on whatever becomes of the transaction: slow the first two times.
    const slowly = `
      SELECT n, pg_sleep(CASE WHEN n < 3 THEN 5 ELSE 0 END)::text
        FROM (SELECT nextval('public.asked')::int AS n OFFSET 0) AS s
    `;
    expect(await askAgain(session, slowly)).toMatchObject([{ n: 3 }]);
  });

  it("is given up after twenty times, and at once where something else is wrong", async () => {
    await using database = await createDatabase({ sql: "CREATE SEQUENCE asked" });
    await using session = await postgresDatabase(database.address).connect({ purpose: "asks", bare: true });
    await session.query("SET statement_timeout = '10ms'");
    await expect(askAgain(session, "SELECT nextval('public.asked'), pg_sleep(5)")).rejects.toThrow(/57014/);
    expect(await database.query("SELECT last_value::int AS n FROM public.asked")).toEqual([{ n: 20 }]);
    // Not what ends this one, however slow the server is.
    await session.query("SET statement_timeout = '10s'");
    await expect(askAgain(session, "SELECT nextval('public.asked') / 0")).rejects.toThrow(/22012/);
    expect(await database.query("SELECT last_value::int AS n FROM public.asked")).toEqual([{ n: 21 }]);
  });
});
