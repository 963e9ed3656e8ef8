/**
 * A database with at least one of everything: every object kind, odd names, every family of types, values
 * that are easily confused.
 */
export const EVERYTHING_SQL = String.raw`
  CREATE SCHEMA "Sonder schema ""ü""";
  CREATE SCHEMA app;
  COMMENT ON SCHEMA app IS 'the application';
  CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'it''s fine', 'happy');
  CREATE TYPE app.point3 AS (x int, y numeric(6,2), note text);
  CREATE TYPE app.floats AS RANGE (subtype = float8, subtype_diff = float8mi);
  CREATE DOMAIN app.email AS varchar(100) NOT NULL DEFAULT 'a@b' CHECK (VALUE ~ '@');
  CREATE DOMAIN app.strict_email AS app.email CHECK (length(VALUE) < 50);
  CREATE DOMAIN app.code AS char(6);
  CREATE COLLATION app.bytes (provider = libc, locale = 'C');
  CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT n * 2';
  CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = app AS
    $body$ BEGIN NEW.note := coalesce(NEW.note, 'touched'); RETURN NEW; END $body$;
  CREATE FUNCTION app.atomic(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n + 1 WHERE n IN (1, 2, 3);
  END;
  CREATE PROCEDURE app.nothing(INOUT a int) LANGUAGE plpgsql AS 'BEGIN a := a + 1; END';
  CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int, initcond = '0');
  CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = int4eq, commutator = OPERATOR(app.===));
  CREATE CAST (app.point3 AS text) WITH INOUT;
  CREATE SEQUENCE app.tickets START 5 INCREMENT 7 MAXVALUE 100000 CYCLE;
  SELECT nextval('app.tickets'), nextval('app.tickets');

  CREATE TABLE app.every_type (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    small smallint, whole int, flag boolean, uid uuid, num numeric, amount numeric(12,2), r real,
    d double precision, cash money,
    t text, v varchar(20), c char(8), one "char", n name, j json, jb jsonb, x xml, b bytea, bits bit(5),
    vbits bit varying,
    ip inet, net cidr, mac macaddr, at timestamptz, plain timestamp, day date, tod time, todz timetz,
    span interval,
    ints int[], texts text[][], mood app.mood, p app.point3, ps app.point3[], rng int4range, frng app.floats,
    mrng datemultirange,
    mail app.strict_email, code app.code, pt point, poly polygon, tsv tsvector, tsq tsquery, lsn pg_lsn,
    cls regclass,
    twice int GENERATED ALWAYS AS (whole * 2) STORED, collated text COLLATE app.bytes DEFAULT 'x' || 'y',
    note text
  );
  ALTER TABLE app.every_type ALTER COLUMN t SET STORAGE EXTERNAL;
  INSERT INTO app.every_type (
    small, whole, flag, uid, num, amount, r, d, cash, t, v, c, one, n, j, jb, x, b, bits, vbits, ip, net, mac,
    at, plain, day, tod, todz, span,
      ints, texts, mood, p, ps, rng, frng, mrng, mail, code, pt, poly, tsv, tsq, lsn, cls)
    SELECT g, g * 3, g % 2 = 0, md5(g::text)::uuid, g / 7.0, g * 1.1, g / 3.0, 1e10 / (g + 1), g::text::money,
           'text ' || g, 'v' || g, 'c' || g, 'q', 'name' || g,
      '{"b": 1, "a":  2}', jsonb_build_object('k', g, 'l', ARRAY[g, NULL]), '<a>1</a>',
           decode(md5(g::text), 'hex'), B'10101', B'110', '10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03',
      '2026-01-01 00:00:00.123456+00'::timestamptz + g * interval '1 hour',
           '2026-01-01'::timestamp + g * interval '1 microsecond', '2026-01-01'::date + g, '12:34:56.7',
           '12:34:56+05:30', g * interval '1 month 2 days 3.5 seconds',
      ARRAY[g, NULL, g + 1], ARRAY[['a,b', '"'], [NULL, 'ü']], 'it''s fine', (g, 1.5, 'no''te')::app.point3,
           ARRAY[(1, 2, NULL)::app.point3], int4range(g, g + 5), app.floats(g, g + 0.5),
      '{[2026-01-01,2026-02-01)}', 'x@y' || g, 'ab ', point(g, 1), '((0,0),(1,1),(1,0))',
           to_tsvector('english', 'the fat cats ' || g), 'fat & rat', '16/B374D848', 'app.tickets'
    FROM generate_series(1, 200) g;
  INSERT INTO app.every_type (num, r, d, cash, t, at, day, span)
    VALUES (NULL, NULL, NULL, NULL, NULL, 'infinity', '-infinity', NULL),
           ('NaN', 'NaN', '-0', NULL, '', '-infinity', '0044-03-15 BC', '-1 day'),
           (1.0, 0, 0, 0, ' ', NULL, NULL, '0'), (1.00, 1e-40, 1e300, -1, E'tab\t', NULL, NULL, '1 day');

  CREATE TABLE "Sonder schema ""ü"""."Tabelle mit Leerzeichen und ""Anführung"" 表" (
    "spalte ""eins""" text DEFAULT 'o''hare', "SELECT" int, "a.b" int, PRIMARY KEY ("SELECT", "a.b"));
  INSERT INTO "Sonder schema ""ü"""."Tabelle mit Leerzeichen und ""Anführung"" 表"
    SELECT 'wert ' || g, g, -g
      FROM generate_series(1, 50) g;
  CREATE TABLE app.no_columns ();
  INSERT INTO app.no_columns DEFAULT VALUES;
  CREATE TABLE app.dropped_column (a int, gone text, b int);
  ALTER TABLE app.dropped_column DROP COLUMN gone;
  INSERT INTO app.dropped_column SELECT g, 1 FROM generate_series(1, 10) g;
  CREATE TABLE app.duplicates (a int, b text);
  INSERT INTO app.duplicates SELECT 1, 'same' FROM generate_series(1, 3);
  CREATE UNLOGGED TABLE app.unlogged (a int); INSERT INTO app.unlogged VALUES (1), (2);
  CREATE TABLE app.empty (a int);

  CREATE TABLE app.parent (id int PRIMARY KEY, status varchar(10) CHECK (status IN ('new', 'paid', 'sent')),
    price int CHECK (price BETWEEN 1 AND 1000 AND price <> 13), at date);
  CREATE TABLE app.child (parent_id int NOT NULL REFERENCES app.parent
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
       extra text, EXCLUDE USING gist (int4range(parent_id, parent_id + 1) WITH &&));
  ALTER TABLE app.child ADD CONSTRAINT later CHECK (extra <> 'e0') NOT VALID;
  INSERT INTO app.parent
    SELECT g, (ARRAY['new', 'paid', 'sent'])[1 + g % 3], 1 + g % 12, '2026-01-01'::date + g
      FROM generate_series(1, 100) g;
  INSERT INTO app.child SELECT g, 'e' || g FROM generate_series(1, 100) g;
  CREATE TABLE app.a (id int PRIMARY KEY, b_id int);
  CREATE TABLE app.b (id int PRIMARY KEY, a_id int REFERENCES app.a);
  ALTER TABLE app.a ADD FOREIGN KEY (b_id) REFERENCES app.b;
  INSERT INTO app.a VALUES (1, NULL);
  INSERT INTO app.b VALUES (1, 1);
  UPDATE app.a SET b_id = 1;

  CREATE TABLE app.base (x int, y text); CREATE TABLE app.heir (z int, y text) INHERITS (app.base);
  CREATE TABLE app.late_heir (y text, z int, x int); ALTER TABLE app.late_heir INHERIT app.base;
  INSERT INTO app.base VALUES (1, 'base');
  INSERT INTO app.heir (x, y, z) VALUES (2, 'heir', 3);
  INSERT INTO app.late_heir (x, y, z) VALUES (4, 'late', 5);
  CREATE TABLE app.events (id int, at date NOT NULL, body text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE app.events_2026 PARTITION OF app.events FOR VALUES
    FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (id);
  CREATE TABLE app.events_2026_0 PARTITION OF app.events_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE app.events_2026_1 PARTITION OF app.events_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT;
  CREATE INDEX events_body ON app.events (body);
  ALTER TABLE app.events ADD CONSTRAINT to_parent FOREIGN KEY (id) REFERENCES app.parent;
  INSERT INTO app.events
    SELECT 1 + g % 100, '2024-06-01'::date + g * 3, 'event ' || g
      FROM generate_series(1, 300) g;

  CREATE INDEX parent_lower ON app.parent (lower(status)) WHERE status IN ('new', 'paid');
  CREATE UNIQUE INDEX parent_twice ON app.parent (app.twice(id)) INCLUDE (price) WITH (fillfactor = 70);
  CREATE STATISTICS app.parent_stats (dependencies) ON status, price FROM app.parent;
  CREATE VIEW app.cheap WITH (security_barrier) AS
    SELECT id, status
      FROM app.parent
     WHERE price BETWEEN 1 AND 5 AND status IN ('new', 'paid') OR price = 7 WITH CHECK OPTION;
  CREATE VIEW app.joined (a, b) AS
    SELECT p.id, c.extra
      FROM app.parent p LEFT JOIN app.child c ON c.parent_id = p.id;
  CREATE MATERIALIZED VIEW app.sums AS SELECT status, sum(price) AS total FROM app.parent GROUP BY status;
  CREATE UNIQUE INDEX ON app.sums (status);
  CREATE MATERIALIZED VIEW app.unpopulated AS SELECT 1 AS one WITH NO DATA;
  CREATE RULE no_delete AS ON DELETE TO app.empty DO INSTEAD NOTHING;
  CREATE TRIGGER touch BEFORE UPDATE ON app.every_type FOR EACH ROW WHEN (OLD.note IS DISTINCT FROM NEW.note)
    EXECUTE FUNCTION app.touch();
  CREATE TRIGGER sleeping AFTER INSERT ON app.every_type FOR EACH STATEMENT EXECUTE FUNCTION app.touch();
  ALTER TABLE app.every_type DISABLE TRIGGER sleeping;
  ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY;
  CREATE POLICY mine ON app.parent FOR SELECT TO PUBLIC USING (status IN ('new', 'paid'));
  CREATE POLICY ours ON app.parent AS RESTRICTIVE FOR INSERT WITH CHECK (price < 100 AND id > 0);
  CREATE TEXT SEARCH CONFIGURATION app.simple_english (COPY = english);
  CREATE TEXT SEARCH DICTIONARY app.stopless (TEMPLATE = pg_catalog.simple, accept = false);
  ALTER TEXT SEARCH CONFIGURATION app.simple_english ALTER MAPPING FOR asciiword WITH app.stopless,
    english_stem;
  COMMENT ON TABLE app.parent IS 'kept; with ''quotes''';
  COMMENT ON COLUMN app.parent.price IS 'in cents';
  COMMENT ON FUNCTION app.twice(int) IS 'doubles';
  COMMENT ON INDEX app.parent_lower IS 'i';
  COMMENT ON TRIGGER touch ON app.every_type IS 't';
  COMMENT ON POLICY mine ON app.parent IS 'p';
  COMMENT ON CONSTRAINT later ON app.child IS 'k';
  COMMENT ON TYPE app.mood IS 'm';
  COMMENT ON VIEW app.cheap IS 'v';
  SELECT lo_from_bytea(990001, decode(repeat('00ff10', 500000), 'hex')), lo_from_bytea(990002, ''),
         lo_from_bytea(990003, 'kurz');
  SELECT lo_put(990003, 3000000, 'hinten');
`;

