import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { createDatabase, findServer, startCluster } from "../../support/postgres.ts";
import { Vault } from "../../support/vault.ts";

/** What the sessions of pg_dump and pg_restore were told of a client that says nothing any more. */

let vault: Vault;
beforeAll(async () => {
  vault = await Vault.make();
});
afterAll(() => vault[Symbol.asyncDispose]());

// Since 17 a login can be heard of, by then with what came in the start-up packet.
const found = findServer("18.6");
const here = "installation" in found;

// What could not be had is told at the end of `npm test`.
(here ? it : it.skip)("pg_dump's session lets the server notice that an idle one is gone", async () => {
  if (!here) throw new Error("unreachable: the test is skipped");
  await using cluster = await startCluster({ installation: found.installation });
  await using database = await cluster.createDatabase();
  await database.admin(`
    CREATE TABLE logins AS
      SELECT current_setting('application_name') AS who, current_setting('tcp_keepalives_idle') AS idle,
             current_setting('tcp_keepalives_interval') AS interval,
             current_setting('tcp_keepalives_count') AS count,
             current_setting('tcp_user_timeout') AS unacknowledged
        WITH NO DATA;
    CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO public.logins
          SELECT current_setting('application_name'), current_setting('tcp_keepalives_idle'),
                 current_setting('tcp_keepalives_interval'), current_setting('tcp_keepalives_count'),
                 current_setting('tcp_user_timeout');
      END
    $$;
    CREATE EVENT TRIGGER note ON login EXECUTE FUNCTION note()
  `);
  const backedUp = await vault.backup(database.adminUrl, {}, { binDir: found.installation.binDir });
  expect(backedUp.exit).toBe(0);
  const dumps = "SELECT idle, interval, count, unacknowledged FROM logins WHERE who LIKE 'holdfast dump%'";
  // The last is the system's own: the server would take pg_dump for lost while the store is slow.
  expect(await database.admin(dumps)).toEqual([
    { idle: "60", interval: "15", count: "4", unacknowledged: "0" },
  ]);
});

it("pg_restore's sessions let it notice that of every one", async () => {
  const told = ["idle = '60'", "interval = '15'", "count = '4'"].map((one) => {
    const [name, , value] = one.split(" ");
    return `current_setting('tcp_keepalives_${name}') = ${value}`;
  });
  await using source = await createDatabase({
    sql: `
      CREATE TABLE told (a int CHECK (
        current_setting('application_name') NOT LIKE 'holdfast restore%'
        OR (${[...told, "current_setting('tcp_user_timeout') = '120000'"].join(" AND ")})
      ));
      INSERT INTO told VALUES (1)
    `,
  });
  await using target = await createDatabase();
  expect((await vault.backup(source.url)).exit).toBe(0);
  const restored = await vault.restore(target.url, { confirm: target.name, mode: "in-place" });
  expect([restored.report.tables, restored.exit]).toEqual([[], 0]);
  expect(await target.query("SELECT a FROM told")).toEqual([{ a: 1 }]);
});
