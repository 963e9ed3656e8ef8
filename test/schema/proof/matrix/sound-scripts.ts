import { sound, type MatrixCase } from "./matrix-case.ts";

/** Scripts with ways of their own, and rows that come back. */
export const SOUND_SCRIPTS: readonly MatrixCase[] = [
  sound("nothing at all", "-- nothing", "-- nothing"),
  sound(
    "a new value of an enum, which the rollback's query names",
    "ALTER TYPE app.size ADD VALUE 'huge'",
    `
      UPDATE app.shirts SET size = 'big' WHERE size = 'huge';
      ALTER TYPE app.size RENAME TO old_size;
      CREATE TYPE app.size AS ENUM ('small', 'big');
      ALTER TABLE app.shirts ALTER size TYPE app.size USING size::text::app.size;
      DROP TYPE app.old_size;
    `,
    {
      setup: `
        CREATE TYPE app.size AS ENUM ('small', 'big');
        CREATE TABLE app.shirts (id int, size app.size);
      `,
    },
  ),
  sound(
    "an extension that this machine lacks",
    "CREATE EXTENSION IF NOT EXISTS holdfast_absent",
    "DROP EXTENSION IF EXISTS holdfast_absent",
  ),
  sound(
    "a role that a block makes, and what it is given",
    `
      DO $$ BEGIN EXECUTE 'CREATE ROLE matrix_block'; END $$;
      GRANT SELECT ON app.tags TO matrix_block
    `,
    "REVOKE SELECT ON app.tags FROM matrix_block; DROP ROLE matrix_block",
  ),
  sound(
    "a frozen time that is frozen anew",
    "ALTER TABLE app.frozen ALTER at DROP DEFAULT",
    "ALTER TABLE app.frozen ALTER at SET DEFAULT 'now'::timestamptz",
    { setup: "CREATE TABLE app.frozen (at timestamptz DEFAULT 'now'::timestamptz)" },
  ),
  sound(
    "rows that come and stay",
    "INSERT INTO app.base SELECT g, 'new' FROM generate_series(1001, 1010) g",
    "SELECT 1",
  ),
  sound(
    "rows that are written anew as they were",
    "CREATE TABLE app.kept AS SELECT * FROM app.plain_rows; DELETE FROM app.plain_rows",
    "INSERT INTO app.plain_rows SELECT * FROM app.kept ORDER BY age DESC; DROP TABLE app.kept",
    { setup: "CREATE TABLE app.plain_rows (name text, age int)" },
  ),
  sound(
    "BEGIN and COMMIT around both",
    "BEGIN; ALTER TABLE app.tags ADD more int; COMMIT;",
    "BEGIN; ALTER TABLE app.tags DROP more; COMMIT;",
  ),
  sound(
    "more than one transaction",
    "BEGIN; ALTER TABLE app.tags ADD more int; COMMIT; BEGIN; ALTER TABLE app.tags ADD less int; COMMIT;",
    "ALTER TABLE app.tags DROP more, DROP less",
  ),
  sound(
    "a time that is frozen",
    "ALTER TABLE app.tags ADD seen timestamptz NOT NULL DEFAULT 'now'",
    "ALTER TABLE app.tags DROP seen",
  ),
  sound(
    "a time frozen in the rollback",
    "ALTER TABLE app.log ALTER seen DROP DEFAULT",
    `
      DO $$
      BEGIN
        EXECUTE format('ALTER TABLE app.log ALTER seen SET DEFAULT %L', clock_timestamp()::text);
      END $$
    `,
    {
      setup: `
        CREATE TABLE app.log (id int, seen text);
        DO $$
        BEGIN
          EXECUTE format('ALTER TABLE app.log ALTER seen SET DEFAULT %L', clock_timestamp()::text);
        END $$
      `,
    },
  ),
  sound(
    "a name made of a random number",
    `
      DO $$
      BEGIN
        EXECUTE format('CREATE INDEX orders_%s ON app.orders (ip)', floor(random() * 1e12)::bigint);
      END $$
    `,
    `
      DO $$
      DECLARE
        i text;
      BEGIN
        FOR i IN
          SELECT indexname
            FROM pg_indexes
           WHERE schemaname = 'app' AND indexname ~ '^orders_[0-9]+$' LOOP
          EXECUTE 'DROP INDEX app.' || i;
        END LOOP;
      END $$
    `,
  ),
  sound(
    "a partition named by the day",
    `
      DO $$
      BEGIN
        EXECUTE format('CREATE TABLE app.log_%s (id int)', to_char(clock_timestamp(), 'YYYYMMDDHH24MISSUS'));
      END $$
    `,
    `
      DO $$
      DECLARE
        t text;
      BEGIN
        FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'app' AND tablename ~ '^log_[0-9]+$' LOOP
          EXECUTE 'DROP TABLE app.' || t;
        END LOOP;
      END $$
    `,
  ),
  sound(
    "dynamic SQL",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE app.tags ADD more int'; END $$",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE app.tags DROP more'; END $$",
  ),
  sound(
    "temporary tables",
    "CREATE TEMP TABLE keep AS SELECT * FROM app.tags; ALTER TABLE app.tags ADD more int",
    "ALTER TABLE app.tags DROP more; CREATE TEMP TABLE keep (i int)",
  ),
  sound(
    "settings of the session",
    "SET search_path = app; SET work_mem = '9MB'; SET ROLE NONE; ALTER TABLE tags ADD more int",
    "SET LOCAL search_path = app; ALTER TABLE tags DROP more",
  ),
  sound(
    "a search path that is empty",
    "SELECT pg_catalog.set_config('search_path', '', false); ALTER TABLE app.tags ADD more int",
    "ALTER TABLE app.tags DROP more",
  ),
  sound(
    "prepared statements and cursors",
    `
      PREPARE x AS SELECT 1;
      EXECUTE x;
      DECLARE c CURSOR WITH HOLD FOR SELECT 1;
      ALTER TABLE app.tags ADD more int
    `,
    "PREPARE x AS SELECT 1; DEALLOCATE x; ALTER TABLE app.tags DROP more",
  ),
  sound("DISCARD ALL", "DISCARD ALL; ALTER TABLE app.tags ADD more int", "ALTER TABLE app.tags DROP more"),
  sound(
    "deferred constraints and pending events",
    `
      INSERT INTO app.child VALUES (1, 99);
      INSERT INTO app.parent VALUES (99);
      ALTER TABLE app.tags ADD more int
    `,
    `
      DELETE FROM app.child WHERE parent = 99;
      DELETE FROM app.parent WHERE id = 99;
      ALTER TABLE app.tags DROP more
    `,
    {
      setup: `
        CREATE TABLE app.parent (id int PRIMARY KEY);
        CREATE TABLE app.child (id int, parent int REFERENCES app.parent DEFERRABLE INITIALLY DEFERRED);
        ALTER TABLE app.child DISABLE TRIGGER ALL;
        ALTER TABLE app.child ENABLE TRIGGER ALL
      `,
    },
  ),
  sound(
    "rows written and the table changed after it",
    `
      SET CONSTRAINTS ALL IMMEDIATE;
      INSERT INTO app.parent VALUES (99);
      INSERT INTO app.child VALUES (1, 99);
      SET CONSTRAINTS ALL IMMEDIATE;
      ALTER TABLE app.child ADD more int
    `,
    `
      ALTER TABLE app.child DROP more;
      DELETE FROM app.child WHERE id = 1 AND parent = 99;
      DELETE FROM app.parent WHERE id = 99
    `,
    {
      setup: `
        CREATE TABLE app.parent (id int PRIMARY KEY);
        CREATE TABLE app.child (id int, parent int REFERENCES app.parent DEFERRABLE INITIALLY DEFERRED)
      `,
    },
  ),
  sound(
    "rows that are moved away and back",
    "CREATE TABLE app.kept AS SELECT id, label FROM app.base; ALTER TABLE app.heir DROP extra2",
    "ALTER TABLE app.heir ADD extra2 text; UPDATE app.heir SET extra2 = label; DROP TABLE app.kept",
    {
      setup: `
        ALTER TABLE app.heir ADD extra2 text;
        CREATE FUNCTION app.same() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN NEW.extra2 := NEW.label; RETURN NEW; END';
        CREATE TRIGGER same BEFORE INSERT ON app.heir FOR EACH ROW EXECUTE FUNCTION app.same();
        ALTER TABLE app.heir ENABLE ALWAYS TRIGGER same
      `,
    },
  ),
  sound(
    "a column moved to a table of its own and back",
    "CREATE TABLE app.bodies AS SELECT id, body FROM app.secrets; ALTER TABLE app.secrets DROP body",
    `
      ALTER TABLE app.secrets ADD body text;
      UPDATE app.secrets s SET body = b.body FROM app.bodies b WHERE b.id = s.id;
      DROP TABLE app.bodies
    `,
  ),
  sound("values changed and changed back", "UPDATE app.tags SET id = -id", "UPDATE app.tags SET id = -id"),
  sound(
    "rows that are put in and taken out",
    "INSERT INTO app.secrets VALUES (900, 'a', 'b')",
    "DELETE FROM app.secrets WHERE id = 900",
  ),
  sound(
    "a table set aside under another name",
    "ALTER TABLE app.secrets RENAME TO secrets_old",
    "ALTER TABLE app.secrets_old RENAME TO secrets",
  ),
  sound(
    "a required column with a default",
    "ALTER TABLE app.tags ADD must int NOT NULL DEFAULT 1; ALTER TABLE app.tags ALTER must DROP DEFAULT",
    "ALTER TABLE app.tags DROP must",
  ),
  sound(
    "IF EXISTS everywhere",
    "ALTER TABLE IF EXISTS app.tags ADD COLUMN IF NOT EXISTS more int; DROP TABLE IF EXISTS app.nowhere",
    "ALTER TABLE IF EXISTS app.tags DROP COLUMN IF EXISTS more",
  ),
  sound(
    "statements with comments, dollars and quotes",
    "/* a; b */ ALTER TABLE app.tags ADD more text DEFAULT $x$it's; $x$; " +
      "-- c;\nCOMMENT ON COLUMN app.tags.more IS 'ü;''é'",
    "ALTER TABLE app.tags DROP more",
  ),
  sound("a VACUUM", "VACUUM app.tags; ALTER TABLE app.tags ADD more int", "ALTER TABLE app.tags DROP more"),
  sound(
    "an enum's value, without a transaction of ours",
    `
      BEGIN;
      ALTER TYPE app.mood ADD VALUE 'great';
      COMMIT;
      UPDATE app.customers SET mood = 'great' WHERE mood = 'great'
    `,
    `
      UPDATE app.customers SET mood = 'ok' WHERE mood = 'great';
      ALTER TABLE app.customers ALTER mood DROP DEFAULT; ALTER TYPE app.mood RENAME TO mood_old;
      CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
      ALTER TABLE app.customers ALTER mood TYPE app.mood USING mood::text::app.mood,
        ALTER mood SET DEFAULT 'ok';
      DROP TYPE app.mood_old
    `,
  ),
  sound(
    "a function that fills in a table, without a transaction",
    "CREATE INDEX CONCURRENTLY heir_label ON app.heir (label); SELECT app.fill()",
    "DROP INDEX CONCURRENTLY app.heir_label; DELETE FROM app.secrets WHERE id = 900",
    {
      setup: `
        CREATE FUNCTION app.fill() RETURNS void LANGUAGE sql AS
          $$INSERT INTO app.secrets VALUES (900, 'a', 'b')$$
      `,
    },
  ),
  sound(
    "a sequence made anew behind the rows of its column",
    "ALTER TABLE app.orders ALTER id DROP DEFAULT; DROP SEQUENCE app.orders_id_seq",
    `
      CREATE SEQUENCE app.orders_id_seq AS int OWNED BY app.orders.id;
      ALTER TABLE app.orders ALTER id SET DEFAULT nextval('app.orders_id_seq');
      SELECT setval('app.orders_id_seq', coalesce((SELECT max(id) + 1 FROM app.orders), 1), false)
    `,
  ),
  sound(
    "a sequence set behind the rows of its column",
    "SELECT setval('app.orders_id_seq', (SELECT max(id) FROM app.orders)); UPDATE app.orders SET code = code",
    "SELECT 1",
  ),
  sound(
    "a sequence that gives a number",
    "INSERT INTO app.customers (name) VALUES ('new')",
    "DELETE FROM app.customers WHERE name = 'new'",
  ),
  sound("a sequence that begins again at its end", "ALTER SEQUENCE app.round RESTART", "SELECT 1", {
    setup: "CREATE SEQUENCE app.round CYCLE MAXVALUE 9",
  }),
];
