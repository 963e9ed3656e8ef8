import { broken, type MatrixCase } from "./matrix-case.ts";

/** Tables, columns, constraints and indexes that do not come back as they were. */
export const BROKEN_TABLES: readonly MatrixCase[] = [
  broken(
    "a lost default",
    "ALTER TABLE app.orders ALTER status SET DEFAULT 'draft'",
    "ALTER TABLE app.orders ALTER status DROP DEFAULT",
    "column app.orders.status",
  ),
  broken(
    "another default",
    "ALTER TABLE app.customers ALTER balance SET DEFAULT 5",
    "ALTER TABLE app.customers ALTER balance SET DEFAULT 0.0",
    "column app.customers.balance",
  ),
  broken(
    "a lost NOT NULL",
    "ALTER TABLE app.customers ALTER name DROP NOT NULL",
    "SELECT 1",
    "column app.customers.name",
  ),
  broken(
    "a precision",
    "ALTER TABLE app.customers ALTER balance TYPE numeric(20,4)",
    "ALTER TABLE app.customers ALTER balance TYPE numeric(14,4)",
    "column app.customers.balance",
  ),
  broken(
    "a length",
    "ALTER TABLE app.customers ALTER name TYPE text",
    "ALTER TABLE app.customers ALTER name TYPE varchar(50)",
    "column app.customers.name",
  ),
  broken(
    "a type without its time zone",
    "ALTER TABLE app.customers ALTER created_at TYPE timestamp",
    "SELECT 1",
    "column app.customers.created_at",
  ),
  broken(
    "a column left behind",
    "ALTER TABLE app.orders ADD coupon text, ADD gift boolean",
    "ALTER TABLE app.orders DROP coupon",
    "column app.orders.gift",
  ),
  broken(
    "a column that is gone",
    "ALTER TABLE app.customers DROP notes",
    "SELECT 1",
    "column app.customers.notes",
  ),
  broken(
    "a column of another name",
    "ALTER TABLE app.tags RENAME label TO title",
    "ALTER TABLE app.tags RENAME title TO name",
    ["column app.tags.label", "column app.tags.name"],
  ),
  broken(
    "a collation",
    `ALTER TABLE app.tags ALTER label TYPE text COLLATE "POSIX"`,
    `ALTER TABLE app.tags ALTER label TYPE text`,
    "column app.tags.label",
  ),
  broken(
    "a storage mode",
    "ALTER TABLE app.orders ALTER code SET STORAGE EXTERNAL",
    "SELECT 1",
    "column app.orders.code",
  ),
  broken(
    "a statistics target",
    "ALTER TABLE app.orders ALTER code SET STATISTICS 500",
    "SELECT 1",
    "column app.orders.code",
  ),
  broken(
    "an option of a column",
    "ALTER TABLE app.orders ALTER code SET (n_distinct = 5)",
    "ALTER TABLE app.orders ALTER code SET (n_distinct = 6)",
    "column app.orders.code",
  ),
  broken(
    "a generated column that is plain",
    "ALTER TABLE app.orders ALTER twice DROP EXPRESSION",
    "SELECT 1",
    "column app.orders.twice",
    { since: 13 },
  ),
  broken(
    "another generation expression",
    "ALTER TABLE app.tags DROP path, ADD path text GENERATED ALWAYS AS (upper(label)) STORED",
    "ALTER TABLE app.tags DROP path, ADD path text[] GENERATED ALWAYS AS (ARRAY[label]) STORED",
    ["column app.tags.path"],
  ),
  broken(
    "an identity that is always",
    "ALTER TABLE app.customers ALTER id SET GENERATED ALWAYS",
    "SELECT 1",
    "column app.customers.id",
  ),
  broken("an identity that is gone", "ALTER TABLE app.customers ALTER id DROP IDENTITY", "SELECT 1", [
    "column app.customers.id",
    "sequence app.customers_id_seq",
  ]),
  broken(
    "an ON DELETE rule",
    "ALTER TABLE app.orders DROP CONSTRAINT orders_customer",
    `
      ALTER TABLE app.orders ADD CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES app.customers
    `,
    "constraint app.orders.orders_customer",
  ),
  broken(
    "a constraint of another name",
    "ALTER TABLE app.orders DROP CONSTRAINT orders_customer",
    "ALTER TABLE app.orders ADD FOREIGN KEY (customer_id) REFERENCES app.customers ON DELETE CASCADE",
    ["constraint app.orders.orders_customer", "constraint app.orders.orders_customer_id_fkey"],
  ),
  broken(
    "an index where a constraint was",
    "ALTER TABLE app.orders DROP CONSTRAINT orders_code",
    "CREATE UNIQUE INDEX orders_code ON app.orders (code)",
    "constraint app.orders.orders_code",
  ),
  broken(
    "a constraint where an index was",
    "DROP INDEX app.daily_placed; CREATE UNIQUE INDEX tags_label ON app.tags (label)",
    `
      CREATE UNIQUE INDEX daily_placed ON app.daily (placed);
      ALTER TABLE app.tags ADD CONSTRAINT tags_label UNIQUE USING INDEX tags_label
    `,
    "constraint app.tags.tags_label",
  ),
  broken(
    "a CHECK that is weaker",
    "ALTER TABLE app.orders DROP CONSTRAINT orders_total",
    "ALTER TABLE app.orders ADD CONSTRAINT orders_total CHECK (total >= -1)",
    "constraint app.orders.orders_total",
  ),
  broken(
    "a CHECK that is not valid",
    "ALTER TABLE app.orders DROP CONSTRAINT orders_total",
    "ALTER TABLE app.orders ADD CONSTRAINT orders_total CHECK (total >= 0) NOT VALID",
    "constraint app.orders.orders_total",
  ),
  broken(
    "a key that can be deferred",
    "ALTER TABLE app.orders DROP CONSTRAINT orders_code",
    "ALTER TABLE app.orders ADD CONSTRAINT orders_code UNIQUE (code) DEFERRABLE INITIALLY DEFERRED",
    "constraint app.orders.orders_code",
  ),
  broken(
    "a foreign key made deferrable",
    "ALTER TABLE app.orders ALTER CONSTRAINT orders_customer DEFERRABLE",
    "ALTER TABLE app.orders ALTER CONSTRAINT orders_customer DEFERRABLE INITIALLY DEFERRED",
    "constraint app.orders.orders_customer",
  ),
  broken(
    "an exclusion constraint left behind",
    "ALTER TABLE app.tags ADD CONSTRAINT tags_alone EXCLUDE USING btree (id WITH =)",
    "SELECT 1",
    "constraint app.tags.tags_alone",
  ),
  broken(
    "a primary key that is gone",
    "ALTER TABLE app.secrets DROP CONSTRAINT secrets_pkey",
    "SELECT 1",
    "constraint app.secrets.secrets_pkey",
  ),
  broken(
    "an index left behind",
    "CREATE INDEX orders_ip ON app.orders (ip); CREATE INDEX orders_placed ON app.orders (placed)",
    "DROP INDEX app.orders_ip",
    "index app.orders_placed",
  ),
  broken(
    "an index without its condition",
    "DROP INDEX app.orders_status",
    "CREATE INDEX orders_status ON app.orders (status)",
    "index app.orders_status",
  ),
  broken(
    "an index of another method",
    "DROP INDEX app.orders_status",
    "CREATE INDEX orders_status ON app.orders USING hash (status) WHERE status <> 'sent'",
    "index app.orders_status",
  ),
  broken(
    "an index without its included column",
    "DROP INDEX app.orders_day",
    "CREATE UNIQUE INDEX orders_day ON app.orders (placed, lower(code))",
    "index app.orders_day",
  ),
  broken(
    "an index that is not unique",
    "DROP INDEX app.orders_day",
    "CREATE INDEX orders_day ON app.orders (placed, lower(code)) INCLUDE (total)",
    "index app.orders_day",
  ),
  broken(
    "an index in another order",
    "DROP INDEX app.orders_day",
    "CREATE UNIQUE INDEX orders_day ON app.orders (placed DESC, lower(code)) INCLUDE (total)",
    "index app.orders_day",
  ),
  broken(
    "an index of another operator class",
    "DROP INDEX app.orders_status",
    "CREATE INDEX orders_status ON app.orders (status text_pattern_ops) WHERE status <> 'sent'",
    "index app.orders_status",
  ),
  broken(
    "an index's storage parameter",
    "ALTER INDEX app.orders_status SET (fillfactor = 50)",
    "ALTER INDEX app.orders_status SET (fillfactor = 60)",
    "index app.orders_status",
  ),
  broken(
    "an index that a table is clustered on",
    "ALTER TABLE app.orders CLUSTER ON orders_pkey",
    "SELECT 1",
    "index app.orders_pkey",
  ),
  broken(
    "a table left behind",
    "CREATE TABLE app.extra (id int PRIMARY KEY, v text); COMMENT ON TABLE app.extra IS 'x'",
    "SELECT 1",
    "table app.extra",
  ),
  broken("a table that is gone", "DROP TABLE app.secrets", "SELECT 1", "table app.secrets"),
  broken(
    "a table of another name",
    "ALTER TABLE app.base RENAME TO bases",
    "ALTER TABLE app.bases RENAME TO basis",
    ["table app.base", "table app.basis", "table app.heir"],
  ),
  broken("a storage parameter", "ALTER TABLE app.tags RESET (fillfactor)", "SELECT 1", "table app.tags"),
  broken("a table that is not logged", "ALTER TABLE app.tags SET UNLOGGED", "SELECT 1", "table app.tags"),
  broken(
    "a replica identity",
    "ALTER TABLE app.tags REPLICA IDENTITY DEFAULT",
    "ALTER TABLE app.tags REPLICA IDENTITY NOTHING",
    "table app.tags",
  ),
  broken(
    "an inheritance that ended",
    "ALTER TABLE app.heir NO INHERIT app.base",
    "SELECT 1",
    // Whoever reads the parent does not see the child's rows any more.
    ["table app.heir", "table app.base"],
  ),
  broken(
    "a partition that stays detached",
    "ALTER TABLE app.events DETACH PARTITION app.events_2021",
    "SELECT 1",
    ["table app.events_2021", "table app.events"],
  ),
  broken(
    "a partition with other bounds",
    "ALTER TABLE app.events DETACH PARTITION app.events_2021",
    `
      ALTER TABLE app.events ATTACH PARTITION app.events_2021 FOR VALUES
        FROM ('2021-01-01 00:00+00') TO ('2023-01-01 00:00+00')
    `,
    "table app.events_2021",
  ),
  broken(
    "a default partition left behind",
    "CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT",
    "SELECT 1",
    "table app.events_rest",
  ),
  broken(
    "an index of a partitioned table that is gone from a partition",
    "CREATE INDEX events_kind ON app.events (kind)",
    "DROP INDEX app.events_kind; CREATE INDEX events_2020_kind_idx ON app.events_2020 (kind)",
    "index app.events_2020_kind_idx",
  ),
  broken(
    "an access that was forced",
    "ALTER TABLE app.secrets NO FORCE ROW LEVEL SECURITY",
    "SELECT 1",
    "row-security app.secrets",
  ),
  broken(
    "row security that stays off",
    "ALTER TABLE app.secrets DISABLE ROW LEVEL SECURITY",
    "SELECT 1",
    "row-security app.secrets",
  ),
  broken(
    "row security that stays on",
    "ALTER TABLE app.tags ENABLE ROW LEVEL SECURITY",
    "SELECT 1",
    "row-security app.tags",
  ),
  broken(
    "a policy's condition",
    "ALTER POLICY own ON app.secrets USING (true)",
    "SELECT 1",
    "policy app.secrets.own",
  ),
  broken(
    "a policy's command",
    "DROP POLICY own ON app.secrets",
    "CREATE POLICY own ON app.secrets FOR ALL TO matrix_reader USING (owner_name = current_user)",
    "policy app.secrets.own",
  ),
  broken(
    "a policy's roles",
    "ALTER POLICY own ON app.secrets TO matrix_reader, matrix_writer",
    "ALTER POLICY own ON app.secrets TO PUBLIC",
    "policy app.secrets.own",
  ),
  broken(
    "a policy that restricts",
    "DROP POLICY own ON app.secrets",
    `
      CREATE POLICY own ON app.secrets AS RESTRICTIVE FOR SELECT TO matrix_reader
        USING (owner_name = current_user)
    `,
    "policy app.secrets.own",
  ),
  broken("a policy that is gone", "DROP POLICY own ON app.secrets", "SELECT 1", "policy app.secrets.own"),
  broken(
    "an index that is not valid",
    "CREATE UNIQUE INDEX CONCURRENTLY base_label ON app.base (label)",
    "SELECT 1",
    "table app.base",
    { setup: "INSERT INTO app.base VALUES (1, 'a'), (2, 'a')", verdict: "failed" },
  ),
  broken(
    "an index not valid left by a rollback",
    "DROP INDEX CONCURRENTLY app.heir_extra",
    `
      UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = 'app.heir_extra2'::regclass;
      CREATE INDEX heir_extra ON app.heir (extra)
    `,
    "index app.heir_extra2",
    { setup: "CREATE INDEX heir_extra ON app.heir (extra); CREATE INDEX heir_extra2 ON app.heir (extra)" },
  ),
  broken(
    "columns in another order",
    "ALTER TABLE app.customers DROP notes",
    "ALTER TABLE app.customers ADD notes text",
    ["column app.customers.notes"],
    { verdict: "loses-data" },
  ),
  broken(
    "columns in another order, without rows to lose",
    "ALTER TABLE app.heir ADD a int; ALTER TABLE app.heir ADD b int; ALTER TABLE app.tags DROP spare",
    `
      ALTER TABLE app.heir DROP a;
      ALTER TABLE app.heir DROP b;
      ALTER TABLE app.tags ADD spare text GENERATED ALWAYS AS (upper(label)) STORED
    `,
    ["table app.tags"],
    {
      verdict: "column-order",
      setup: `
        ALTER TABLE app.tags DROP path;
        ALTER TABLE app.tags ADD spare text GENERATED ALWAYS AS (upper(label)) STORED;
        ALTER TABLE app.tags ADD last int
      `,
    },
  ),
];
