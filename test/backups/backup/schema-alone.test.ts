import { describe, expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { output, Vault } from "../../support/vault.ts";

const APPLICATION = `
  CREATE SCHEMA auth;
  CREATE TABLE auth.users (id int PRIMARY KEY, mail text NOT NULL);
  CREATE SCHEMA storage;
  CREATE TABLE storage.objects (id int PRIMARY KEY, name text);
  CREATE INDEX objects_name ON storage.objects (name);
  CREATE TABLE public.orders (id int PRIMARY KEY, note text DEFAULT 'none');
  CREATE FUNCTION public.count_orders() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.orders';
  INSERT INTO public.orders SELECT generate_series(1, 5);
  CREATE SCHEMA supabase_migrations;
  CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
  INSERT INTO supabase_migrations.schema_migrations VALUES
    ('20260101000000', '{}', 'first'), ('20260201000000', '{}', 'second')
`;

/** Each under a source of its own, so that retention and `latest-verified` see each for itself. */
const BACKUPS: readonly (readonly [source: string, schemas: string[]])[] = [
  ["shop-schema", []],
  ["shop-schema-public", ["public"]],
  ["shop-schema-auth", ["auth"]],
  ["shop-schema-storage", ["storage"]],
];

describe("a daily backup of the schema, whole and of each schema alone", () => {
  it("is proved, holds no row, and names the schema version though its table lies elsewhere", async () => {
    await using database = await createDatabase({ owner: "postgres", sql: APPLICATION });
    await using vault = await Vault.make();
    for (const [source, schemas] of BACKUPS) {
      const made = await vault.backup(database.adminUrl, { source, schemas, kinds: ["schema"] });
      expect([source, made.exit, output(made, "gaps")]).toEqual([source, 0, "0"]);
      const { tier, scope, artifacts, schemaVersion, migrationHash, snapshotAt } = await vault.manifest(
        output(made, "id"),
      );
      expect({ tier, schemas: scope.includeSchemas, kinds: artifacts.map(({ kind }) => kind) }).toEqual({
        tier: "tier2",
        schemas,
        kinds: ["schema"],
      });
      expect(schemaVersion).toEqual({
        last: "20260201000000",
        count: 2,
        table: "supabase_migrations.schema_migrations",
      });
      expect(migrationHash).toMatch(/^[0-9a-f]{64}$/);
      expect(Date.parse(snapshotAt)).not.toBeNaN();

      const validated = await vault.validate({ source, depth: "restored" });
      expect([source, validated.exit, validated.report.headline]).toEqual([source, 0, expect.any(String)]);

      await using target = await createDatabase({ owner: "postgres" });
      expect(
        (await vault.restore(target.adminUrl, { source, what: "schema", safetyBackup: false })).exit,
      ).toBe(0);
      const [there] = (await target.query(`
        SELECT array_agg(schemaname || '.' || tablename ORDER BY 1)::text[] AS tables
          FROM pg_tables WHERE schemaname IN ('public', 'auth', 'storage')
      `)) as { tables: string[] }[];
      const all = ["auth.users", "public.orders", "storage.objects"];
      expect(there!.tables).toEqual(
        all.filter((table) => schemas.length === 0 || schemas.includes(table.split(".")[0]!)),
      );
      if (!there!.tables.includes("public.orders")) continue;
      expect(await target.query("SELECT public.count_orders()::int AS rows")).toEqual([{ rows: 0 }]);
    }
  });
});
