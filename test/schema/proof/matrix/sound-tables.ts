import { sound, type MatrixCase } from "./matrix-case.ts";

/** Changes to tables that are taken back as they should be. */
export const SOUND_TABLES: readonly MatrixCase[] = [
  sound("a column", "ALTER TABLE app.orders ADD coupon text", "ALTER TABLE app.orders DROP coupon"),
  sound(
    "a column with a default and a CHECK",
    "ALTER TABLE app.orders ADD coupon text NOT NULL DEFAULT 'none' CHECK (coupon <> '')",
    "ALTER TABLE app.orders DROP COLUMN IF EXISTS coupon",
  ),
  sound(
    "a table with all that belongs to it",
    `
      CREATE TABLE app.items (id bigserial PRIMARY KEY, order_id int REFERENCES app.orders ON DELETE SET NULL,
        n int CHECK (n > 0));
      CREATE INDEX ON app.items (order_id);
      COMMENT ON TABLE app.items IS 'what is bought'; COMMENT ON COLUMN app.items.n IS 'how many';
      GRANT SELECT ON app.items TO matrix_writer; ALTER TABLE app.items ENABLE ROW LEVEL SECURITY;
      CREATE POLICY all_of_it ON app.items USING (true);
      CREATE TRIGGER items_stamp BEFORE UPDATE ON app.items FOR EACH ROW EXECUTE FUNCTION app.stamp()
    `,
    "DROP TABLE app.items",
  ),
  sound(
    "a default",
    "ALTER TABLE app.orders ALTER status SET DEFAULT 'paid'",
    "ALTER TABLE app.orders ALTER status SET DEFAULT 'new'",
  ),
  sound(
    "a default written in another way",
    "ALTER TABLE app.customers ALTER balance SET DEFAULT 5",
    "ALTER TABLE app.customers ALTER balance SET DEFAULT (0)",
  ),
  sound(
    "NOT NULL",
    "ALTER TABLE app.customers ALTER name DROP NOT NULL",
    "ALTER TABLE app.customers ALTER name SET NOT NULL",
  ),
  sound(
    "a type that is wider",
    "ALTER TABLE app.customers ALTER name TYPE varchar(80)",
    "ALTER TABLE app.customers ALTER name TYPE varchar(40)",
  ),
  sound(
    "a whole number that is wider",
    "ALTER TABLE app.base ALTER id TYPE bigint",
    "ALTER TABLE app.base ALTER id TYPE int",
  ),
  sound(
    "a time zone given and taken in UTC",
    "ALTER TABLE app.log ALTER at TYPE timestamptz USING at AT TIME ZONE 'UTC'",
    "ALTER TABLE app.log ALTER at TYPE timestamp USING at AT TIME ZONE 'UTC'",
    { setup: "CREATE TABLE app.log (at timestamp)" },
  ),
  sound(
    "another name of a column",
    "ALTER TABLE app.tags RENAME label TO title",
    "ALTER TABLE app.tags RENAME title TO label",
  ),
  sound(
    "another name of a table",
    "ALTER TABLE app.orders RENAME TO purchases",
    "ALTER TABLE app.purchases RENAME TO orders",
  ),
  sound(
    "another name of a constraint",
    "ALTER TABLE app.orders RENAME CONSTRAINT orders_total TO total_ok",
    "ALTER TABLE app.orders RENAME CONSTRAINT total_ok TO orders_total",
  ),
  sound("another name of a schema", "ALTER SCHEMA app RENAME TO shop", "ALTER SCHEMA shop RENAME TO app"),
  sound(
    "another schema",
    "CREATE SCHEMA other; ALTER TABLE app.tags SET SCHEMA other",
    "ALTER TABLE other.tags SET SCHEMA app; DROP SCHEMA other",
  ),
  sound(
    "an ON DELETE rule",
    `
      ALTER TABLE app.orders DROP CONSTRAINT orders_customer,
        ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES app.customers
    `,
    `
      ALTER TABLE app.orders DROP CONSTRAINT orders_customer,
        ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES app.customers ON DELETE CASCADE
    `,
  ),
  sound(
    "a constraint added and not valid, then valid",
    `
      ALTER TABLE app.tags ADD CONSTRAINT tags_id CHECK (id > -5) NOT VALID;
      ALTER TABLE app.tags VALIDATE CONSTRAINT tags_id
    `,
    "ALTER TABLE app.tags DROP CONSTRAINT tags_id",
  ),
  sound(
    "a constraint that is not valid taken out and put back",
    "ALTER TABLE app.tags DROP CONSTRAINT later",
    "ALTER TABLE app.tags ADD CONSTRAINT later CHECK (id > 0) NOT VALID",
    { setup: "ALTER TABLE app.tags ADD CONSTRAINT later CHECK (id > 0) NOT VALID" },
  ),
  sound(
    "a deferrable key",
    "ALTER TABLE app.tags ADD CONSTRAINT tags_label UNIQUE (label) DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE app.tags DROP CONSTRAINT tags_label",
  ),
  sound(
    "a foreign key made deferrable",
    "ALTER TABLE app.orders ALTER CONSTRAINT orders_customer DEFERRABLE INITIALLY DEFERRED",
    "ALTER TABLE app.orders ALTER CONSTRAINT orders_customer NOT DEFERRABLE",
  ),
  sound(
    "an exclusion constraint",
    "ALTER TABLE app.tags ADD CONSTRAINT tags_alone EXCLUDE USING btree (id WITH =)",
    "ALTER TABLE app.tags DROP CONSTRAINT tags_alone",
  ),
  sound(
    "a key that takes an index over",
    `
      CREATE UNIQUE INDEX tags_label ON app.tags (label);
      ALTER TABLE app.tags ADD CONSTRAINT tags_label UNIQUE USING INDEX tags_label
    `,
    "ALTER TABLE app.tags DROP CONSTRAINT tags_label",
  ),
  sound(
    "an index",
    "CREATE INDEX orders_ip ON app.orders USING hash (ip) WHERE ip IS NOT NULL",
    "DROP INDEX app.orders_ip",
  ),
  sound(
    "an index without a lock on writers",
    "CREATE INDEX CONCURRENTLY orders_ip ON app.orders (ip)",
    "DROP INDEX CONCURRENTLY app.orders_ip",
  ),
  sound(
    "an index dropped and made again",
    "DROP INDEX CONCURRENTLY app.orders_day",
    "CREATE UNIQUE INDEX CONCURRENTLY orders_day ON app.orders (placed, lower(code)) INCLUDE (total)",
  ),
  sound(
    "an index of another name",
    "ALTER INDEX app.orders_day RENAME TO o",
    "ALTER INDEX app.o RENAME TO orders_day",
  ),
  sound(
    "an index made anew",
    "REINDEX TABLE app.orders; CREATE INDEX orders_ip ON app.orders (ip)",
    "DROP INDEX app.orders_ip",
  ),
  sound(
    "a generated column",
    "ALTER TABLE app.tags ADD loud text GENERATED ALWAYS AS (upper(label)) STORED",
    "ALTER TABLE app.tags DROP loud",
  ),
  sound(
    "a generated column of version 18",
    "ALTER TABLE app.tags ADD loud text GENERATED ALWAYS AS (upper(label)) VIRTUAL",
    "ALTER TABLE app.tags DROP loud",
    { since: 18 },
  ),
  sound(
    "an identity",
    "ALTER TABLE app.tags ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2)",
    "ALTER TABLE app.tags ALTER id DROP IDENTITY",
  ),
  sound(
    "an identity that is always",
    "ALTER TABLE app.customers ALTER id SET GENERATED ALWAYS",
    "ALTER TABLE app.customers ALTER id SET GENERATED BY DEFAULT",
  ),
  sound("a serial column", "ALTER TABLE app.tags ADD n bigserial", "ALTER TABLE app.tags DROP n"),
  sound(
    "a storage mode, a target and an option",
    `
      ALTER TABLE app.orders ALTER code SET STORAGE EXTERNAL, ALTER code SET STATISTICS 500,
        ALTER code SET (n_distinct = 5)
    `,
    `
      ALTER TABLE app.orders ALTER code SET STORAGE EXTENDED, ALTER code SET STATISTICS -1,
        ALTER code RESET (n_distinct)
    `,
  ),
  sound(
    "a storage parameter",
    "ALTER TABLE app.tags SET (fillfactor = 90)",
    "ALTER TABLE app.tags SET (fillfactor = 70)",
  ),
  sound(
    "storage parameters in another order",
    "ALTER TABLE app.tags RESET (fillfactor)",
    "ALTER TABLE app.tags SET (fillfactor = 70)",
  ),
  sound("a table that is not logged", "ALTER TABLE app.base SET UNLOGGED", "ALTER TABLE app.base SET LOGGED"),
  sound(
    "a replica identity",
    "ALTER TABLE app.tags REPLICA IDENTITY DEFAULT",
    "ALTER TABLE app.tags REPLICA IDENTITY FULL",
  ),
  sound(
    "a replica identity by an index",
    "ALTER TABLE app.tags REPLICA IDENTITY USING INDEX tags_pkey",
    "ALTER TABLE app.tags REPLICA IDENTITY FULL",
  ),
  sound("an heir", "CREATE TABLE app.second (more int) INHERITS (app.base)", "DROP TABLE app.second"),
  sound(
    "an inheritance that begins",
    "CREATE TABLE app.late (id int, label text); ALTER TABLE app.late INHERIT app.base",
    "ALTER TABLE app.late NO INHERIT app.base; DROP TABLE app.late",
  ),
  sound("a column that is inherited", "ALTER TABLE app.base ADD more int", "ALTER TABLE app.base DROP more"),
  sound(
    "a partition",
    `
      CREATE TABLE app.events_2022 PARTITION OF app.events FOR VALUES
        FROM ('2022-01-01 00:00+00') TO ('2023-01-01 00:00+00')
    `,
    "DROP TABLE app.events_2022",
  ),
  sound(
    "a default partition",
    "CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT",
    "DROP TABLE app.events_rest",
  ),
  sound(
    "a partition detached and attached",
    "ALTER TABLE app.events DETACH PARTITION app.events_2021",
    `
      ALTER TABLE app.events ATTACH PARTITION app.events_2021 FOR VALUES
        FROM ('2021-01-01 00:00+00') TO ('2022-01-01 00:00+00')
    `,
  ),
  sound(
    "a partition detached while others work",
    "ALTER TABLE app.events DETACH PARTITION app.events_2021 CONCURRENTLY",
    `
      ALTER TABLE app.events ATTACH PARTITION app.events_2021 FOR VALUES
        FROM ('2021-01-01 00:00+00') TO ('2022-01-01 00:00+00');
      ALTER TABLE app.events_2021 DROP CONSTRAINT IF EXISTS events_2021_at_check
    `,
    { since: 14 },
  ),
  sound(
    "an index of a partitioned table",
    "CREATE INDEX events_kind ON app.events (kind)",
    "DROP INDEX app.events_kind",
  ),
  sound(
    "a column of a partitioned table",
    "ALTER TABLE app.events ADD source text DEFAULT 'web'",
    "ALTER TABLE app.events DROP source",
  ),
  sound(
    "a partitioned table",
    `
      CREATE TABLE app.parts (k int, v text) PARTITION BY HASH (k);
       CREATE TABLE app.parts_0 PARTITION OF app.parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
       CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES WITH (MODULUS 2, REMAINDER 1)
    `,
    "DROP TABLE app.parts",
  ),
  sound(
    "row security",
    "ALTER TABLE app.tags ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "ALTER TABLE app.tags DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
  ),
  sound(
    "a policy",
    "CREATE POLICY more ON app.secrets FOR INSERT TO matrix_writer WITH CHECK (id > 0)",
    "DROP POLICY more ON app.secrets",
  ),
  sound(
    "a policy's condition",
    "ALTER POLICY own ON app.secrets USING (true)",
    "ALTER POLICY own ON app.secrets USING (owner_name = current_user)",
  ),
  sound("columns of a table in a circle of keys", "ALTER TABLE app.a ADD x int", "ALTER TABLE app.a DROP x", {
    setup: `
      CREATE TABLE app.a (id int PRIMARY KEY, b int NOT NULL);
      CREATE TABLE app.b (id int PRIMARY KEY, a int NOT NULL REFERENCES app.a);
      ALTER TABLE app.a ADD FOREIGN KEY (b) REFERENCES app.b
    `,
  }),
  sound(
    "a table in a circle of keys that are taken out and put back",
    "ALTER TABLE app.a DROP CONSTRAINT a_b_fkey",
    "ALTER TABLE app.a ADD FOREIGN KEY (b) REFERENCES app.b",
    {
      setup: `
        CREATE TABLE app.a (id int PRIMARY KEY, b int NOT NULL);
        CREATE TABLE app.b (id int PRIMARY KEY, a int NOT NULL REFERENCES app.a);
        ALTER TABLE app.a ADD FOREIGN KEY (b) REFERENCES app.b
      `,
    },
  ),
];
