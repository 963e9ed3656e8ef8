/**
 * One of each place where the server prints no operator, and citext's is used; beside each the same
 * operator printed.
 */
export const UNPRINTED = String.raw`
  CREATE EXTENSION citext;
  CREATE TABLE d (id int, h citext, g citext DEFAULT NULLIF('a'::citext, 'A'),
    w boolean GENERATED ALWAYS AS (h IS NOT DISTINCT FROM 'a'::citext) STORED,
    CONSTRAINT good CHECK (h <> 'b' AND NOT CASE h WHEN 'bad' THEN true ELSE false END));
  INSERT INTO d (id, h) VALUES (1, 'a'), (2, 'A');
  CREATE MATERIALIZED VIEW m AS SELECT x.id, y.id AS y FROM d x JOIN d y USING (h) WHERE x.h = y.h;
  CREATE VIEW v AS SELECT id FROM d WHERE (id, h) IN (SELECT id, h FROM d);
  CREATE RULE r AS ON UPDATE TO d WHERE NULLIF(OLD.h, NEW.h) IS NULL DO ALSO NOTHING;
  CREATE INDEX i ON d ((h IS DISTINCT FROM 'a'::citext));
  CREATE POLICY p ON d USING (h IS DISTINCT FROM 'secret'::citext);
  CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER tr BEFORE UPDATE ON d FOR EACH ROW WHEN (OLD.h IS DISTINCT FROM NEW.h) EXECUTE FUNCTION t();
  CREATE FUNCTION f(a citext, b boolean DEFAULT 'a'::citext IS DISTINCT FROM 'A'::citext) RETURNS boolean
    LANGUAGE sql AS
    'SELECT true';
  CREATE DOMAIN dom AS boolean DEFAULT 'a'::citext IS DISTINCT FROM 'A'::citext CONSTRAINT ok
    CHECK (NULLIF('a'::citext, 'A') IS NULL);
  CREATE TABLE part (h citext, n int) PARTITION BY RANGE ((h IS DISTINCT FROM 'a'::citext))
`;

/** What a search path does not decide: operators that are printed, and those of default operator classes. */
export const PRINTED = String.raw`
  CREATE EXTENSION citext; CREATE SCHEMA app;
  CREATE FUNCTION app.eq(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    'SELECT $1 OPERATOR(pg_catalog.=) $2';
  CREATE OPERATOR app.= (FUNCTION = app.eq, LEFTARG = int, RIGHTARG = int);
  CREATE TABLE d (id int, h citext PRIMARY KEY,
    CHECK (h <> 'b' AND h IN ('a', 'c', 'A') AND h LIKE '%' AND h BETWEEN 'a' AND 'z'));
  CREATE TABLE k (h citext REFERENCES d, EXCLUDE USING btree (h WITH =));
  INSERT INTO d VALUES (1, 'a'), (2, 'c');
  CREATE MATERIALIZED VIEW m AS
    SELECT x.id, y.id AS y, x.id OPERATOR(app.=) y.id AS same
      FROM d x JOIN d y ON x.h = y.h
     ORDER BY x.h;
  CREATE VIEW v AS
    SELECT DISTINCT h, count(*) OVER (PARTITION BY h = 'a' ORDER BY h)
      FROM d
     WHERE h IN (SELECT h FROM d) AND h = ANY (ARRAY['a'::citext])
    UNION SELECT h, 1 FROM d GROUP BY h HAVING bool_or(h > 'b');
  CREATE VIEW plain AS
    SELECT id
      FROM d x JOIN d y USING (id)
     WHERE NULLIF(x.id, 3) IS DISTINCT FROM CASE id WHEN 1 THEN 2 END;
  CREATE INDEX i ON d ((h = 'a')) WHERE h > 'b'; CREATE POLICY p ON d USING (h = 'secret')
`;
