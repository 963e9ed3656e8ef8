import { sound, type MatrixCase } from "./matrix-case.ts";

const WATCH = "CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'";

/** Everything else that is taken back as it should be. */
export const SOUND_OBJECTS: readonly MatrixCase[] = [
  sound(
    "a view",
    "CREATE VIEW app.paid WITH (security_barrier) AS SELECT * FROM app.orders WHERE status = 'paid'",
    "DROP VIEW app.paid",
  ),
  sound(
    "a view's definition",
    `
      CREATE OR REPLACE VIEW app.open_orders WITH (security_barrier) AS
        SELECT id, customer_id, total
          FROM app.orders
    `,
    `
      CREATE OR REPLACE VIEW app.open_orders WITH (security_barrier) AS
        SELECT o.id, o.customer_id, o.total
          FROM app.orders o
         WHERE o.status = 'new'
    `,
    {
      setup: `
        CREATE OR REPLACE VIEW app.open_orders WITH (security_barrier) AS
          SELECT o.id, o.customer_id, o.total
            FROM app.orders o
           WHERE o.status = 'new'
      `,
    },
  ),
  sound(
    "a view made again with all its rights",
    "DROP VIEW app.open_orders",
    `
      CREATE VIEW app.open_orders WITH (security_barrier) AS
        SELECT id, customer_id, total
          FROM app.orders
         WHERE status = 'new';
      COMMENT ON VIEW app.open_orders IS 'still to be paid'
    `,
  ),
  sound(
    "a materialized view",
    "CREATE MATERIALIZED VIEW app.m AS SELECT * FROM app.orders; CREATE INDEX ON app.m (id)",
    "DROP MATERIALIZED VIEW app.m",
  ),
  sound(
    "a materialized view made again",
    "DROP MATERIALIZED VIEW app.daily",
    `
      CREATE MATERIALIZED VIEW app.daily AS
        SELECT placed, sum(total) AS total
          FROM app.orders
         GROUP BY placed;
      CREATE UNIQUE INDEX daily_placed ON app.daily (placed)
    `,
  ),
  sound(
    "a function",
    `
      CREATE FUNCTION app.f(a int, OUT b text)
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = '' AS
        'BEGIN b := a; END'
    `,
    "DROP FUNCTION app.f(int)",
  ),
  sound(
    "a function's body",
    "CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT n + n'",
    "CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT n * 2'",
  ),
  sound(
    "a function with BEGIN ATOMIC",
    `
      CREATE FUNCTION app.count_orders() RETURNS bigint LANGUAGE sql BEGIN ATOMIC;
      SELECT count(*) FROM app.orders;
      END
    `,
    "DROP FUNCTION app.count_orders()",
    { since: 14 },
  ),
  sound(
    "a procedure",
    "CREATE PROCEDURE app.p(INOUT n int) LANGUAGE plpgsql AS 'BEGIN n := 1; END'",
    "DROP PROCEDURE app.p",
  ),
  sound(
    "an aggregate",
    "CREATE AGGREGATE app.product(int) (SFUNC = int4mul, STYPE = int)",
    "DROP AGGREGATE app.product(int)",
  ),
  sound(
    "a trigger",
    `
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON app.tags DEFERRABLE FOR EACH ROW
        EXECUTE FUNCTION app.stamp()
    `,
    "DROP TRIGGER late ON app.tags",
  ),
  sound(
    "a trigger that is disabled",
    "ALTER TABLE app.orders DISABLE TRIGGER orders_stamp",
    "ALTER TABLE app.orders ENABLE TRIGGER orders_stamp",
  ),
  sound(
    "an event trigger",
    `${WATCH}; CREATE EVENT TRIGGER guard ON ddl_command_end EXECUTE FUNCTION app.watch()`,
    "DROP EVENT TRIGGER guard; DROP FUNCTION app.watch()",
  ),
  sound("a table under an event trigger", "CREATE TABLE app.more (id int)", "DROP TABLE app.more", {
    setup: `${WATCH}; CREATE EVENT TRIGGER guard ON sql_drop EXECUTE FUNCTION app.watch()`,
  }),
  sound(
    "a rule",
    "CREATE RULE quiet AS ON UPDATE TO app.tags DO ALSO NOTIFY tags",
    "DROP RULE quiet ON app.tags",
  ),
  sound(
    "an enum",
    "CREATE TYPE app.size AS ENUM ('s', 'm'); ALTER TABLE app.tags ADD size app.size",
    "ALTER TABLE app.tags DROP size; DROP TYPE app.size",
  ),
  sound(
    "an enum's value, taken back by a new type",
    "ALTER TYPE app.mood ADD VALUE 'great' AFTER 'ok'",
    `
      ALTER TABLE app.customers ALTER mood DROP DEFAULT; ALTER TYPE app.mood RENAME TO mood_old;
      CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
      ALTER TABLE app.customers ALTER mood TYPE app.mood USING mood::text::app.mood,
        ALTER mood SET DEFAULT 'ok';
      DROP TYPE app.mood_old
    `,
  ),
  sound(
    "a new enum whose value is used at once",
    `
      CREATE TYPE app.size AS ENUM ('s');
      ALTER TYPE app.size ADD VALUE 'm';
      ALTER TABLE app.tags ADD size app.size DEFAULT 'm'
    `,
    "ALTER TABLE app.tags DROP size; DROP TYPE app.size",
    { since: 17 },
  ),
  sound(
    "an enum's label of another name",
    "ALTER TYPE app.mood RENAME VALUE 'ok' TO 'fine'",
    "ALTER TYPE app.mood RENAME VALUE 'fine' TO 'ok'",
  ),
  sound(
    "a composite type",
    "CREATE TYPE app.place AS (x int, y numeric(5,2)); COMMENT ON TYPE app.place IS 'where'",
    "DROP TYPE app.place",
  ),
  sound(
    "a composite's field",
    "ALTER TYPE app.pair ADD ATTRIBUTE c int",
    "ALTER TYPE app.pair DROP ATTRIBUTE c",
  ),
  sound(
    "a domain",
    "CREATE DOMAIN app.short AS varchar(5) CHECK (length(VALUE) > 1)",
    "DROP DOMAIN app.short",
  ),
  sound(
    "a domain's condition",
    "ALTER DOMAIN app.email ADD CONSTRAINT no_space CHECK (VALUE !~ ' ')",
    "ALTER DOMAIN app.email DROP CONSTRAINT no_space",
  ),
  sound(
    "a range type",
    "CREATE TYPE app.money_range AS RANGE (SUBTYPE = numeric)",
    "DROP TYPE app.money_range",
  ),
  sound("a collation", "CREATE COLLATION app.other (locale = 'C')", "DROP COLLATION app.other"),
  sound(
    "a cast, an operator and a class",
    `
      CREATE FUNCTION app.same(app.pair, app.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS
        'SELECT ($1).a = ($2).a';
      CREATE OPERATOR app.=== (LEFTARG = app.pair, RIGHTARG = app.pair, FUNCTION = app.same);
      CREATE CAST (app.pair AS text) WITH INOUT
    `,
    "DROP CAST (app.pair AS text); DROP OPERATOR app.=== (app.pair, app.pair); DROP FUNCTION app.same",
  ),
  sound(
    "a sequence",
    "CREATE SEQUENCE app.n INCREMENT 7 CYCLE MAXVALUE 70 OWNED BY app.tags.id",
    "DROP SEQUENCE app.n",
  ),
  sound(
    "a sequence's options",
    "ALTER SEQUENCE app.tickets INCREMENT 1 NO MAXVALUE",
    "ALTER SEQUENCE app.tickets INCREMENT 5 MAXVALUE 5000",
  ),
  sound(
    "a sequence's ownership",
    "ALTER SEQUENCE app.tickets OWNED BY app.tags.id",
    "ALTER SEQUENCE app.tickets OWNED BY NONE",
  ),
  sound(
    "comments on everything",
    `
      COMMENT ON TABLE app.orders IS 'a';
      COMMENT ON COLUMN app.orders.id IS 'b';
      COMMENT ON SCHEMA app IS 'c';
      COMMENT ON CONSTRAINT orders_total ON app.orders IS 'd';
      COMMENT ON INDEX app.orders_day IS 'e';
      COMMENT ON TYPE app.mood IS 'f';
      COMMENT ON TRIGGER orders_stamp ON app.orders IS 'g';
      COMMENT ON SEQUENCE app.tickets IS 'h';
      COMMENT ON DOMAIN app.email IS 'i'
    `,
    `
      COMMENT ON TABLE app.orders IS NULL;
      COMMENT ON COLUMN app.orders.id IS NULL;
      COMMENT ON SCHEMA app IS NULL;
      COMMENT ON CONSTRAINT orders_total ON app.orders IS NULL;
      COMMENT ON INDEX app.orders_day IS NULL;
      COMMENT ON TYPE app.mood IS NULL;
      COMMENT ON TRIGGER orders_stamp ON app.orders IS NULL;
      COMMENT ON SEQUENCE app.tickets IS NULL;
      COMMENT ON DOMAIN app.email IS NULL
    `,
  ),
  sound(
    "an extension",
    "CREATE EXTENSION citext SCHEMA app; ALTER TABLE app.tags ADD nick app.citext",
    "ALTER TABLE app.tags DROP nick; DROP EXTENSION citext",
  ),
  sound("an extension dropped and made again", "DROP EXTENSION hstore", "CREATE EXTENSION hstore SCHEMA app"),
  sound(
    "a schema",
    "CREATE SCHEMA extra AUTHORIZATION matrix_writer CREATE TABLE t (i int)",
    "DROP SCHEMA extra CASCADE",
  ),
  sound("a publication", "CREATE PUBLICATION more FOR TABLE app.tags, app.base", "DROP PUBLICATION more"),
  sound(
    "a publication's tables",
    "ALTER PUBLICATION matrix_news ADD TABLE app.tags",
    "ALTER PUBLICATION matrix_news DROP TABLE app.tags",
  ),
  sound(
    "a publication of rows and columns",
    "CREATE PUBLICATION few FOR TABLE app.tags (id) WHERE (id > 3)",
    "DROP PUBLICATION few",
    { since: 15 },
  ),
  sound(
    "statistics",
    `
      CREATE STATISTICS app.more ON customer_id, placed FROM app.orders;
      ALTER STATISTICS app.more SET STATISTICS 99
    `,
    "DROP STATISTICS app.more",
    { since: 13 },
  ),
  sound(
    "text search",
    `
      CREATE TEXT SEARCH DICTIONARY app.stems (TEMPLATE = snowball, LANGUAGE = english);
       ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING FOR asciiword WITH app.stems, simple
    `,
    `
      ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING FOR asciiword WITH simple;
      DROP TEXT SEARCH DICTIONARY app.stems
    `,
  ),
  sound(
    "a foreign table",
    `
      CREATE FOREIGN DATA WRAPPER far; CREATE SERVER away FOREIGN DATA WRAPPER far OPTIONS (a 'b');
       CREATE USER MAPPING FOR matrix_reader SERVER away OPTIONS (u 'v');
      CREATE FOREIGN TABLE app.remote (id int OPTIONS (c 'd')) SERVER away
    `,
    "DROP FOREIGN DATA WRAPPER far CASCADE",
  ),
  sound(
    "rights",
    `
      GRANT ALL ON app.orders TO matrix_writer;
      GRANT SELECT (id) ON app.tags TO matrix_writer;
      REVOKE EXECUTE ON FUNCTION app.stamp() FROM PUBLIC
    `,
    `
      REVOKE ALL ON app.orders FROM matrix_writer;
      REVOKE SELECT (id) ON app.tags FROM matrix_writer;
      GRANT EXECUTE ON FUNCTION app.stamp() TO PUBLIC
    `,
  ),
  sound(
    "rights taken and given in another order",
    "REVOKE SELECT, INSERT ON app.customers FROM matrix_writer",
    "GRANT INSERT ON app.customers TO matrix_writer; GRANT SELECT ON app.customers TO matrix_writer",
  ),
  sound(
    "default rights",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT INSERT ON TABLES TO matrix_writer",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA app REVOKE INSERT ON TABLES FROM matrix_writer",
  ),
  sound(
    "an owner",
    "ALTER TABLE app.orders OWNER TO matrix_writer",
    "ALTER TABLE app.orders OWNER TO CURRENT_USER",
  ),
  sound(
    "a role",
    `
      CREATE ROLE matrix_new IN ROLE matrix_group;
      GRANT SELECT ON app.orders TO matrix_new;
      ALTER ROLE matrix_new SET work_mem = '8MB'
    `,
    "REVOKE SELECT ON app.orders FROM matrix_new; DROP ROLE matrix_new",
  ),
  sound(
    "a role made without a transaction",
    "CREATE ROLE matrix_other; CREATE INDEX CONCURRENTLY orders_ip ON app.orders (ip)",
    "DROP INDEX CONCURRENTLY app.orders_ip; DROP ROLE matrix_other",
  ),
  sound(
    "rights of a role that no migration makes",
    "GRANT SELECT ON app.orders TO matrix_stranger",
    "REVOKE SELECT ON app.orders FROM matrix_stranger",
  ),
  sound(
    "rights of a role that dynamic SQL names",
    "DO $$ BEGIN EXECUTE 'GRANT SELECT ON app.orders TO matrix_unknown'; END $$",
    "REVOKE SELECT ON app.orders FROM matrix_unknown",
  ),
  sound(
    "a membership",
    "GRANT matrix_group TO matrix_writer WITH ADMIN OPTION",
    "REVOKE matrix_group FROM matrix_writer",
  ),
  sound(
    "a role's attributes",
    "ALTER ROLE matrix_reader LOGIN CONNECTION LIMIT 5",
    "ALTER ROLE matrix_reader NOLOGIN CONNECTION LIMIT -1",
  ),
  sound(
    "settings",
    `
      ALTER ROLE matrix_reader SET statement_timeout = '5s';
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); END $$
    `,
    `
      ALTER ROLE matrix_reader RESET statement_timeout;
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET work_mem', current_database()); END $$
    `,
  ),
];
