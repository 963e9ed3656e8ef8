import { broken, type MatrixCase } from "./matrix-case.ts";

/** Rights, owners, roles and settings that do not come back as they were. */
export const BROKEN_RIGHTS: readonly MatrixCase[] = [
  broken(
    "a right on a table",
    "GRANT DELETE ON app.orders TO matrix_writer",
    "SELECT 1",
    "grant table app.orders",
  ),
  broken(
    "a right that is gone",
    "REVOKE SELECT ON app.secrets FROM matrix_reader",
    "SELECT 1",
    "grant table app.secrets",
  ),
  broken(
    "a right that can be handed on",
    "GRANT SELECT ON app.secrets TO matrix_reader WITH GRANT OPTION",
    "REVOKE INSERT ON app.secrets FROM matrix_reader",
    "grant table app.secrets",
  ),
  broken(
    "a right on a column",
    "GRANT UPDATE (email) ON app.customers TO matrix_writer",
    "SELECT 1",
    "grant column app.customers.email",
  ),
  broken(
    "a right on a column that is gone",
    "REVOKE UPDATE (name) ON app.customers FROM matrix_writer",
    "SELECT 1",
    "grant column app.customers.name",
  ),
  broken(
    "a right on a schema",
    "GRANT CREATE ON SCHEMA app TO matrix_writer",
    "SELECT 1",
    "grant schema app",
  ),
  broken(
    "a right on a sequence",
    "GRANT USAGE ON SEQUENCE app.tickets TO matrix_writer",
    "SELECT 1",
    "grant sequence app.tickets",
  ),
  broken(
    "a right on a function",
    "REVOKE EXECUTE ON FUNCTION app.twice(int) FROM PUBLIC",
    "SELECT 1",
    "grant function app.twice(n integer)",
  ),
  broken(
    "rights that a view loses when it is made again",
    "DROP VIEW app.open_orders",
    `
      CREATE VIEW app.open_orders WITH (security_barrier) AS
        SELECT id, customer_id, total
          FROM app.orders
         WHERE status = 'new';
      COMMENT ON VIEW app.open_orders IS 'still to be paid'
    `,
    "grant table app.open_orders",
    { setup: "GRANT INSERT ON app.open_orders TO matrix_writer" },
  ),
  broken("a right on a type", "REVOKE USAGE ON TYPE app.mood FROM PUBLIC", "SELECT 1", "grant type app.mood"),
  broken(
    "a right on a language",
    "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
    "SELECT 1",
    "grant language plpgsql",
  ),
  broken(
    "a right on the database",
    "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO matrix_writer', current_database()); END $$",
    "SELECT 1",
    "grant database",
  ),
  broken(
    "a right on what an extension brought",
    "REVOKE EXECUTE ON FUNCTION app.hstore(text, text) FROM PUBLIC",
    "SELECT 1",
    "grant member function app.hstore(text, text)",
  ),
  broken(
    "a default right",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON SEQUENCES TO matrix_reader",
    "SELECT 1",
    "default-privilege postgres in app for S",
  ),
  broken(
    "a default right that is gone",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE SELECT ON TABLES FROM matrix_reader",
    "SELECT 1",
    "default-privilege postgres in app for r",
  ),
  broken(
    "a table that got default rights again",
    "DROP TABLE app.tags CASCADE",
    `
      CREATE TABLE app.tags (id int PRIMARY KEY, label text COLLATE "C", path text[])
        WITH (fillfactor = 70, autovacuum_enabled = false);
      CREATE RULE tags_no_delete AS ON DELETE TO app.tags DO INSTEAD NOTHING;
      ALTER TABLE app.tags REPLICA IDENTITY FULL
    `,
    ["grant table app.tags", "table app.tags"],
    { setup: "REVOKE SELECT ON app.tags FROM matrix_reader" },
  ),
  broken("an owner", "ALTER TABLE app.orders OWNER TO matrix_writer", "SELECT 1", [
    "owner sequence app.orders_id_seq",
    "owner table app.orders",
  ]),
  broken(
    "a view's owner",
    "ALTER VIEW app.open_orders OWNER TO matrix_writer",
    "SELECT 1",
    "owner view app.open_orders",
  ),
  broken(
    "a function's owner",
    "ALTER FUNCTION app.twice(int) OWNER TO matrix_writer",
    "SELECT 1",
    "owner function app.twice(n integer)",
  ),
  broken("a schema's owner", "ALTER SCHEMA app OWNER TO matrix_writer", "SELECT 1", "owner schema app"),
  broken("a type's owner", "ALTER TYPE app.mood OWNER TO matrix_writer", "SELECT 1", "owner type app.mood"),
  broken(
    "a role left behind",
    "CREATE ROLE matrix_new LOGIN; GRANT SELECT ON app.orders TO matrix_new",
    "REVOKE SELECT ON app.orders FROM matrix_new",
    "role matrix_new",
  ),
  broken("a role's attribute", "ALTER ROLE matrix_reader CREATEDB", "SELECT 1", "role matrix_reader"),
  broken("a role's limit", "ALTER ROLE matrix_reader CONNECTION LIMIT 3", "SELECT 1", "role matrix_reader"),
  broken(
    "a role's end",
    "ALTER ROLE matrix_reader VALID UNTIL '2099-01-01 00:00+00'",
    "SELECT 1",
    "role matrix_reader",
  ),
  broken("a membership", "GRANT matrix_group TO matrix_writer", "SELECT 1", "role matrix_writer"),
  broken(
    "a membership that can be handed on",
    "GRANT matrix_group TO matrix_reader WITH ADMIN OPTION",
    "REVOKE ADMIN OPTION FOR matrix_group FROM matrix_reader",
    "role matrix_reader",
  ),
  broken(
    "a membership that does not inherit",
    "GRANT matrix_group TO matrix_reader WITH INHERIT FALSE",
    "GRANT matrix_group TO matrix_reader WITH INHERIT TRUE",
    "role matrix_reader",
    { since: 16 },
  ),
  broken(
    "a role's setting",
    "ALTER ROLE matrix_reader SET statement_timeout = '5s'",
    "SELECT 1",
    "settings for role matrix_reader",
  ),
  broken(
    "a setting of the database",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); END $$",
    "SELECT 1",
    "settings of this database",
  ),
  broken(
    "a role's setting in the database",
    `
      DO $$
      BEGIN
        EXECUTE format('ALTER ROLE matrix_reader IN DATABASE %I SET work_mem = ''8MB''', current_database());
      END $$
    `,
    "SELECT 1",
    "settings of this database for role matrix_reader",
  ),
];
