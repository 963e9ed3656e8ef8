import { broken, sound, type MatrixCase } from "./matrix-case.ts";

/** A table without a condition on anything, for values that are not everyday's. */
const SETUP = `
  CREATE TABLE app.odd (id int PRIMARY KEY, name text, big bigint, d double precision, v varchar(20),
                        n numeric(12,4), arr text[], ts timestamp, mood app.mood);
`;

/** What is lost of a column of it. */
function loses(name: string, forward: string, rollback: string, column: string): MatrixCase {
  const objects = [column === "" ? "table app.odd" : `column app.odd.${column}`];
  return broken(name, forward, rollback, objects, { verdict: "loses-data", setup: SETUP });
}

/** Pairs that lose what only unusual values show. */
export const CORNER_DATA: readonly MatrixCase[] = [
  loses(
    "large numbers",
    "ALTER TABLE app.odd ALTER big TYPE int USING (big % 1000)::int",
    "ALTER TABLE app.odd ALTER big TYPE bigint",
    "big",
  ),
  loses(
    "digits of a number",
    "ALTER TABLE app.odd ALTER d TYPE real",
    "ALTER TABLE app.odd ALTER d TYPE double precision",
    "d",
  ),
  loses(
    "the end of a text of limited length",
    "ALTER TABLE app.odd ALTER v TYPE varchar(10) USING left(v, 10)",
    "ALTER TABLE app.odd ALTER v TYPE varchar(20)",
    "v",
  ),
  loses(
    "the order of elements, and which of them is there twice",
    `CREATE TABLE app.element (odd int, value text);
     INSERT INTO app.element SELECT DISTINCT id, unnest(arr) FROM app.odd;`,
    `UPDATE app.odd SET arr = (SELECT array_agg(value ORDER BY value) FROM app.element WHERE odd = odd.id)
      WHERE arr <> '{}';
     DROP TABLE app.element`,
    "arr",
  ),
  loses("capitals", "UPDATE app.odd SET v = lower(v)", "SELECT 1", "v"),
  loses(
    "the end of a long text",
    "ALTER TABLE app.odd ALTER name TYPE varchar(50) USING left(name, 50)",
    "ALTER TABLE app.odd ALTER name TYPE text",
    "name",
  ),
  loses("empty texts", "UPDATE app.odd SET name = nullif(name, '')", "SELECT 1", "name"),
  loses("blanks at the ends", "UPDATE app.odd SET name = btrim(name)", "SELECT 1", "name"),
  loses(
    "letters that are not of ASCII",
    "UPDATE app.odd SET name = regexp_replace(name, '[^ -~]', '', 'g')",
    "SELECT 1",
    "name",
  ),
  loses("signs", "UPDATE app.odd SET big = abs(big)", "SELECT 1", "big"),
  loses("rows with a negative number", "DELETE FROM app.odd WHERE big < 0", "SELECT 1", ""),
  loses("rows with a later key", "DELETE FROM app.odd WHERE id > 1000", "SELECT 1", ""),
  loses("old times", "DELETE FROM app.odd WHERE ts < '1950-01-01'", "SELECT 1", ""),
  loses(
    "all but the first element",
    "ALTER TABLE app.odd ALTER arr TYPE text USING arr[1]",
    "ALTER TABLE app.odd ALTER arr TYPE text[] USING ARRAY[arr]",
    "arr",
  ),
  loses(
    "rows that are there twice",
    "DELETE FROM app.odd a USING app.odd b WHERE a.id > b.id AND a.name = b.name",
    "SELECT 1",
    "",
  ),
  loses(
    "a label that the ordinary rows have not",
    `
      ALTER TYPE app.mood RENAME TO mood_old; CREATE TYPE app.mood AS ENUM ('sad', 'ok');
      ALTER TABLE app.customers ALTER mood DROP DEFAULT,
        ALTER mood TYPE app.mood USING nullif(mood::text, 'happy')::app.mood;
      ALTER TABLE app.odd ALTER mood TYPE app.mood USING replace(mood::text, 'happy', 'ok')::app.mood;
      DROP TYPE app.mood_old
    `,
    `
      ALTER TYPE app.mood RENAME TO mood_old; CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
      ALTER TABLE app.customers ALTER mood TYPE app.mood USING coalesce(mood::text, 'happy')::app.mood,
        ALTER mood SET DEFAULT 'ok';
      ALTER TABLE app.odd ALTER mood TYPE app.mood USING mood::text::app.mood;
      DROP TYPE app.mood_old
    `,
    "mood",
  ),
  loses(
    "numbers that are none",
    "UPDATE app.odd SET d = 0 WHERE d = 'NaN' OR d = '-Infinity'",
    "SELECT 1",
    "d",
  ),
  loses(
    "large numbers, without a transaction",
    "CREATE INDEX CONCURRENTLY odd_v ON app.odd (v); UPDATE app.odd SET big = 5 WHERE big > 5000000000",
    "DROP INDEX CONCURRENTLY app.odd_v",
    "big",
  ),
  loses(
    "signs, beside a column that takes no unusual value",
    "ALTER TABLE app.odd ALTER name TYPE varchar(20); UPDATE app.odd SET big = abs(big)",
    "ALTER TABLE app.odd ALTER name TYPE text",
    "big",
  ),
  loses(
    "rows with a later key, beside a condition on another column",
    "ALTER TABLE app.odd ADD CHECK (name <> ''); DELETE FROM app.odd WHERE id > 1000",
    "ALTER TABLE app.odd DROP CONSTRAINT odd_name_check",
    "",
  ),
  // Nothing says that a child keeps what its parent does, and rows of which it is not so come back empty.
  broken(
    "values that come back where a row and its parent keep the same",
    `
      CREATE TABLE app.kept (id int, tenant text, v text);
      INSERT INTO app.kept SELECT id, tenant, v FROM app.child;
      ALTER TABLE app.child DROP COLUMN v
    `,
    `
      ALTER TABLE app.child ADD COLUMN v text;
      UPDATE app.child AS c
        SET v = k.v
       FROM app.kept AS k, app.parent AS p
      WHERE k.id = c.id AND p.id = c.parent_id AND p.tenant = k.tenant;
      DROP TABLE app.kept
    `,
    "column app.child.v",
    {
      verdict: "loses-data",
      setup: `
        CREATE TABLE app.parent (id int PRIMARY KEY, tenant text NOT NULL);
        CREATE TABLE app.child (id int PRIMARY KEY, tenant text NOT NULL, total numeric,
                                parent_id int NOT NULL REFERENCES app.parent, above int REFERENCES app.child,
                                v text)
      `,
    },
  ),
];

