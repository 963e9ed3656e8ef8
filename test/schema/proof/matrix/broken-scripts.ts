import { broken, type MatrixCase } from "./matrix-case.ts";

/** Scripts that do not go through, or hold nothing. */
export const BROKEN_SCRIPTS: readonly MatrixCase[] = [
  broken(
    "a rollback of nothing but a comment",
    "ALTER TABLE app.tags ADD more int",
    "-- nothing to do",
    ["column app.tags.more", "column app.tags.more"],
    { verdict: "missing" },
  ),
  broken(
    "a frozen time that is lost",
    "ALTER TABLE app.frozen ALTER at DROP DEFAULT",
    "SELECT 1",
    "column app.frozen.at",
    { setup: "CREATE TABLE app.frozen (at timestamptz DEFAULT 'now'::timestamptz)" },
  ),
  broken(
    "a table that is left behind beside one with a name made of a random number",
    "CREATE TABLE IF NOT EXISTS app.bak_2 (id int); CREATE TABLE app.w ()",
    "DROP TABLE app.w",
    "table app.bak_2",
    {
      setup: `
        DO $$ BEGIN
          EXECUTE format('CREATE TABLE app.%I ()', 'bak_' || (1000 + floor(random() * 1e6))::int);
        END $$
      `,
    },
  ),
  broken(
    "an extension that this machine lacks, left behind",
    "CREATE EXTENSION holdfast_absent; CREATE TABLE app.w ()",
    "DROP TABLE app.w",
    "extension holdfast_absent",
  ),
  broken(
    "a role that is called as a schema, beside a table in it",
    "CREATE ROLE app; CREATE TABLE app.w ()",
    "SELECT 1",
    ["table app.w", "role app"],
  ),
  broken(
    "a migration that is refused",
    "ALTER TABLE app.nowhere ADD more int",
    "SELECT 1",
    "table app.nowhere",
    {
      verdict: "failed",
    },
  ),
  broken(
    "a rollback that is refused",
    "ALTER TABLE app.tags ADD more int",
    "ALTER TABLE app.tags DROP less",
    "table app.tags",
    { verdict: "failed" },
  ),
  broken("a migration with a mistake in its grammar", "ALTER TABEL app.tags ADD more int", "SELECT 1", "", {
    verdict: "failed",
  }),
  broken(
    "a rollback with a mistake in its grammar",
    "ALTER TABLE app.tags ADD more int",
    "ALTER TABLE app.tags DORP more",
    "",
    { verdict: "failed" },
  ),
  broken(
    "a rollback that stumbles over rows",
    "ALTER TABLE app.tags ALTER label TYPE text",
    `
      ALTER TABLE app.tags ALTER label TYPE text COLLATE "C";
      ALTER TABLE app.tags ADD must int NOT NULL;
      ALTER TABLE app.tags DROP must
    `,
    "table app.tags",
    { verdict: "failed" },
  ),
  broken(
    "a required column in the rollback",
    "ALTER TABLE app.tags DROP must",
    "ALTER TABLE app.tags ADD must int NOT NULL",
    "table app.tags",
    { verdict: "loses-data", setup: "ALTER TABLE app.tags ADD must int NOT NULL" },
  ),
  broken(
    "a transaction left open",
    "BEGIN; ALTER TABLE app.tags ADD more int",
    "ALTER TABLE app.tags DROP more",
    "",
    { verdict: "failed" },
  ),
  broken(
    "a value of an enum used where it is added",
    "ALTER TYPE app.mood ADD VALUE 'great'; UPDATE app.customers SET mood = 'great'",
    "SELECT 1",
    "table app.customers",
    { verdict: "failed" },
  ),
  broken(
    "a migration that cannot be applied twice",
    "INSERT INTO app.secrets VALUES (900, 'a', 'b'); ALTER TABLE app.tags ADD more int",
    "ALTER TABLE app.tags DROP more",
    "table app.secrets",
    { verdict: "failed" },
  ),
  broken(
    "a concurrent index beside a transaction of its own",
    "BEGIN; CREATE INDEX CONCURRENTLY tags_path ON app.tags (path); COMMIT",
    "DROP INDEX app.tags_path",
    "table app.tags",
    { verdict: "failed" },
  ),
  broken(
    "a constraint checked at the end of the transaction",
    "INSERT INTO app.child VALUES (1, 99)",
    "DELETE FROM app.child",
    "table app.child",
    {
      verdict: "failed",
      setup: `
        CREATE TABLE app.parent (id int PRIMARY KEY);
        CREATE TABLE app.child (id int, parent int REFERENCES app.parent DEFERRABLE INITIALLY DEFERRED)
      `,
    },
  ),
];
