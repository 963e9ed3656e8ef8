import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startCluster, type Cluster, type TestDatabase } from "../../../support/postgres.ts";
import { said, Vault } from "../../../support/vault.ts";

/**
 * A table that a restore makes has the rights of the backup, whatever the target gives to new tables; and
 * what it has besides is said.
 */

let cluster: Cluster;
let vault: Vault;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.admin("CREATE ROLE reader; CREATE ROLE writer");
  vault = await Vault.make();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

const SHOP = `
  CREATE TABLE bare (id serial, n int GENERATED ALWAYS AS IDENTITY);
  INSERT INTO bare VALUES (DEFAULT);
  CREATE TABLE given (id serial, note text);
  GRANT SELECT ON given TO writer WITH GRANT OPTION;
  GRANT UPDATE (note) ON given TO reader;
  REVOKE DELETE ON given FROM CURRENT_USER;
  GRANT USAGE ON SEQUENCE given_id_seq TO writer;
  CREATE TABLE parted (id int, n int) PARTITION BY LIST (id);
  CREATE TABLE leaf PARTITION OF parted FOR VALUES IN (1);
  INSERT INTO parted VALUES (1, 1);
`;

/** Whatever pg_default_acl can do to a table: more for others and the public, less for the owner. */
const DEFAULTS =
  ["", " IN SCHEMA public"]
    .flatMap((where) =>
      ["TABLES", "SEQUENCES"].map(
        (things) => `ALTER DEFAULT PRIVILEGES${where} GRANT ALL ON ${things} TO reader, PUBLIC;`,
      ),
    )
    .join(" ") + "ALTER DEFAULT PRIVILEGES REVOKE INSERT ON TABLES FROM CURRENT_USER;";

const RIGHTS = `
  SELECT c.relname AS name,
         coalesce((
                   SELECT array_agg(x.grantee::regrole || ' ' || x.privilege_type
                                    || x.is_grantable ORDER BY 1)
                     FROM aclexplode(coalesce(c.relacl,
                                              acldefault(CASE c.relkind
                                                              WHEN 'S' THEN 's'::"char"
                                                              ELSE 'r' END,
                                                         c.relowner))) x),
                  '{}')::text AS rights
    FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S')
   ORDER BY 1
`;

async function restore(
  database: TestDatabase,
  url: string,
  tables: readonly string[],
  noPrivileges = false,
): ReturnType<Vault["restore"]> {
  return await vault.restore(url, {
    source: database.name.replaceAll("_", "-"),
    tables: tables.map((name) => `public.${name}`),
    confirm: database.name,
    safetyBackup: false,
    noPrivileges,
  });
}

async function backedUp(sql: string, owner?: "postgres"): Promise<TestDatabase> {
  const database = await cluster.createDatabase({ sql, ...(owner === undefined ? {} : { owner }) });
  await vault.backup(database.adminUrl, { source: database.name.replaceAll("_", "-") });
  return database;
}

describe("tables that a restore makes", () => {
  const by = ["the superuser", "their owner"];
  it.each(by)("have no rights from the target's default privileges: %s restores", async (who) => {
    const owner = who === "the superuser";
    await using database = await backedUp(SHOP, owner ? "postgres" : undefined);
    const before = await database.query(RIGHTS);
    const change = `DROP TABLE bare, given, leaf; ${DEFAULTS}`;
    await (owner ? database.admin(change) : database.query(change));
    const restored = await restore(database, owner ? database.adminUrl : database.url, [
      "bare",
      "given",
      "leaf",
    ]);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 0,
      said: expect.stringContaining("the named tables as they were"),
    });
    expect(await database.query(RIGHTS)).toEqual(before);
  });

  it("keep them where no rights were wanted", async () => {
    await using database = await backedUp(SHOP, "postgres");
    await database.admin(`DROP TABLE bare; ${DEFAULTS}`);
    expect((await restore(database, database.adminUrl, ["bare"], true)).exit).toBe(0);
    expect(await database.query("SELECT has_table_privilege('reader', 'bare', 'SELECT') AS may")).toEqual([
      { may: true },
    ]);
  });

  it("are not called as they were when something at the target gives them more", async () => {
    await using database = await backedUp(SHOP, "postgres");
    await database.admin(`
      DROP TABLE bare;
      CREATE FUNCTION give() RETURNS event_trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF to_regclass('public.bare') IS NOT NULL THEN
          GRANT SELECT ON public.bare TO reader;
        END IF;
      END $$;
      CREATE EVENT TRIGGER giving ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION give()
    `);
    const restored = await restore(database, database.adminUrl, ["bare"]);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 5,
      said: expect.stringMatching(/grant.*table public\.bare.*exists, but not at the source/),
    });
  });

  it("have what the table above them has by now, and that is said", async () => {
    await using database = await backedUp(SHOP, "postgres");
    await database.admin("DROP TABLE leaf; ALTER TABLE parted ADD CONSTRAINT later CHECK (n > 0)");
    const restored = await restore(database, database.adminUrl, ["leaf"]);
    expect(said(restored)).toMatch(/public\.leaf/);
  });
});
