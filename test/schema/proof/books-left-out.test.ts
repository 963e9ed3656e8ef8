import { expect, it } from "@jest/globals";
import { createDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { makeHistory } from "../../../src/schema/history/table.ts";
import { schemaFingerprint } from "../../../src/schema/proof/schema-fingerprint.ts";
import { readState } from "../../../src/schema/proof/state.ts";

const BOOKS = `
  CREATE SCHEMA supabase_migrations;
  CREATE TABLE supabase_migrations.schema_migrations (version text PRIMARY KEY, statements text[], name text);
  CREATE TABLE supabase_migrations.seed_files (path text PRIMARY KEY, hash text NOT NULL);
  CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
  CREATE TABLE pgmigrations (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);
  CREATE TABLE flyway_schema_history (installed_rank integer NOT NULL, version varchar(50), success boolean,
    CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank));
  CREATE INDEX flyway_schema_history_s_idx ON flyway_schema_history (success);
  COMMENT ON TABLE flyway_schema_history IS 'books';
  CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, migration_name text NOT NULL)
`;

it("neither our own history nor the books of other tools are a part of a schema's fingerprint", async () => {
  await using database = await createDatabase({
    owner: "postgres",
    sql: `CREATE SCHEMA app; CREATE TABLE app.t (holdfast int, schema_migrations_key text);
          CREATE INDEX holdfast ON app.t (holdfast)`,
  });
  const host = await testPorts().openDatabase(database.adminAddress);
  await using session = await host.connect({ purpose: "fingerprint" });
  const objects = async (): Promise<readonly string[]> => [
    ...schemaFingerprint(await readState(session)).objects.keys(),
  ];
  const before = await objects();
  await makeHistory(host);
  await database.admin(BOOKS);
  expect(await objects()).toEqual(before);
  // What is the project's own is not left out for its name.
  expect(before).toEqual(
    expect.arrayContaining(["table app.t", "column app.t.holdfast", "index app.holdfast"]),
  );
});
