import { broken, type MatrixCase } from "./matrix-case.ts";

/**
 * What is no table: views, functions, triggers, types, sequences, comments, and what belongs to no schema.
 */
export const BROKEN_OBJECTS: readonly MatrixCase[] = [
  broken(
    "a view's definition",
    "CREATE OR REPLACE VIEW app.open_orders AS SELECT id, customer_id, total FROM app.orders",
    `
      CREATE OR REPLACE VIEW app.open_orders WITH (security_barrier) AS
        SELECT id, customer_id, total
          FROM app.orders
         WHERE status = 'paid'
    `,
    "view app.open_orders",
  ),
  broken(
    "a view's option",
    "DROP VIEW app.open_orders",
    `
      CREATE VIEW app.open_orders AS SELECT id, customer_id, total FROM app.orders WHERE status = 'new';
      COMMENT ON VIEW app.open_orders IS 'still to be paid'
    `,
    "view app.open_orders",
  ),
  broken(
    "a view's comment",
    "DROP VIEW app.open_orders",
    `
      CREATE VIEW app.open_orders WITH (security_barrier) AS
        SELECT id, customer_id, total
          FROM app.orders
         WHERE status = 'new'
    `,
    "comment view app.open_orders",
  ),
  broken(
    "a view left behind",
    "CREATE VIEW app.paid AS SELECT * FROM app.orders WHERE status = 'paid'",
    "SELECT 1",
    "view app.paid",
  ),
  broken(
    "a column that a view has got for good",
    `
      CREATE OR REPLACE VIEW app.open_orders WITH (security_barrier) AS
        SELECT id, customer_id, total, placed
          FROM app.orders
         WHERE status = 'new'
    `,
    "SELECT 1",
    "view app.open_orders",
  ),
  broken(
    "a view's default",
    "ALTER VIEW app.open_orders ALTER total SET DEFAULT 3",
    "SELECT 1",
    "view app.open_orders",
  ),
  broken(
    "a materialized view's definition",
    "DROP MATERIALIZED VIEW app.daily",
    `
      CREATE MATERIALIZED VIEW app.daily AS
        SELECT placed, max(total) AS total
          FROM app.orders
         GROUP BY placed;
      CREATE UNIQUE INDEX daily_placed ON app.daily (placed)
    `,
    "materialized-view app.daily",
  ),
  broken(
    "a materialized view that has no rows",
    "REFRESH MATERIALIZED VIEW app.daily WITH NO DATA",
    "SELECT 1",
    "materialized-view app.daily",
  ),
  broken(
    "a materialized view without its index",
    "DROP MATERIALIZED VIEW app.daily",
    `
      CREATE MATERIALIZED VIEW app.daily AS SELECT placed, sum(total) AS total FROM app.orders GROUP BY placed
    `,
    "index app.daily_placed",
  ),
  broken(
    "a function's body",
    "CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT n + n'",
    "CREATE OR REPLACE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT 2 * n'",
    "function app.twice(n integer)",
  ),
  broken(
    "a function's volatility",
    "ALTER FUNCTION app.twice(int) VOLATILE",
    "ALTER FUNCTION app.twice(int) STABLE",
    "function app.twice(n integer)",
  ),
  broken(
    "a function that defines security",
    "ALTER FUNCTION app.twice(int) SECURITY DEFINER",
    "SELECT 1",
    "function app.twice(n integer)",
  ),
  broken(
    "a function's setting",
    "ALTER FUNCTION app.stamp() SET search_path = ''",
    "SELECT 1",
    "function app.stamp()",
  ),
  broken(
    "a function's cost",
    "ALTER FUNCTION app.twice(int) COST 7",
    "SELECT 1",
    "function app.twice(n integer)",
  ),
  broken(
    "a function whose argument has another name",
    "DROP FUNCTION app.twice(int)",
    `
      CREATE FUNCTION app.twice(x int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT n * 2';
      GRANT EXECUTE ON FUNCTION app.twice(int) TO matrix_reader
    `,
    "",
    { verdict: "failed" },
  ),
  broken(
    "a function's default argument",
    `
      CREATE OR REPLACE FUNCTION app.twice(n int DEFAULT 4) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS
        'SELECT n * 2'
    `,
    "SELECT 1",
    "function app.twice(n integer)",
  ),
  broken(
    "a function with another signature left behind",
    "CREATE FUNCTION app.twice(n bigint) RETURNS bigint LANGUAGE sql AS 'SELECT n * 2'",
    "SELECT 1",
    "function app.twice(n bigint)",
  ),
  broken(
    "a function with BEGIN ATOMIC",
    `
      CREATE FUNCTION app.count_orders() RETURNS bigint LANGUAGE sql BEGIN ATOMIC;
      SELECT count(*) FROM app.orders;
      END
    `,
    "SELECT 1",
    "function app.count_orders()",
    { since: 14 },
  ),
  broken(
    "a body where BEGIN ATOMIC was",
    "DROP FUNCTION app.thrice(int)",
    "CREATE FUNCTION app.thrice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 3'",
    "function app.thrice(n integer)",
    {
      since: 14,
      setup: "CREATE FUNCTION app.thrice(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC; SELECT n * 3; END",
    },
  ),
  broken("a procedure that is gone", "DROP PROCEDURE app.tidy()", "SELECT 1", "function app.tidy()"),
  broken(
    "an aggregate's start",
    "DROP AGGREGATE app.total(int)",
    "CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '1')",
    "function app.total(integer)",
  ),
  broken(
    "a trigger's moment",
    "DROP TRIGGER orders_stamp ON app.orders",
    "CREATE TRIGGER orders_stamp AFTER UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.stamp()",
    "trigger app.orders.orders_stamp",
  ),
  broken(
    "a trigger's condition",
    "DROP TRIGGER orders_stamp ON app.orders",
    `
      CREATE TRIGGER orders_stamp BEFORE UPDATE ON app.orders FOR EACH ROW WHEN (NEW.total > 0)
        EXECUTE FUNCTION app.stamp()
    `,
    "trigger app.orders.orders_stamp",
  ),
  broken(
    "a trigger's columns",
    "DROP TRIGGER orders_stamp ON app.orders",
    `
      CREATE TRIGGER orders_stamp BEFORE UPDATE OF total ON app.orders FOR EACH ROW
        EXECUTE FUNCTION app.stamp()
    `,
    "trigger app.orders.orders_stamp",
  ),
  broken(
    "a trigger that is enabled",
    "ALTER TABLE app.orders ENABLE TRIGGER orders_quiet",
    "SELECT 1",
    "trigger app.orders.orders_quiet",
  ),
  broken(
    "a trigger that always fires",
    "ALTER TABLE app.orders DISABLE TRIGGER orders_stamp",
    "ALTER TABLE app.orders ENABLE ALWAYS TRIGGER orders_stamp",
    "trigger app.orders.orders_stamp",
  ),
  broken(
    "a trigger that is gone",
    "DROP TRIGGER orders_stamp ON app.orders",
    "SELECT 1",
    "trigger app.orders.orders_stamp",
  ),
  broken(
    "an event trigger left behind",
    "CREATE EVENT TRIGGER guard ON ddl_command_end EXECUTE FUNCTION app.watch()",
    "SELECT 1",
    "event-trigger guard",
    { setup: "CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'" },
  ),
  broken(
    "an event trigger's tags",
    "DROP EVENT TRIGGER guard",
    "CREATE EVENT TRIGGER guard ON ddl_command_end WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION app.watch()",
    "event-trigger guard",
    {
      setup: `
        CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER guard ON ddl_command_end EXECUTE FUNCTION app.watch()
      `,
    },
  ),
  broken(
    "an event trigger that sleeps",
    "ALTER EVENT TRIGGER guard DISABLE",
    "SELECT 1",
    "event-trigger guard",
    {
      setup: `
        CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE EVENT TRIGGER guard ON ddl_command_end EXECUTE FUNCTION app.watch()
      `,
    },
  ),
  broken(
    "a rule that is gone",
    "DROP RULE tags_no_delete ON app.tags",
    "SELECT 1",
    "rule app.tags.tags_no_delete",
  ),
  broken(
    "a rule's action",
    "DROP RULE tags_no_delete ON app.tags",
    "CREATE RULE tags_no_delete AS ON DELETE TO app.tags DO ALSO NOTIFY tags",
    "rule app.tags.tags_no_delete",
  ),
  broken("an enum's label left behind", "ALTER TYPE app.mood ADD VALUE 'great'", "SELECT 1", "type app.mood"),
  broken(
    "an enum's order",
    "ALTER TYPE app.mood RENAME TO mood_old; CREATE TYPE app.mood AS ENUM ('happy', 'ok', 'sad')",
    `
      DROP TYPE app.mood; CREATE TYPE app.mood AS ENUM ('sad', 'happy', 'ok');
      ALTER TABLE app.customers ALTER mood DROP DEFAULT, ALTER mood TYPE app.mood USING mood::text::app.mood,
        ALTER mood SET DEFAULT 'ok';
      DROP TYPE app.mood_old
    `,
    "type app.mood",
  ),
  broken(
    "an enum's label of another name",
    "ALTER TYPE app.mood RENAME VALUE 'ok' TO 'fine'",
    "ALTER TYPE app.mood RENAME VALUE 'fine' TO 'okay'",
    ["column app.customers.mood", "type app.mood"],
  ),
  broken("a composite's field", "ALTER TYPE app.pair ADD ATTRIBUTE c int", "SELECT 1", "type app.pair"),
  broken(
    "a composite's field of another type",
    "ALTER TYPE app.pair ALTER ATTRIBUTE a TYPE bigint",
    "SELECT 1",
    "type app.pair",
  ),
  broken(
    "a domain's condition",
    "ALTER DOMAIN app.email DROP CONSTRAINT email_has_at",
    "ALTER DOMAIN app.email ADD CONSTRAINT email_has_at CHECK (VALUE ~ '.@.')",
    "constraint app.email.email_has_at",
  ),
  broken("a domain's NOT NULL", "ALTER DOMAIN app.score DROP NOT NULL", "SELECT 1", "type app.score"),
  broken(
    "a domain's default",
    "ALTER DOMAIN app.score SET DEFAULT 9",
    "ALTER DOMAIN app.score DROP DEFAULT",
    "type app.score",
  ),
  broken(
    "a range type left behind",
    "CREATE TYPE app.money_range AS RANGE (SUBTYPE = numeric)",
    "SELECT 1",
    "type app.money_range",
  ),
  broken(
    "a collation's locale",
    "DROP COLLATION app.plain",
    `CREATE COLLATION app.plain (locale = 'POSIX')`,
    "collation app.plain",
  ),
  broken(
    "a cast left behind",
    "CREATE CAST (app.pair AS text) WITH INOUT AS ASSIGNMENT",
    "SELECT 1",
    "cast app.pair as text",
  ),
  broken(
    "an operator left behind",
    "CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
    "SELECT 1",
    "operator app.===(integer,integer)",
  ),
  broken(
    "a sequence's ownership",
    "ALTER SEQUENCE app.orders_id_seq OWNED BY NONE",
    "SELECT 1",
    "sequence app.orders_id_seq",
  ),
  broken(
    "a sequence's steps",
    "ALTER SEQUENCE app.tickets INCREMENT 10",
    "ALTER SEQUENCE app.tickets INCREMENT 1",
    "sequence app.tickets",
  ),
  broken("a sequence's type", "ALTER SEQUENCE app.tickets AS int", "SELECT 1", "sequence app.tickets"),
  broken(
    "a sequence's end",
    "ALTER SEQUENCE app.tickets NO MAXVALUE CYCLE CACHE 1",
    "ALTER SEQUENCE app.tickets MAXVALUE 5000",
    "sequence app.tickets",
  ),
  broken("a sequence left behind", "CREATE SEQUENCE app.numbers", "SELECT 1", "sequence app.numbers"),
  broken(
    "a comment of a table",
    "COMMENT ON TABLE app.customers IS 'who bought'",
    "COMMENT ON TABLE app.customers IS NULL",
    "comment table app.customers",
  ),
  broken(
    "a comment of a column",
    "COMMENT ON COLUMN app.customers.name IS 'x'",
    "SELECT 1",
    "comment column app.customers.name",
  ),
  broken("a comment of a schema", "COMMENT ON SCHEMA app IS 'x'", "SELECT 1", "comment schema app"),
  broken(
    "a comment of a constraint",
    "COMMENT ON CONSTRAINT orders_total ON app.orders IS 'x'",
    "SELECT 1",
    "comment constraint app.orders.orders_total",
  ),
  broken(
    "a comment of an index",
    "COMMENT ON INDEX app.orders_status IS 'x'",
    "SELECT 1",
    "comment index app.orders_status",
  ),
  broken(
    "a comment of a function",
    "COMMENT ON FUNCTION app.twice(int) IS 'x'",
    "SELECT 1",
    "comment function app.twice(n integer)",
  ),
  broken(
    "a comment of a trigger",
    "COMMENT ON TRIGGER orders_stamp ON app.orders IS 'x'",
    "SELECT 1",
    "comment trigger app.orders.orders_stamp",
  ),
  broken(
    "a comment of a policy",
    "COMMENT ON POLICY own ON app.secrets IS 'x'",
    "SELECT 1",
    "comment policy app.secrets.own",
  ),
  broken("a comment of a type", "COMMENT ON TYPE app.mood IS 'x'", "SELECT 1", "comment type app.mood"),
  broken(
    "a comment of a domain's condition",
    "COMMENT ON CONSTRAINT email_has_at ON DOMAIN app.email IS 'x'",
    "SELECT 1",
    "comment constraint app.email.email_has_at",
  ),
  broken(
    "a comment of a publication",
    "COMMENT ON PUBLICATION matrix_news IS 'x'",
    "SELECT 1",
    "comment publication matrix_news",
  ),
  broken(
    "a comment of an extension",
    "COMMENT ON EXTENSION hstore IS 'x'",
    "SELECT 1",
    "comment extension hstore",
  ),
  broken(
    "a comment of statistics",
    "COMMENT ON STATISTICS app.orders_stats IS 'x'",
    "SELECT 1",
    "comment statistics app.orders_stats",
  ),
  broken(
    "a comment of a rule",
    "COMMENT ON RULE tags_no_delete ON app.tags IS 'x'",
    "SELECT 1",
    "comment rule app.tags.tags_no_delete",
  ),
  broken(
    "a comment of a role",
    "COMMENT ON ROLE matrix_reader IS 'x'",
    "SELECT 1",
    "comment role matrix_reader",
  ),
  broken(
    "a comment of the database",
    "DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''x''', current_database()); END $$",
    "SELECT 1",
    "comment database",
  ),
  broken(
    "an extension left behind",
    "CREATE EXTENSION citext; CREATE TABLE app.c (c citext)",
    "DROP TABLE app.c",
    "extension citext",
  ),
  broken(
    "an extension in another schema",
    "ALTER EXTENSION hstore SET SCHEMA public",
    "SELECT 1",
    "extension hstore",
  ),
  broken("an extension that is gone", "DROP EXTENSION hstore", "SELECT 1", "extension hstore"),
  broken(
    "a schema left behind",
    "CREATE SCHEMA extra; CREATE TABLE extra.t (i int)",
    "DROP TABLE extra.t",
    "schema extra",
  ),
  broken(
    "a publication's tables",
    "ALTER PUBLICATION matrix_news ADD TABLE app.tags",
    "ALTER PUBLICATION matrix_news SET TABLE app.tags",
    "publication matrix_news",
  ),
  broken(
    "a publication's events",
    "ALTER PUBLICATION matrix_news SET (publish = 'insert')",
    "SELECT 1",
    "publication matrix_news",
  ),
  broken(
    "a publication left behind",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "SELECT 1",
    "publication everything",
  ),
  broken(
    "statistics of other kinds",
    "DROP STATISTICS app.orders_stats",
    "CREATE STATISTICS app.orders_stats (dependencies) ON customer_id, status FROM app.orders",
    "statistics app.orders_stats",
  ),
  broken(
    "statistics left behind",
    "CREATE STATISTICS app.more ON customer_id, placed FROM app.orders",
    "SELECT 1",
    "statistics app.more",
  ),
  broken(
    "a dictionary's option",
    "ALTER TEXT SEARCH DICTIONARY app.words (ACCEPT = true)",
    "ALTER TEXT SEARCH DICTIONARY app.words (ACCEPT)",
    "text-search dictionary app.words",
  ),
  broken(
    "a configuration's mapping",
    "ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING FOR asciiword WITH app.words",
    "SELECT 1",
    "text-search configuration app.search",
  ),
  broken(
    "a foreign server left behind",
    "CREATE FOREIGN DATA WRAPPER far; CREATE SERVER away FOREIGN DATA WRAPPER far OPTIONS (a 'b')",
    "DROP SERVER away",
    "foreign-server wrapper far",
  ),
  broken(
    "a table made by dynamic SQL",
    "DO $$ BEGIN EXECUTE 'CREATE TABLE app.' || 'made' || ' (id int)'; END $$",
    "SELECT 1",
    "table app.made",
  ),
  broken(
    "a table in a schema out of the way",
    "CREATE TABLE public.stray (id int)",
    "SELECT 1",
    "table public.stray",
  ),
  broken(
    "a name that has to be quoted",
    `CREATE TABLE app."Odd ""Name" (id int)`,
    "SELECT 1",
    `table app."Odd ""Name"`,
  ),
];