const takes = (name: string, forward: string, rollback: string): MatrixCase =>
  sound(name, forward, rollback, { setup: SETUP });

/** Their neighbours: nothing is lost, or what unusual values refuse is no loss. */
export const CORNER_SOUND: readonly MatrixCase[] = [
  takes(
    "a wider type and back",
    "ALTER TABLE app.odd ALTER v TYPE varchar(40), ALTER big TYPE numeric, ALTER n TYPE numeric(20,8)",
    "ALTER TABLE app.odd ALTER v TYPE varchar(20), ALTER big TYPE bigint, ALTER n TYPE numeric(12,4)",
  ),
  takes(
    "a narrower type that unusual values do not fit",
    "ALTER TABLE app.odd ALTER big TYPE int",
    "ALTER TABLE app.odd ALTER big TYPE bigint",
  ),
  takes(
    "a condition that unusual values break",
    "ALTER TABLE app.odd ADD CHECK (big >= 0), ADD CHECK (name <> '')",
    "ALTER TABLE app.odd DROP CONSTRAINT odd_big_check, DROP CONSTRAINT odd_name_check",
  ),
  takes(
    "a unique constraint that rows which are there twice break",
    "ALTER TABLE app.odd ADD UNIQUE (name)",
    "ALTER TABLE app.odd DROP CONSTRAINT odd_name_key",
  ),
  takes(
    "a unique index without a transaction",
    "CREATE UNIQUE INDEX CONCURRENTLY odd_v ON app.odd (v)",
    "DROP INDEX CONCURRENTLY app.odd_v",
  ),
  takes(
    "texts for times, numbers and elements, and back",
    `
      ALTER TABLE app.odd ALTER ts TYPE text, ALTER n TYPE text, ALTER d TYPE text,
        ALTER arr TYPE jsonb USING to_jsonb(arr)
    `,
    `
      ALTER TABLE app.odd ALTER ts TYPE timestamp USING ts::timestamp, ALTER n TYPE numeric(12,4)
        USING n::numeric, ALTER d TYPE double precision USING d::double precision, ALTER arr TYPE text;
      ALTER TABLE app.odd ALTER arr TYPE text[]
        USING replace(replace(arr, '[', '{'), ']', '}')::text[]
    `,
  ),
  takes("a sign turned and turned back", "UPDATE app.odd SET n = -n", "UPDATE app.odd SET n = -n"),
  takes("a sum of a column", "UPDATE app.odd SET big = big + 1", "UPDATE app.odd SET big = big - 1"),
];
