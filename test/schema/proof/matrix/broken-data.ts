import { broken, type MatrixCase } from "./matrix-case.ts";

/** Rows and values that do not come back, although the schema does. */
function loses(
  name: string,
  forward: string,
  rollback: string,
  objects: string | readonly string[],
  setup?: string,
): MatrixCase {
  return broken(name, forward, rollback, objects, {
    verdict: "loses-data",
    ...(setup === undefined ? {} : { setup }),
  });
}

/** Pairs whose schema comes back and whose rows do not. */
export const BROKEN_DATA: readonly MatrixCase[] = [
  loses(
    "a dropped column that was the last",
    "ALTER TABLE app.heir DROP extra",
    "ALTER TABLE app.heir ADD extra text",
    "column app.heir.extra",
  ),
  loses(
    "a dropped table",
    "DROP TABLE app.secrets",
    `
      CREATE TABLE app.secrets (id int PRIMARY KEY, owner_name name NOT NULL, body text);
      ALTER TABLE app.secrets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY own ON app.secrets FOR SELECT TO matrix_reader USING (owner_name = current_user);
      GRANT SELECT ON app.secrets TO matrix_reader
    `,
    "table app.secrets",
  ),
  loses("rows that are deleted", "DELETE FROM app.base WHERE label IS NOT NULL", "SELECT 1", [
    "table app.base",
    "table app.heir",
  ]),
  broken(
    "rows that are deleted beside a table that stays",
    "CREATE TABLE app.audit (id int); TRUNCATE app.secrets",
    "SELECT 1",
    ["table app.audit", "table app.secrets"],
  ),
  loses("a table that is emptied", "TRUNCATE app.secrets", "SELECT 1", "table app.secrets"),
  loses(
    "one row that is deleted",
    "DELETE FROM app.base WHERE id = 2",
    "SELECT 1",
    ["table app.base", "table app.heir"],
    "INSERT INTO app.base VALUES (2, 'two'), (3, 'three')",
  ),
  loses(
    "values that are changed",
    "UPDATE app.tags SET label = upper(label)",
    "UPDATE app.tags SET label = lower(label) || '!'",
    "column app.tags.label",
  ),
  loses(
    "values that are taken away while a row is added",
    "UPDATE app.plain_rows SET name = NULL; INSERT INTO app.plain_rows DEFAULT VALUES",
    "SELECT 1",
    "table app.plain_rows",
    "CREATE TABLE app.plain_rows (name text, age int)",
  ),
  loses(
    "values that change places",
    `
      CREATE TABLE app.kept AS SELECT name, row_number() OVER (ORDER BY age DESC) AS n FROM app.swapped;
      UPDATE app.swapped SET name = ''
    `,
    `
      UPDATE app.swapped s
        SET name = k.name
        FROM app.kept k JOIN (SELECT age, row_number() OVER (ORDER BY age) AS n FROM app.swapped) r USING (n)
       WHERE r.age = s.age;
      DROP TABLE app.kept
    `,
    "table app.swapped",
    `
      CREATE TABLE app.swapped (name text, age int PRIMARY KEY);
      INSERT INTO app.swapped VALUES ('ann', 1), ('bob', 2)
    `,
  ),
  loses(
    "rows that make place for others",
    "DELETE FROM app.base; INSERT INTO app.base SELECT g, 'new' FROM generate_series(1001, 1100) g",
    "SELECT 1",
    ["table app.base", "table app.heir"],
  ),
  loses(
    "a type that is narrower",
    "ALTER TABLE app.tags ALTER label TYPE varchar(3) USING left(label, 3)",
    `ALTER TABLE app.tags ALTER label TYPE text COLLATE "C"`,
    "column app.tags.label",
  ),
  loses(
    "a time that loses its zone",
    "ALTER TABLE app.customers ALTER created_at TYPE date",
    "ALTER TABLE app.customers ALTER created_at TYPE timestamptz",
    "column app.customers.created_at",
  ),
  loses(
    "a scale",
    "ALTER TABLE app.customers ALTER balance TYPE numeric(12,1)",
    "ALTER TABLE app.customers ALTER balance TYPE numeric(12,4)",
    "column app.customers.balance",
  ),
  loses(
    "a number made whole",
    "ALTER TABLE app.customers ALTER balance TYPE bigint",
    "ALTER TABLE app.customers ALTER balance TYPE numeric(12,4)",
    "column app.customers.balance",
  ),
  loses(
    "NULLs that become a default",
    `
      UPDATE app.customers SET notes = '' WHERE notes IS NULL;
      ALTER TABLE app.customers ALTER notes SET NOT NULL
    `,
    "ALTER TABLE app.customers ALTER notes DROP NOT NULL",
    "column app.customers.notes",
    "INSERT INTO app.customers (name) VALUES ('somebody')",
  ),
  loses(
    "values that become NULL",
    "UPDATE app.secrets SET body = NULL",
    "SELECT 1",
    "column app.secrets.body",
  ),
  loses("keys that are counted anew", "UPDATE app.tags SET id = id + 1000", "SELECT 1", "column app.tags.id"),
  loses("two columns that change places", "UPDATE app.base SET label = id::text", "SELECT 1", [
    "column app.base.label",
    "column app.heir.label",
  ]),
  loses(
    "values that are nobody's after a shorter enum",
    `
      ALTER TYPE app.mood RENAME TO mood_old; CREATE TYPE app.mood AS ENUM ('bad', 'good');
      ALTER TABLE app.customers ALTER mood DROP DEFAULT, ALTER mood TYPE app.mood USING 'good'::app.mood;
      DROP TYPE app.mood_old
    `,
    `
      ALTER TYPE app.mood RENAME TO mood_new; CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
      ALTER TABLE app.customers ALTER mood TYPE app.mood USING 'ok'::app.mood, ALTER mood SET DEFAULT 'ok';
      DROP TYPE app.mood_new
    `,
    "column app.customers.mood",
  ),
  loses(
    "rows in a partition that is dropped",
    "DROP TABLE app.events_2021",
    `
      CREATE TABLE app.events_2021 PARTITION OF app.events FOR VALUES
        FROM ('2021-01-01 00:00+00') TO ('2022-01-01 00:00+00')
    `,
    ["table app.events", "table app.events_2021"],
    "INSERT INTO app.events VALUES ('2021-05-05 00:00+00', 'a', '{}')",
  ),
  loses(
    "rows that a rollback deletes",
    "INSERT INTO app.tags VALUES (70, 'new', NULL)",
    `
      DROP RULE tags_no_delete ON app.tags;
      DELETE FROM app.tags;
      CREATE RULE tags_no_delete AS ON DELETE TO app.tags DO INSTEAD NOTHING
    `,
    "table app.tags",
  ),
  loses(
    "a json that loses its text",
    "ALTER TABLE app.docs ALTER body TYPE jsonb",
    "ALTER TABLE app.docs ALTER body TYPE json",
    "column app.docs.body",
    `CREATE TABLE app.docs (id int, body json); INSERT INTO app.docs VALUES (1, '{"b":1,"a":2,"a":3}')`,
  ),
  loses(
    "rows that a cascade takes along",
    "DELETE FROM app.customers",
    "SELECT 1",
    ["table app.customers", "table app.orders"],
    `
      INSERT INTO app.customers (id, name) VALUES (5001, 'x');
      INSERT INTO app.orders (customer_id, code) VALUES (5001, 'y')
    `,
  ),
  loses(
    "rows deleted by dynamic SQL",
    "DO $$ BEGIN EXECUTE 'DELETE FROM app.' || 'secrets'; END $$",
    "SELECT 1",
    "table app.secrets",
  ),
  loses(
    "rows deleted in a transaction of the script's own",
    "BEGIN; DELETE FROM app.secrets; COMMIT; BEGIN; COMMIT",
    "SELECT 1",
    "table app.secrets",
  ),
  loses(
    "rows of a table that is set aside",
    "ALTER TABLE app.secrets RENAME TO old; DELETE FROM app.old",
    "ALTER TABLE app.old RENAME TO secrets",
    "table app.secrets",
  ),
  loses(
    "a dropped column without a transaction",
    "ALTER TABLE app.heir DROP extra; CREATE INDEX CONCURRENTLY heir_label ON app.heir (label)",
    "DROP INDEX CONCURRENTLY app.heir_label; ALTER TABLE app.heir ADD extra text",
    "column app.heir.extra",
  ),
  loses(
    "rows that a function deletes, without a transaction",
    "CREATE INDEX CONCURRENTLY heir_label ON app.heir (label); SELECT app.purge()",
    "DROP INDEX CONCURRENTLY app.heir_label",
    "table app.secrets",
    "CREATE FUNCTION app.purge() RETURNS void LANGUAGE sql AS 'DELETE FROM app.secrets'",
  ),
  loses(
    "rows that a trigger deletes, without a transaction",
    "CREATE INDEX CONCURRENTLY heir_label ON app.heir (label); UPDATE app.tags SET label = label",
    "DROP INDEX CONCURRENTLY app.heir_label",
    "table app.secrets",
    `
      CREATE FUNCTION app.purge() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN DELETE FROM app.secrets; RETURN NULL; END';
      CREATE TRIGGER purge AFTER UPDATE ON app.tags FOR EACH STATEMENT EXECUTE FUNCTION app.purge()
    `,
  ),
  loses(
    "rows that a rollback deletes which was not reached inside of one transaction",
    "ALTER TYPE app.mood ADD VALUE 'great'",
    `
      UPDATE app.customers SET mood = 'ok' WHERE mood = 'great';
      ALTER TABLE app.customers ALTER mood DROP DEFAULT; ALTER TYPE app.mood RENAME TO mood_old;
      CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
      ALTER TABLE app.customers ALTER mood TYPE app.mood USING mood::text::app.mood,
        ALTER mood SET DEFAULT 'ok';
      DROP TYPE app.mood_old;
      DELETE FROM app.secrets
    `,
    "table app.secrets",
  ),
  loses(
    "where a serial column's sequence stands",
    "ALTER TABLE app.orders ALTER id DROP DEFAULT; DROP SEQUENCE app.orders_id_seq",
    `
      CREATE SEQUENCE app.orders_id_seq AS int OWNED BY app.orders.id;
      ALTER TABLE app.orders ALTER id SET DEFAULT nextval('app.orders_id_seq')
    `,
    "sequence app.orders_id_seq",
  ),
  loses(
    "where an identity's sequence stands",
    "ALTER TABLE app.customers ALTER id DROP IDENTITY",
    "ALTER TABLE app.customers ALTER id ADD GENERATED BY DEFAULT AS IDENTITY",
    "sequence app.customers_id_seq",
  ),
  loses(
    "where a sequence stands that fills no column",
    "DROP SEQUENCE app.tickets",
    "CREATE SEQUENCE app.tickets START 100 INCREMENT 5 MAXVALUE 5000 CACHE 3",
    "sequence app.tickets",
  ),
  loses(
    "where a sequence stands, without a transaction",
    "ALTER SEQUENCE app.tickets RESTART; VACUUM app.tags",
    "SELECT 1",
    "sequence app.tickets",
  ),
  loses(
    "where a sequence stands that counts down",
    "ALTER SEQUENCE app.down RESTART",
    "SELECT 1",
    "sequence app.down",
    "CREATE SEQUENCE app.down INCREMENT -1",
  ),
];
