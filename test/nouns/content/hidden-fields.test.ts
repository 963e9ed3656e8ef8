import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { startCluster, type Cluster } from "../../support/postgres.ts";
import { measure } from "./copies.ts";

/** What a role that is no superuser may not read is neither proved nor missed. */
describe("a record made by a role that is no superuser", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it("says of user mappings only that they are there, and nothing of subscriptions", async () => {
    const database = await cluster.createDatabase({
      owner: "postgres",
      sql:
        "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; " +
        "CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'u', password 'p'); " +
        "CREATE SUBSCRIPTION s CONNECTION 'host=h' PUBLICATION p WITH (connect = false, slot_name = NONE)",
    });
    const [asRole, asAdmin] = [await measure(database.address), await measure(database.adminAddress)];
    expect(asRole.objects["user-mapping"]).toEqual({ "postgres on far": "options=?" });
    expect(asRole.objects).not.toHaveProperty("subscription");
    expect(Object.keys(asAdmin.objects.subscription ?? {})).toEqual(["s"]);
    const lines = (found: ReturnType<typeof compareContent>): string[] =>
      found.differences.map((each) => `${each.severity} ${each.about} ${each.name}`);
    expect(lines(compareContent(asRole, asAdmin, { rows: true, exact: true }))).toEqual([
      "gap user-mapping postgres on far",
    ]);
    expect(lines(compareContent(asAdmin, asRole, { rows: true, exact: true }))).toEqual([
      "gap user-mapping postgres on far",
      "gap subscription ",
    ]);
    // A superuser's password is in neither record, as a digest or otherwise.
    await database.admin("ALTER USER MAPPING FOR postgres SERVER far OPTIONS (SET password 'q')");
    expect(
      compareContent(asAdmin, await measure(database.adminAddress), { rows: true, exact: true }).differences,
    ).toEqual([]);
    await database.admin("ALTER SUBSCRIPTION s DISABLE; DROP SUBSCRIPTION s");
  });

  it("holds of foreign servers' and wrappers' secret-sounding options only their names", async () => {
    await using database = await cluster.createDatabase({
      owner: "postgres",
      sql:
        "CREATE FOREIGN DATA WRAPPER w OPTIONS (api_key 'k', mode 'm'); CREATE SERVER far FOREIGN DATA " +
        "WRAPPER w OPTIONS (conn_string 'tcp://u:p@h', \"Password\" 'p', place 'h')",
    });
    const before = await measure(database.adminAddress);
    const changed = async (sql: string): Promise<string[]> => {
      await database.admin(sql);
      return compareContent(before, await measure(database.adminAddress), {
        rows: true,
        exact: true,
      }).differences.map((each) => each.name);
    };
    expect(
      await changed("ALTER SERVER far OPTIONS (SET conn_string 'tcp://u:q@h', SET \"Password\" 'q')"),
    ).toEqual([]);
    expect(await changed("ALTER FOREIGN DATA WRAPPER w OPTIONS (SET api_key 'l')")).toEqual([]);
    expect(await changed("ALTER SERVER far OPTIONS (SET place 'i')")).toEqual(["server far"]);
    expect(await changed("ALTER FOREIGN DATA WRAPPER w OPTIONS (DROP api_key)")).toEqual([
      "server far",
      "wrapper w",
    ]);
  });
});
