/** A table that not every row may enter. */
export interface CheckedTable {
  readonly name: string;
  readonly sql: string;
}

function checked(name: string, columns: string, more = ""): CheckedTable {
  return { name, sql: `CREATE TABLE ${name} (${columns})${more}` };
}

/** CHECKs of the shapes that projects write, keys, circles of keys and partitions; each can have a row. */
export const CHECKED: readonly CheckedTable[] = [
  checked("k_in", "v text NOT NULL CHECK (v IN ('red', 'green'))"),
  checked("k_any", "v varchar(9) NOT NULL CHECK (v = ANY (ARRAY['low', 'high']))"),
  checked("k_length", "v text NOT NULL CHECK (length(v) = 26)"),
  checked("k_length_between", "v text NOT NULL CHECK (char_length(v) BETWEEN 20 AND 40)"),
  checked("k_octets", "v bytea NOT NULL CHECK (octet_length(v) = 32)"),
  checked(
    "k_two_octets",
    "a bytea NOT NULL CHECK (octet_length(a) = 12), b bytea NOT NULL CHECK (octet_length(b) > 63)",
  ),
  checked("k_regex", "v text NOT NULL CHECK (v ~ '^[a-z0-9_-]{3,16}$')"),
  checked("k_colour", "v text NOT NULL CHECK (v ~* '^#[a-f0-9]{6}$')"),
  checked("k_hash", "v char(64) NOT NULL CHECK (v ~ '^[0-9a-f]{64}$')"),
  checked("k_digits", "v text NOT NULL CHECK (v ~ '^\\d{4}-(\\d{2}|Q[1-4])$')"),
  checked("k_phone", "v text NOT NULL CHECK (v ~ '^\\+[1-9][0-9]{7,14}$')"),
  checked("k_currency", "v char(3) NOT NULL CHECK (v ~ '^[A-Z]{3}$' AND upper(v) = v)"),
  checked("k_like", "v text NOT NULL CHECK (v LIKE 'https://%')"),
  checked("k_lower", "v text NOT NULL CHECK (v = lower(v) AND v <> '')"),
  checked("k_trimmed", "v text NOT NULL CHECK (btrim(v) = v AND length(v) <= 5)"),
  checked("k_more", "v int NOT NULL CHECK (v > 1000)"),
  checked("k_between", "v smallint NOT NULL CHECK (v BETWEEN 18 AND 120)"),
  checked("k_share", "v numeric(4,3) NOT NULL CHECK (v >= 0 AND v <= 1)"),
  checked("k_negative", "v double precision NOT NULL CHECK (v < 0)"),
  checked("k_nan", "v double precision NOT NULL CHECK (v <> 'NaN' AND v < 'Infinity')"),
  checked("k_only_nan", "v numeric NOT NULL CHECK (v = 'NaN')"),
  checked("k_order", "a date NOT NULL, b date NOT NULL, CHECK (a < b)"),
  checked("k_numbers_in_order", "low int NOT NULL, high int NOT NULL, CHECK (low < high)"),
  checked("k_at_most", "a timestamptz NOT NULL, b timestamptz, CHECK (b IS NULL OR b > a)"),
  checked("k_one_of_two", "a int, b int, CHECK ((a IS NULL) <> (b IS NULL))"),
  checked("k_one_of_three", "a int, b int, c int, CHECK (num_nonnulls(a, b, c) = 1)"),
  checked(
    "k_depends",
    "kind text NOT NULL CHECK (kind IN ('a', 'b')), v int, CHECK (kind <> 'a' OR v IS NULL)",
  ),
  checked("k_array", "v text[] NOT NULL CHECK (cardinality(v) = 3)"),
  checked("k_array_some", "v int[] NOT NULL CHECK (array_length(v, 1) > 1)"),
  checked("k_array_of", "v text[] NOT NULL CHECK (v <@ ARRAY['x', 'y'])"),
  checked("k_numbers", "v numeric(4,1)[] CHECK (cardinality(v) < 4), w text NOT NULL CHECK (w::numeric > 3)"),
  checked("k_json", "v jsonb NOT NULL CHECK (jsonb_typeof(v) = 'array')"),
  checked("k_json_key", "v jsonb NOT NULL CHECK (v ? 'name')"),
  checked("k_range", "v int4range NOT NULL CHECK (NOT isempty(v) AND lower(v) >= 1)"),
  checked("k_true", "v boolean NOT NULL CHECK (v)"),
  checked("k_false", "v boolean NOT NULL CHECK (NOT v)"),
  checked("k_single", "id boolean PRIMARY KEY DEFAULT true CHECK (id)"),
  checked("k_one", "id int PRIMARY KEY CHECK (id = 1)"),
  checked("k_unique", "a text NOT NULL UNIQUE, b int NOT NULL UNIQUE, UNIQUE (a, b)"),
  checked("k_alone", "v int4range, EXCLUDE USING gist (v WITH &&)"),
  checked("k_email", "v email NOT NULL"),
  checked("k_version", "v semver NOT NULL"),
  {
    name: "k_circle_a",
    sql: `
      CREATE TABLE k_circle_a (id int PRIMARY KEY, b int NOT NULL);
      CREATE TABLE k_circle_b (id int PRIMARY KEY, a int NOT NULL REFERENCES k_circle_a);
      ALTER TABLE k_circle_a ADD FOREIGN KEY (b) REFERENCES k_circle_b
    `,
  },
  checked("k_self", "id int PRIMARY KEY, up int NOT NULL REFERENCES k_self"),
  {
    name: "k_child",
    sql: `
      CREATE TABLE k_parent (code text PRIMARY KEY CHECK (code ~ '^[A-Z]{2}$'));
      CREATE TABLE k_child (id int, code text NOT NULL REFERENCES k_parent)
    `,
  },
  {
    name: "k_days",
    sql: `
      CREATE TABLE k_days (at timestamptz NOT NULL, v int) PARTITION BY RANGE (at);
      CREATE TABLE k_days_1 PARTITION OF k_days FOR VALUES
        FROM ('2024-03-01 00:00+00') TO ('2024-04-01 00:00+00')
    `,
  },
  {
    name: "k_days_2",
    sql: `
      CREATE TABLE k_days_2 PARTITION OF k_days FOR VALUES
        FROM ('2024-04-01 00:00+00') TO ('2024-05-01 00:00+00')
    `,
  },
  {
    name: "k_lists",
    sql: `
      CREATE TABLE k_lists (region text NOT NULL, n int) PARTITION BY LIST (region);
      CREATE TABLE k_lists_eu PARTITION OF k_lists FOR VALUES IN ('eu', 'uk') PARTITION BY RANGE (n);
      CREATE TABLE k_lists_eu_1 PARTITION OF k_lists_eu FOR VALUES FROM (100) TO (200)
    `,
  },
  {
    name: "k_hashes",
    sql: `
      CREATE TABLE k_hashes (id int NOT NULL) PARTITION BY HASH (id);
      CREATE TABLE k_hashes_0 PARTITION OF k_hashes FOR VALUES WITH (MODULUS 4, REMAINDER 0)
    `,
  },
  {
    name: "k_rest",
    sql: `
      CREATE TABLE k_rest (id int NOT NULL) PARTITION BY RANGE (id);
      CREATE TABLE k_rest_all PARTITION OF k_rest DEFAULT
    `,
  },
];