/** Additions that need a superuser, and two roles to grant things to. */
export function superuserSql(reader: string, writer: string): string {
  return String.raw`
    CREATE EXTENSION hstore SCHEMA app; CREATE EXTENSION citext SCHEMA app; CREATE EXTENSION postgres_fdw;
    CREATE TABLE app.with_extension (h app.hstore, c app.citext, cs app.citext[]);
    INSERT INTO app.with_extension VALUES ('a=>1, b=>NULL', 'MiXed', '{Ab,aB}');
    CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'x');
    CREATE FOREIGN TABLE app.remote (a int) SERVER elsewhere OPTIONS (table_name 'r');
    CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'u', password 'p');
    CREATE FUNCTION app.made() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql',
      'plpgsql_call_handler';
    CREATE LANGUAGE made HANDLER app.made;
    CREATE ACCESS METHOD gist2 TYPE INDEX HANDLER gisthandler;
    CREATE CONVERSION app.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
    CREATE TRANSFORM FOR int
      LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
    CREATE PUBLICATION some_tables FOR TABLE app.parent (id, price)
     WHERE (price > 3), app.child WITH (publish = 'insert');
    CREATE PUBLICATION all_tables FOR ALL TABLES WITH (publish = 'insert');
    CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION app.on_ddl();
    GRANT USAGE ON SCHEMA app TO ${reader};
    GRANT SELECT ON ALL TABLES IN SCHEMA app TO ${reader};
    GRANT INSERT, UPDATE ON app.parent TO ${writer} WITH GRANT OPTION;
    GRANT SELECT (id), UPDATE (price) ON app.parent TO ${writer};
    REVOKE EXECUTE ON FUNCTION app.twice(int) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION app.twice(int) TO ${reader};
    GRANT USAGE ON SEQUENCE app.tickets TO ${writer};
    REVOKE ALL ON app.empty FROM ${reader};
    ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO ${reader};
    ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO ${writer};
    ALTER TABLE app.base OWNER TO ${writer};
    ALTER FUNCTION app.atomic(int) OWNER TO ${writer};
    ALTER TYPE app.mood OWNER TO ${writer};
    GRANT SELECT ON LARGE OBJECT 990001 TO ${reader};
  `;
}
