/** One change of one field of an object. */
export interface FieldChange {
  /** Title of the class, and the field. */
  readonly of: readonly [title: string, field: string];
  /** Identity of the object. */
  readonly name: string;
  /** What has to be there before, beside `everything.ts`. */
  readonly before?: string;
  readonly change: string;
}

type Line = readonly [field: string, name: string, change: string, before?: string];

const changes = (title: string, lines: readonly Line[]): FieldChange[] =>
  lines.map(([field, name, change, before]) => ({
    of: [title, field],
    name,
    change,
    ...(before === undefined ? {} : { before }),
  }));

/** Makes `what` anew with another definition. */
const anew = (drop: string, create: string): string => `DROP ${drop}; CREATE ${create}`;
const X = "CREATE TABLE app.x (a int, b int)";
/** An operator that is not the server's own. */
const SAME = "OPERATOR(app.===)";
const TOUCH = "BEFORE UPDATE ON app.every_type FOR EACH ROW EXECUTE FUNCTION app.touch()";
const X_DEFAULT = (value: string): string =>
  `FUNCTION app.x(a boolean DEFAULT ${value}) RETURNS boolean LANGUAGE sql AS 'SELECT true'`;
const HEAP2 = "CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler";
const INDEX = "CREATE INDEX x ON app.parent (id)";
const onParent = (rest: string): string => anew("INDEX app.x", rest);
const key = (table: string, create: string): string =>
  `ALTER TABLE ${table} DROP CONSTRAINT k; ALTER TABLE ${table} ADD CONSTRAINT k ${create}`;
const stats = (create: string): string =>
  anew("STATISTICS app.parent_stats", `STATISTICS app.parent_stats ${create}`);
const touch = (create: string): string => anew("TRIGGER touch ON app.every_type", `TRIGGER touch ${create}`);
const WHEN = "FOR EACH ROW WHEN (OLD.note IS DISTINCT FROM NEW.note)";
const mine = (create: string): string =>
  anew("POLICY mine ON app.parent", `POLICY mine ON app.parent ${create}`);
const rule = (create: string): string => anew("RULE no_delete ON app.empty", `RULE no_delete AS ${create}`);
const watch = (create: string): string => anew("EVENT TRIGGER watch", `EVENT TRIGGER watch ${create}`);
const F = "CREATE FUNCTION app.x() RETURNS int LANGUAGE sql AS 'SELECT 1'";
const f = (create: string): string => anew("FUNCTION app.x()", create);
const C_LIBRARY =
  "CREATE FUNCTION app.x() RETURNS int LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'";
const twice = (what: string): string => `ALTER FUNCTION app.twice(int) ${what}`;
const HANDLER =
  "CREATE FUNCTION app.lh() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'";
const LANGUAGE = `${HANDLER}; CREATE LANGUAGE lx HANDLER plpgsql_call_handler`;
const BASE =
  "CREATE TYPE app.x; CREATE FUNCTION app.xi(cstring) RETURNS app.x LANGUAGE internal IMMUTABLE STRICT AS " +
  "'textin'; CREATE FUNCTION app.xo(app.x) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout'; ";
const base = (rest = ""): string => `CREATE TYPE app.x (INPUT = app.xi, OUTPUT = app.xo${rest})`;
const range = (rest: string): string => anew("TYPE app.x", `TYPE app.x AS RANGE (${rest})`);
const RANGE = "CREATE TYPE app.x AS RANGE (subtype = text)";
const CANONICAL = `
  CREATE TYPE app.x;
  CREATE FUNCTION app.xc(app.x) RETURNS app.x LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
`;
const operator = (rest: string): string =>
  anew(
    "OPERATOR app.@@@ (int, int)",
    `OPERATOR app.@@@ (leftarg = int, rightarg = int, function = int4eq${rest})`,
  );
const OPERATOR = "CREATE OPERATOR app.@@@ (leftarg = int, rightarg = int, function = int4eq)";
const CLASS = "CREATE OPERATOR CLASS app.x FOR TYPE int USING gist FAMILY app.xf AS STORAGE int";
const FAMILY = "CREATE OPERATOR FAMILY app.xf USING gist; CREATE OPERATOR FAMILY app.yf USING gist; ";
const opclass = (rest: string): string =>
  anew("OPERATOR CLASS app.x USING gist", `OPERATOR CLASS app.x ${rest}`);
const BTREE = `
  CREATE OPERATOR FAMILY app.bf USING btree;
  ALTER OPERATOR FAMILY app.bf USING btree ADD OPERATOR 1 < (int4, int8)
`;
const aCast = (how: string): string => anew("CAST (app.point3 AS text)", `CAST (app.point3 AS text) ${how}`);
const collation = (rest: string): string => anew("COLLATION app.x", `COLLATION app.x (${rest})`);
const COLLATION = "CREATE COLLATION app.x (provider = libc, locale = 'C')";
const CONVERSION = "CREATE CONVERSION app.x FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8";
const conversion = (rest: string): string => anew("CONVERSION app.x", rest);
const PARSER =
  "TEXT SEARCH PARSER app.x (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES " +
  "= prsd_lextype)";
const parser = (from: string, to: string): string =>
  anew("TEXT SEARCH PARSER app.x", PARSER.replace(from, to));
const TEMPLATE = "TEXT SEARCH TEMPLATE app.x (INIT = dsimple_init, LEXIZE = dsimple_lexize)";
const elsewhere = (rest: string): string => `DROP SERVER elsewhere CASCADE; CREATE SERVER elsewhere ${rest}`;
export const SUBSCRIPTION =
  "CREATE SUBSCRIPTION x CONNECTION 'host=h password=''a b''' PUBLICATION p WITH (connect = false)";
const subscription = (what: string): string => `ALTER SUBSCRIPTION x ${what}`;
const SECURITY =
  "INSERT INTO pg_seclabel VALUES ('app.parent'::regclass, 'pg_class'::regclass, 0, 'dummy', 'secret')";

/** For every field a change that must be found and named. */
export const FIELD_CHANGES: readonly FieldChange[] = [
  ...changes("table", [
    [
      "operators",
      "app.x",
      `DROP TABLE app.x; ${X} PARTITION BY LIST (a)`,
      `${X} PARTITION BY LIST ((a ${SAME} b))`,
    ],
    ["kind", "app.x", `DROP TABLE app.x; ${X} PARTITION BY LIST (a)`, X],
    ["persistence", "app.unlogged", "ALTER TABLE app.unlogged SET LOGGED"],
    ["column-order", "app.x", "DROP TABLE app.x; CREATE TABLE app.x (b int, a int)", X],
    ["parents", "app.late_heir", "ALTER TABLE app.late_heir NO INHERIT app.base"],
    ["partition-key", "app.x", `DROP TABLE app.x; ${X} PARTITION BY LIST (b)`, `${X} PARTITION BY LIST (a)`],
    [
      "partition-bound",
      "app.x1",
      `
        ALTER TABLE app.x DETACH PARTITION app.x1;
        ALTER TABLE app.x ATTACH PARTITION app.x1 FOR VALUES IN (2)
      `,
      `${X} PARTITION BY LIST (a); CREATE TABLE app.x1 PARTITION OF app.x FOR VALUES IN (1)`,
    ],
    ["replica-identity", "app.parent", "ALTER TABLE app.parent REPLICA IDENTITY FULL"],
    ["of-type", "app.x", "ALTER TABLE app.x NOT OF", "CREATE TABLE app.x OF app.point3"],
    ["options", "app.parent", "ALTER TABLE app.parent SET (autovacuum_enabled = false)"],
    ["toast-options", "app.every_type", "ALTER TABLE app.every_type SET (toast.vacuum_truncate = false)"],
    ["access-method", "app.empty", "ALTER TABLE app.empty SET ACCESS METHOD heap2", HEAP2],
    [
      "server",
      "app.remote",
      `
        DROP FOREIGN TABLE app.remote;
        CREATE FOREIGN TABLE app.remote (a int) SERVER other OPTIONS (table_name 'r')
      `,
      "CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw",
    ],
    ["foreign-options", "app.remote", "ALTER FOREIGN TABLE app.remote OPTIONS (SET table_name 's')"],
  ]),
  ...changes("column", [
    [
      "operators",
      "app.empty.a",
      "ALTER TABLE app.empty ALTER a DROP DEFAULT",
      `ALTER TABLE app.empty ALTER a SET DEFAULT (1 ${SAME} 2)::int`,
    ],
    ["type", "app.every_type.v", "ALTER TABLE app.every_type ALTER v TYPE varchar(21)"],
    ["not-null", "app.child.parent_id", "ALTER TABLE app.child ALTER parent_id DROP NOT NULL"],
    ["identity", "app.every_type.id", "ALTER TABLE app.every_type ALTER id SET GENERATED BY DEFAULT"],
    ["generated", "app.every_type.twice", "ALTER TABLE app.every_type ALTER twice DROP EXPRESSION"],
    ["default", "app.every_type.collated", "ALTER TABLE app.every_type ALTER collated SET DEFAULT 'z'"],
    ["default", "app.empty.a", "ALTER TABLE app.empty ALTER a SET DEFAULT 0"],
    ["collation", "app.every_type.collated", "ALTER TABLE app.every_type ALTER collated TYPE text"],
    ["storage", "app.every_type.t", "ALTER TABLE app.every_type ALTER t SET STORAGE MAIN"],
    ["compression", "app.every_type.t", "ALTER TABLE app.every_type ALTER t SET COMPRESSION pglz"],
    ["statistics-target", "app.sums.total", "ALTER MATERIALIZED VIEW app.sums ALTER total SET STATISTICS 7"],
    ["options", "app.parent.at", "ALTER TABLE app.parent ALTER at SET (n_distinct = 5)"],
    ["foreign-options", "app.remote.a", "ALTER FOREIGN TABLE app.remote ALTER a OPTIONS (column_name 'b')"],
  ]),
  ...changes("constraint", [
    [
      "operators",
      "app.empty.k",
      key("app.empty", "CHECK (a > 1)"),
      `ALTER TABLE app.empty ADD CONSTRAINT k CHECK (a ${SAME} 0)`,
    ],
    [
      "kind",
      "app.empty.k",
      key("app.empty", "CHECK (a > 0)"),
      "ALTER TABLE app.empty ADD CONSTRAINT k UNIQUE (a)",
    ],
    [
      "definition",
      "app.empty.k",
      key("app.empty", "CHECK (a > 1)"),
      "ALTER TABLE app.empty ADD CONSTRAINT k CHECK (a > 0)",
    ],
    [
      "columns",
      "app.parent.k",
      key("app.parent", "UNIQUE (id, status)"),
      "ALTER TABLE app.parent ADD CONSTRAINT k UNIQUE (id)",
    ],
    [
      "references",
      "app.empty.k",
      key("app.empty", "FOREIGN KEY (a) REFERENCES app.parent ON DELETE CASCADE"),
      "ALTER TABLE app.empty ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES app.parent",
    ],
    ["not-valid", "app.child.later", "ALTER TABLE app.child VALIDATE CONSTRAINT later"],
    [
      "deferrable",
      "app.child.child_parent_id_fkey",
      "ALTER TABLE app.child ALTER CONSTRAINT child_parent_id_fkey NOT DEFERRABLE",
    ],
    [
      "deferred",
      "app.child.child_parent_id_fkey",
      "ALTER TABLE app.child ALTER CONSTRAINT child_parent_id_fkey DEFERRABLE",
    ],
    [
      "no-inherit",
      "app.empty.k",
      key("app.empty", "CHECK (a > 0) NO INHERIT"),
      "ALTER TABLE app.empty ADD CONSTRAINT k CHECK (a > 0)",
    ],
  ]),
  ...changes("index", [
    [
      "operators",
      "app.x",
      onParent(INDEX.replace("CREATE ", "")),
      `CREATE INDEX x ON app.parent ((id ${SAME} 0))`,
    ],
    [
      "definition",
      "app.parent_lower",
      anew("INDEX app.parent_lower", "INDEX parent_lower ON app.parent (lower(status)) WHERE status = 'new'"),
    ],
    ["definition", "app.parent_lower", "ALTER INDEX app.parent_lower SET (fillfactor = 50)"],
    ["method", "app.x", onParent("INDEX x ON app.parent USING hash (id)"), INDEX],
    ["keys", "app.x", onParent("INDEX x ON app.parent (price)"), INDEX],
    [
      "key-count",
      "app.x",
      onParent("INDEX x ON app.parent (id) INCLUDE (price)"),
      "CREATE INDEX x ON app.parent (id, price)",
    ],
    ["key-options", "app.x", onParent("INDEX x ON app.parent (id DESC)"), INDEX],
    ["unique", "app.x", onParent("UNIQUE INDEX x ON app.parent (id)"), INDEX],
    [
      "nulls-not-distinct",
      "app.x",
      onParent("UNIQUE INDEX x ON app.parent (id) NULLS NOT DISTINCT"),
      "CREATE UNIQUE INDEX x ON app.parent (id)",
    ],
    [
      "primary",
      "app.x",
      "ALTER TABLE app.empty ADD CONSTRAINT x PRIMARY KEY USING INDEX x",
      "ALTER TABLE app.empty ALTER a SET NOT NULL; CREATE UNIQUE INDEX x ON app.empty (a)",
    ],
    [
      "exclusion",
      "app.x",
      "ALTER TABLE app.empty DROP CONSTRAINT x; CREATE INDEX x ON app.empty (a)",
      "ALTER TABLE app.empty ADD CONSTRAINT x EXCLUDE (a WITH =)",
    ],
    [
      "deferrable",
      "app.x",
      "ALTER TABLE app.empty DROP CONSTRAINT x; ALTER TABLE app.empty ADD CONSTRAINT x UNIQUE (a) DEFERRABLE",
      "ALTER TABLE app.empty ADD CONSTRAINT x UNIQUE (a)",
    ],
    ["invalid", "app.x", onParent("INDEX x ON app.events (id)"), "CREATE INDEX x ON ONLY app.events (id)"],
    ["clustered", "app.parent_pkey", "ALTER TABLE app.parent CLUSTER ON parent_pkey"],
    [
      "replica-identity",
      "app.parent_pkey",
      "ALTER TABLE app.parent REPLICA IDENTITY USING INDEX parent_pkey",
    ],
    [
      "attached-to",
      "app.x1",
      "ALTER INDEX app.x ATTACH PARTITION app.x1",
      "CREATE INDEX x ON ONLY app.events (id); CREATE INDEX x1 ON app.events_2025 (id)",
    ],
    [
      "statistics-targets",
      "app.parent_lower",
      "ALTER INDEX app.parent_lower ALTER COLUMN 1 SET STATISTICS 50",
    ],
  ]),
  ...changes("statistics", [
    [
      "operators",
      "app.parent_stats",
      stats("(dependencies) ON status, id FROM app.parent"),
      stats(`(dependencies) ON status, (id ${SAME} 0) FROM app.parent`),
    ],
    ["expressions", "app.parent_stats", stats("(dependencies) ON status, (price + 1) FROM app.parent")],
    [
      "table",
      "app.x",
      anew("STATISTICS app.x", "STATISTICS app.x ON a, b FROM app.duplicates"),
      "CREATE STATISTICS app.x ON parent_id, extra FROM app.child",
    ],
    ["columns", "app.parent_stats", stats("(dependencies) ON status, id FROM app.parent")],
    ["statistics-kinds", "app.parent_stats", stats("(mcv) ON status, price FROM app.parent")],
    ["statistics-target", "app.parent_stats", "ALTER STATISTICS app.parent_stats SET STATISTICS 9"],
  ]),
  ...changes("trigger", [
    [
      "operators",
      "app.every_type.touch",
      touch(TOUCH),
      touch(TOUCH.replace("EXECUTE", `WHEN (OLD.whole ${SAME} NEW.whole) EXECUTE`)),
    ],
    [
      "definition",
      "app.every_type.touch",
      touch("BEFORE UPDATE ON app.every_type FOR EACH ROW WHEN (OLD.t IS NULL) EXECUTE FUNCTION app.touch()"),
    ],
    ["state", "app.every_type.sleeping", "ALTER TABLE app.every_type ENABLE ALWAYS TRIGGER sleeping"],
    [
      "state",
      "app.events_2025.x",
      "ALTER TABLE app.events_2025 DISABLE TRIGGER x",
      "CREATE TRIGGER x AFTER INSERT ON app.events FOR EACH ROW EXECUTE FUNCTION app.touch()",
    ],
    [
      "function",
      "app.every_type.touch",
      touch(`BEFORE UPDATE ON app.every_type ${WHEN} EXECUTE FUNCTION suppress_redundant_updates_trigger()`),
    ],
    [
      "timing",
      "app.every_type.touch",
      touch(`AFTER UPDATE ON app.every_type ${WHEN} EXECUTE FUNCTION app.touch()`),
    ],
    [
      "columns",
      "app.every_type.touch",
      touch(`BEFORE UPDATE OF t ON app.every_type ${WHEN} EXECUTE FUNCTION app.touch()`),
    ],
    [
      "deferrable",
      "app.empty.x",
      anew(
        "TRIGGER x ON app.empty",
        "CONSTRAINT TRIGGER x AFTER INSERT ON app.empty DEFERRABLE FOR EACH ROW EXECUTE FUNCTION app.touch()",
      ),
      "CREATE CONSTRAINT TRIGGER x AFTER INSERT ON app.empty FOR EACH ROW EXECUTE FUNCTION app.touch()",
    ],
    [
      "deferred",
      "app.empty.x",
      anew(
        "TRIGGER x ON app.empty",
        "CONSTRAINT TRIGGER x AFTER INSERT ON app.empty INITIALLY DEFERRED FOR EACH ROW EXECUTE " +
          "FUNCTION app.touch()",
      ),
      `
        CREATE CONSTRAINT TRIGGER x AFTER INSERT ON app.empty DEFERRABLE FOR EACH ROW
          EXECUTE FUNCTION app.touch()
      `,
    ],
  ]),
  ...changes("policy", [
    ["operators", "app.parent.mine", mine("USING (true)"), mine(`USING (id ${SAME} 0)`)],
    ["command", "app.parent.mine", mine("FOR UPDATE TO PUBLIC USING (status IN ('new', 'paid'))")],
    [
      "restrictive",
      "app.parent.mine",
      mine("AS RESTRICTIVE FOR SELECT TO PUBLIC USING (status IN ('new', 'paid'))"),
    ],
    ["roles", "app.parent.mine", "ALTER POLICY mine ON app.parent TO @reader"],
    ["using", "app.parent.mine", "ALTER POLICY mine ON app.parent USING (status IN ('new', 'sent'))"],
    ["check", "app.parent.ours", "ALTER POLICY ours ON app.parent WITH CHECK (price < 101)"],
  ]),
  ...changes("row-security", [
    [
      "enabled",
      "app.parent",
      "ALTER TABLE app.parent DISABLE ROW LEVEL SECURITY",
      "ALTER TABLE app.parent FORCE ROW LEVEL SECURITY",
    ],
    ["forced", "app.parent", "ALTER TABLE app.parent FORCE ROW LEVEL SECURITY"],
  ]),
  ...changes("rule", [
    [
      "operators",
      "app.empty.no_delete",
      rule("ON DELETE TO app.empty DO INSTEAD NOTHING"),
      rule(`ON DELETE TO app.empty WHERE OLD.a ${SAME} 0 DO INSTEAD NOTHING`),
    ],
    ["definition", "app.empty.no_delete", rule("ON DELETE TO app.empty WHERE OLD.a > 0 DO INSTEAD NOTHING")],
    ["event", "app.empty.no_delete", rule("ON UPDATE TO app.empty DO INSTEAD NOTHING")],
    ["instead", "app.empty.no_delete", rule("ON DELETE TO app.empty DO NOTHING")],
    ["state", "app.empty.no_delete", "ALTER TABLE app.empty DISABLE RULE no_delete"],
  ]),
  ...changes("event-trigger", [
    [
      "event",
      "watch",
      watch("ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION app.on_ddl()"),
    ],
    [
      "function",
      "watch",
      watch("ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION app.other()"),
      "CREATE FUNCTION app.other() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    ],
    ["state", "watch", "ALTER EVENT TRIGGER watch ENABLE REPLICA"],
    ["tags", "watch", watch("ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION app.on_ddl()")],
  ]),
  ...changes("view", [
    [
      "operators",
      "app.x",
      anew("VIEW app.x", "VIEW app.x AS SELECT true AS a"),
      `CREATE VIEW app.x AS SELECT 1 ${SAME} 2 AS a`,
    ],
    [
      "query",
      "app.joined",
      `
        CREATE OR REPLACE VIEW app.joined (a, b) AS
          SELECT p.id, c.extra
            FROM app.parent p JOIN app.child c ON c.parent_id = p.id
      `,
    ],
    ["columns", "app.cheap", "ALTER VIEW app.cheap RENAME status TO s"],
    ["options", "app.cheap", "ALTER VIEW app.cheap RESET (security_barrier)"],
    ["defaults", "app.cheap", "ALTER VIEW app.cheap ALTER status SET DEFAULT 'new'"],
  ]),
  ...changes("materialized-view", [
    [
      "operators",
      "app.x",
      anew("MATERIALIZED VIEW app.x", "MATERIALIZED VIEW app.x AS SELECT true AS a"),
      `CREATE MATERIALIZED VIEW app.x AS SELECT 1 ${SAME} 2 AS a`,
    ],
    [
      "query",
      "app.unpopulated",
      anew(
        "MATERIALIZED VIEW app.unpopulated",
        "MATERIALIZED VIEW app.unpopulated AS SELECT 2 AS one WITH NO DATA",
      ),
    ],
    ["options", "app.sums", "ALTER MATERIALIZED VIEW app.sums SET (fillfactor = 50)"],
    [
      "toast-options",
      "app.x",
      "ALTER MATERIALIZED VIEW app.x SET (toast.autovacuum_enabled = false)",
      "CREATE MATERIALIZED VIEW app.x AS SELECT ''::text AS t",
    ],
    ["access-method", "app.sums", "ALTER MATERIALIZED VIEW app.sums SET ACCESS METHOD heap2", HEAP2],
    ["replica-identity", "app.sums", "ALTER TABLE app.sums REPLICA IDENTITY FULL"],
  ]),
  ...changes("sequence", [
    ["type", "app.tickets", "ALTER SEQUENCE app.tickets AS int MAXVALUE 100000"],
    ["start", "app.tickets", "ALTER SEQUENCE app.tickets START 6"],
    ["increment", "app.tickets", "ALTER SEQUENCE app.tickets INCREMENT 8"],
    ["minimum", "app.tickets", "ALTER SEQUENCE app.tickets MINVALUE 2"],
    ["maximum", "app.tickets", "ALTER SEQUENCE app.tickets MAXVALUE 100001"],
    ["cache", "app.tickets", "ALTER SEQUENCE app.tickets CACHE 5"],
    ["cycle", "app.tickets", "ALTER SEQUENCE app.tickets NO CYCLE"],
    ["owned-by", "app.tickets", "ALTER SEQUENCE app.tickets OWNED BY app.empty.a"],
    ["persistence", "app.tickets", "ALTER SEQUENCE app.tickets SET UNLOGGED"],
  ]),
  ...changes("function", [
    [
      "operators",
      "app.x(a boolean)",
      anew("FUNCTION app.x(boolean)", X_DEFAULT("true")),
      `CREATE ${X_DEFAULT(`1 ${SAME} 2`)}`,
    ],
    ["kind", "app.x()", f("PROCEDURE app.x() LANGUAGE sql AS 'SELECT 1'"), F],
    [
      "arguments",
      "app.twice(n integer)",
      `
        CREATE OR REPLACE FUNCTION app.twice(n int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS
          'SELECT n * 2'
      `,
    ],
    ["result", "app.x()", f("FUNCTION app.x() RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'"), F],
    ["language", "app.x()", f("FUNCTION app.x() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'"), F],
    ["body", "app.x()", f("FUNCTION app.x() RETURNS int LANGUAGE sql AS 'SELECT 2'"), F],
    [
      "library",
      "app.x()",
      "CREATE OR REPLACE FUNCTION app.x() RETURNS int LANGUAGE c AS '$libdir/hstore', 'hstore_in'",
      C_LIBRARY,
    ],
    [
      "sql-body",
      "app.atomic(n integer)",
      "CREATE OR REPLACE FUNCTION app.atomic(n int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT n; END",
    ],
    ["volatility", "app.twice(n integer)", twice("STABLE")],
    ["strict", "app.twice(n integer)", twice("CALLED ON NULL INPUT")],
    ["security-definer", "app.touch()", "ALTER FUNCTION app.touch() SECURITY INVOKER"],
    ["leakproof", "app.twice(n integer)", twice("LEAKPROOF")],
    ["parallel", "app.twice(n integer)", twice("PARALLEL SAFE")],
    ["cost", "app.twice(n integer)", twice("COST 7")],
    [
      "rows",
      "app.x()",
      "ALTER FUNCTION app.x() ROWS 7",
      "CREATE FUNCTION app.x() RETURNS SETOF int LANGUAGE sql AS 'SELECT 1'",
    ],
    ["support", "app.twice(n integer)", twice("SUPPORT generate_series_int4_support")],
    ["settings", "app.touch()", "ALTER FUNCTION app.touch() SET work_mem = '1MB'"],
    [
      "transforms",
      "app.x()",
      f("FUNCTION app.x() RETURNS int LANGUAGE sql TRANSFORM FOR TYPE int AS 'SELECT 1'"),
      F,
    ],
    [
      "aggregate",
      "app.total(integer)",
      anew(
        "AGGREGATE app.total(int)",
        "AGGREGATE app.total(int) (sfunc = int4pl, stype = int, initcond = '1')",
      ),
    ],
  ]),
  ...changes("language", [
    ["trusted", "lx", "CREATE OR REPLACE TRUSTED LANGUAGE lx HANDLER plpgsql_call_handler", LANGUAGE],
    ["handler", "lx", "CREATE OR REPLACE LANGUAGE lx HANDLER app.lh", LANGUAGE],
    [
      "inline",
      "lx",
      "CREATE OR REPLACE LANGUAGE lx HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler",
      LANGUAGE,
    ],
    [
      "validator",
      "lx",
      "CREATE OR REPLACE LANGUAGE lx HANDLER plpgsql_call_handler VALIDATOR plpgsql_validator",
      LANGUAGE,
    ],
  ]),
  ...changes("transform", [
    [
      "from-sql",
      "integer in sql",
      "CREATE OR REPLACE TRANSFORM FOR int LANGUAGE sql (TO SQL WITH FUNCTION int4recv(internal))",
    ],
    [
      "to-sql",
      "integer in sql",
      "CREATE OR REPLACE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))",
    ],
  ]),
  ...changes("access-method", [
    [
      "kind",
      "gist2",
      anew("ACCESS METHOD gist2", "ACCESS METHOD gist2 TYPE TABLE HANDLER heap_tableam_handler"),
    ],
    ["handler", "gist2", anew("ACCESS METHOD gist2", "ACCESS METHOD gist2 TYPE INDEX HANDLER bthandler")],
  ]),
  ...changes("type", [
    [
      "operators",
      "app.x",
      "ALTER DOMAIN app.x DROP DEFAULT",
      `CREATE DOMAIN app.x AS boolean DEFAULT 1 ${SAME} 2`,
    ],
    ["kind", "app.x", anew("TYPE app.x", "TYPE app.x AS ENUM ('a')"), "CREATE TYPE app.x AS (a int)"],
    ["labels", "app.mood", "ALTER TYPE app.mood RENAME VALUE 'ok' TO 'well'"],
    ["attributes", "app.point3", "ALTER TYPE app.point3 ADD ATTRIBUTE z int"],
    [
      "base-type",
      "app.x",
      anew("DOMAIN app.x", "DOMAIN app.x AS varchar(6)"),
      "CREATE DOMAIN app.x AS varchar(5)",
    ],
    ["not-null", "app.x", "ALTER DOMAIN app.x SET NOT NULL", "CREATE DOMAIN app.x AS text"],
    ["default", "app.email", "ALTER DOMAIN app.email DROP DEFAULT"],
    [
      "collation",
      "app.x",
      anew("DOMAIN app.x", 'DOMAIN app.x AS text COLLATE "C"'),
      "CREATE DOMAIN app.x AS text",
    ],
    ["subtype", "app.x", range("subtype = varchar"), RANGE],
    ["subtype-class", "app.x", range("subtype = text, subtype_opclass = text_pattern_ops"), RANGE],
    ["subtype-collation", "app.x", range('subtype = text, collation = "C"'), RANGE],
    [
      "canonical",
      "app.x",
      `DROP TYPE app.x CASCADE; ${CANONICAL}CREATE TYPE app.x AS RANGE (subtype = int, canonical = app.xc)`,
      "CREATE TYPE app.x AS RANGE (subtype = int)",
    ],
    [
      "difference",
      "app.x",
      range("subtype = float8, subtype_diff = float8mi"),
      "CREATE TYPE app.x AS RANGE (subtype = float8)",
    ],
    ["multirange", "app.x", range("subtype = text, multirange_type_name = app.many"), RANGE],
    ["input-output", "app.x", "ALTER TYPE app.x SET (ANALYZE = ts_typanalyze)", BASE + base()],
    ["layout", "app.x", "ALTER TYPE app.x SET (STORAGE = extended)", BASE + base()],
    ["subscript", "app.x", "ALTER TYPE app.x SET (SUBSCRIPT = raw_array_subscript_handler)", BASE + base()],
  ]),
  ...changes("operator", [
    ["function", "app.@@@(integer,integer)", operator("").replace("int4eq", "int4ne"), OPERATOR],
    ["commutator", "app.@@@(integer,integer)", operator(", commutator = OPERATOR(app.@@@)"), OPERATOR],
    // Said to the catalog itself: since 15.20 and its contemporaries the other operator must be nobody's
    // negator, and would become this one's.
    [
      "negator",
      "app.@@@(integer,integer)",
      `
        UPDATE pg_operator
          SET oprnegate = 'pg_catalog.<>(int4, int4)'::regoperator
        WHERE oid = 'app.@@@(int4, int4)'::regoperator
      `,
      OPERATOR,
    ],
    [
      "restrict",
      "app.@@@(integer,integer)",
      "ALTER OPERATOR app.@@@ (int, int) SET (restrict = eqsel)",
      OPERATOR,
    ],
    [
      "join",
      "app.@@@(integer,integer)",
      "ALTER OPERATOR app.@@@ (int, int) SET (join = eqjoinsel)",
      OPERATOR,
    ],
    ["merges", "app.@@@(integer,integer)", operator(", merges"), OPERATOR],
    ["hashes", "app.@@@(integer,integer)", operator(", hashes"), OPERATOR],
  ]),
  ...changes("operator class", [
    [
      "type",
      "class app.x using gist",
      opclass("FOR TYPE bigint USING gist FAMILY app.xf AS STORAGE int"),
      FAMILY + CLASS,
    ],
    [
      "default",
      "class app.x using gist",
      opclass("DEFAULT FOR TYPE int USING gist FAMILY app.xf AS STORAGE int"),
      FAMILY + CLASS,
    ],
    [
      "storage",
      "class app.x using gist",
      opclass("FOR TYPE int USING gist FAMILY app.xf AS STORAGE bigint"),
      FAMILY + CLASS,
    ],
    [
      "family",
      "class app.x using gist",
      opclass("FOR TYPE int USING gist FAMILY app.yf AS STORAGE int"),
      FAMILY + CLASS,
    ],
  ]),
  ...changes("operator family", [
    [
      "operators",
      "family app.bf using btree",
      "ALTER OPERATOR FAMILY app.bf USING btree DROP OPERATOR 1 (int4, int8)",
      BTREE,
    ],
    [
      "functions",
      "family app.bf using btree",
      "ALTER OPERATOR FAMILY app.bf USING btree ADD FUNCTION 1 btint48cmp(int4, int8)",
      BTREE,
    ],
  ]),
  ...changes("cast", [
    [
      "function",
      "app.point3 as text",
      aCast("WITH FUNCTION app.say(app.point3)"),
      "CREATE FUNCTION app.say(app.point3) RETURNS text LANGUAGE sql AS $$ SELECT '' $$",
    ],
    ["context", "app.point3 as text", aCast("WITH INOUT AS ASSIGNMENT")],
    [
      "method",
      "app.point3 as text",
      aCast("WITH FUNCTION app.say(app.point3)"),
      "CREATE FUNCTION app.say(app.point3) RETURNS text LANGUAGE sql AS $$ SELECT '' $$",
    ],
  ]),
  ...changes("collation", [
    ["provider", "app.x", collation("provider = icu, locale = 'de'"), COLLATION],
    [
      "not-deterministic",
      "app.x",
      collation("provider = icu, locale = 'de', deterministic = false"),
      "CREATE COLLATION app.x (provider = icu, locale = 'de')",
    ],
    ["lc-collate", "app.x", collation("provider = libc, lc_collate = 'C.UTF-8', lc_ctype = 'C'"), COLLATION],
    ["lc-ctype", "app.x", collation("provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8'"), COLLATION],
    [
      "locale",
      "app.x",
      collation("provider = icu, locale = 'en'"),
      "CREATE COLLATION app.x (provider = icu, locale = 'de')",
    ],
  ]),
  ...changes("conversion", [
    [
      "encodings",
      "app.x",
      conversion("CONVERSION app.x FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1"),
      CONVERSION,
    ],
    [
      "function",
      "app.x",
      conversion("CONVERSION app.x FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1"),
      CONVERSION,
    ],
    [
      "default",
      "app.x",
      conversion("DEFAULT CONVERSION app.x FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8"),
      CONVERSION,
    ],
  ]),
  ...changes("text search configuration", [
    [
      "parser",
      "configuration app.y",
      anew("TEXT SEARCH CONFIGURATION app.y", "TEXT SEARCH CONFIGURATION app.y (PARSER = app.x)"),
      `CREATE ${PARSER}; CREATE TEXT SEARCH CONFIGURATION app.y (PARSER = pg_catalog."default")`,
    ],
    [
      "mappings",
      "configuration app.simple_english",
      "ALTER TEXT SEARCH CONFIGURATION app.simple_english DROP MAPPING FOR asciiword",
    ],
  ]),
  ...changes("text search dictionary", [
    [
      "template",
      "dictionary app.y",
      anew("TEXT SEARCH DICTIONARY app.y", "TEXT SEARCH DICTIONARY app.y (TEMPLATE = app.x)"),
      `CREATE ${TEMPLATE}; CREATE TEXT SEARCH DICTIONARY app.y (TEMPLATE = pg_catalog.simple)`,
    ],
    ["options", "dictionary app.stopless", "ALTER TEXT SEARCH DICTIONARY app.stopless (accept = true)"],
  ]),
  ...changes("text search parser", [
    [
      "start",
      "parser app.x",
      parser("START = prsd_start", "START = app.start"),
      `
        CREATE ${PARSER};
        CREATE FUNCTION app.start(internal, int) RETURNS internal LANGUAGE internal AS 'prsd_start'
      `,
    ],
    [
      "token",
      "parser app.x",
      parser("GETTOKEN = prsd_nexttoken", "GETTOKEN = app.token"),
      `
        CREATE ${PARSER};
        CREATE FUNCTION app.token(internal, internal, internal) RETURNS internal LANGUAGE internal AS
          'prsd_nexttoken'
      `,
    ],
    [
      "end",
      "parser app.x",
      parser("END = prsd_end", "END = app.over"),
      `CREATE ${PARSER}; CREATE FUNCTION app.over(internal) RETURNS void LANGUAGE internal AS 'prsd_end'`,
    ],
    [
      "token-types",
      "parser app.x",
      parser("LEXTYPES = prsd_lextype", "LEXTYPES = app.types"),
      `
        CREATE ${PARSER};
        CREATE FUNCTION app.types(internal) RETURNS internal LANGUAGE internal AS 'prsd_lextype'
      `,
    ],
    [
      "headline",
      "parser app.x",
      parser("LEXTYPES", "HEADLINE = prsd_headline, LEXTYPES"),
      `CREATE ${PARSER}`,
    ],
  ]),
  ...changes("text search template", [
    [
      "init",
      "template app.x",
      anew("TEXT SEARCH TEMPLATE app.x", TEMPLATE.replace("INIT = dsimple_init, ", "")),
      `CREATE ${TEMPLATE}`,
    ],
    [
      "lexize",
      "template app.x",
      anew("TEXT SEARCH TEMPLATE app.x", TEMPLATE.replace("dsimple_lexize", "dispell_lexize")),
      `CREATE ${TEMPLATE}`,
    ],
  ]),
  ...changes("foreign data wrapper", [
    [
      "handler",
      "wrapper x",
      "ALTER FOREIGN DATA WRAPPER x HANDLER public.postgres_fdw_handler",
      "CREATE FOREIGN DATA WRAPPER x",
    ],
    [
      "validator",
      "wrapper x",
      "ALTER FOREIGN DATA WRAPPER x VALIDATOR postgresql_fdw_validator",
      "CREATE FOREIGN DATA WRAPPER x",
    ],
    [
      "options",
      "wrapper x",
      "ALTER FOREIGN DATA WRAPPER x OPTIONS (debug 'true')",
      "CREATE FOREIGN DATA WRAPPER x",
    ],
  ]),
  ...changes("foreign-server", [
    [
      "wrapper",
      "server elsewhere",
      elsewhere("FOREIGN DATA WRAPPER x OPTIONS (host 'nowhere.invalid', dbname 'x')"),
      "CREATE FOREIGN DATA WRAPPER x",
    ],
    [
      "type",
      "server elsewhere",
      elsewhere("TYPE 't' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'x')"),
    ],
    ["version", "server elsewhere", "ALTER SERVER elsewhere VERSION '2'"],
    ["options", "server elsewhere", "ALTER SERVER elsewhere OPTIONS (SET dbname 'y')"],
    [
      "options",
      "server elsewhere",
      "ALTER SERVER elsewhere OPTIONS (DROP sslkey)",
      "ALTER SERVER elsewhere OPTIONS (ADD sslkey 'x')",
    ],
  ]),
  ...changes("user-mapping", [
    [
      "options",
      "public on elsewhere",
      "ALTER USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (SET user 'x')",
    ],
    [
      "options",
      "public on elsewhere",
      "ALTER USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (DROP password)",
    ],
  ]),
  ...changes("publication", [
    [
      "all-tables",
      "all_tables",
      anew("PUBLICATION all_tables", "PUBLICATION all_tables WITH (publish = 'insert')"),
    ],
    ["tables", "some_tables", "ALTER PUBLICATION some_tables DROP TABLE app.child"],
    [
      "columns",
      "some_tables",
      "ALTER PUBLICATION some_tables SET TABLE app.parent (id) WHERE (price > 3), app.child",
    ],
    [
      "filters",
      "some_tables",
      "ALTER PUBLICATION some_tables SET TABLE app.parent (id, price) WHERE (price > 4), app.child",
    ],
    ["schemas", "x", "ALTER PUBLICATION x ADD TABLES IN SCHEMA app", "CREATE PUBLICATION x"],
    ["operations", "some_tables", "ALTER PUBLICATION some_tables SET (publish = 'insert, truncate')"],
    ["via-root", "some_tables", "ALTER PUBLICATION some_tables SET (publish_via_partition_root = true)"],
  ]),
  ...changes("subscription", [
    ["publications", "x", subscription("SET PUBLICATION q WITH (refresh = false)"), SUBSCRIPTION],
    ["connection", "x", subscription("CONNECTION 'host=i password=z'"), SUBSCRIPTION],
    ["slot", "x", subscription("SET (slot_name = y)"), SUBSCRIPTION],
    ["synchronous-commit", "x", subscription("SET (synchronous_commit = local)"), SUBSCRIPTION],
    ["binary", "x", subscription("SET (binary = true)"), SUBSCRIPTION],
    ["streaming", "x", subscription("SET (streaming = true)"), SUBSCRIPTION],
    ["disable-on-error", "x", subscription("SET (disable_on_error = true)"), SUBSCRIPTION],
  ]),
  ...changes("grant", [
    ["rights", "table app.child", "GRANT DELETE ON app.child TO PUBLIC"],
    ["rights", "sequence app.tickets", "GRANT SELECT ON SEQUENCE app.tickets TO @writer"],
    ["rights", "column app.parent.price", "GRANT SELECT (price) ON app.parent TO @writer"],
    ["rights", "schema app", "GRANT CREATE ON SCHEMA app TO @reader"],
    [
      "rights",
      "function app.twice(n integer)",
      "GRANT EXECUTE ON FUNCTION app.twice(int) TO @reader WITH GRANT OPTION",
    ],
    [
      "rights",
      "type app.mood",
      "GRANT USAGE ON TYPE app.mood TO @writer WITH GRANT OPTION",
      "GRANT USAGE ON TYPE app.mood TO @reader",
    ],
    [
      "rights",
      "language lx",
      "GRANT USAGE ON LANGUAGE lx TO @reader",
      `${LANGUAGE.replace("LANGUAGE lx", "TRUSTED LANGUAGE lx")}; GRANT USAGE ON LANGUAGE lx TO @writer`,
    ],
    [
      "rights",
      "server elsewhere",
      "GRANT USAGE ON FOREIGN SERVER elsewhere TO @writer",
      "GRANT USAGE ON FOREIGN SERVER elsewhere TO @reader",
    ],
    [
      "rights",
      "wrapper x",
      "GRANT USAGE ON FOREIGN DATA WRAPPER x TO @writer",
      "CREATE FOREIGN DATA WRAPPER x; GRANT USAGE ON FOREIGN DATA WRAPPER x TO @reader",
    ],
    ["rights", "large object 990001", "GRANT UPDATE ON LARGE OBJECT 990001 TO @reader"],
  ]),
  ...changes("grant on a member of an extension, or on an object of the server's own", [
    [
      "given",
      "catalog table pg_catalog.pg_authid",
      "GRANT INSERT ON pg_authid TO PUBLIC",
      "GRANT SELECT ON pg_authid TO PUBLIC",
    ],
    [
      "taken",
      "catalog table pg_catalog.pg_settings",
      "REVOKE SELECT ON pg_settings FROM PUBLIC",
      "REVOKE UPDATE ON pg_settings FROM PUBLIC",
    ],
  ]),
  ...changes("default-privilege", [
    [
      "rights",
      "postgres in app for r",
      "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT INSERT ON TABLES TO @reader",
    ],
  ]),
  ...changes("large objects", [
    ["objects", "large objects of postgres", "ALTER LARGE OBJECT 990003 OWNER TO @writer"],
  ]),
  ...changes("owner", [
    ["owner", "function app.nothing(INOUT a integer)", "ALTER PROCEDURE app.nothing(int) OWNER TO @writer"],
    ["owner", "publication some_tables", "ALTER PUBLICATION some_tables OWNER TO @writer"],
  ]),
  ...changes("comment", [
    ["text", "column app.parent.price", "COMMENT ON COLUMN app.parent.price IS 'in euros'"],
    [
      "text",
      "column app.cheap.id",
      "COMMENT ON COLUMN app.cheap.id IS 'b'",
      "COMMENT ON COLUMN app.cheap.id IS 'a'",
    ],
    [
      "text",
      "column app.point3.x",
      "COMMENT ON COLUMN app.point3.x IS 'b'",
      "COMMENT ON COLUMN app.point3.x IS 'a'",
    ],
    [
      "text",
      "event-trigger watch",
      "COMMENT ON EVENT TRIGGER watch IS 'b'",
      "COMMENT ON EVENT TRIGGER watch IS 'a'",
    ],
    [
      "text",
      "large object 990001",
      "COMMENT ON LARGE OBJECT 990001 IS 'b'",
      "COMMENT ON LARGE OBJECT 990001 IS 'a'",
    ],
    [
      "text",
      "text-search configuration app.simple_english",
      "COMMENT ON TEXT SEARCH CONFIGURATION app.simple_english IS 'b'",
      "COMMENT ON TEXT SEARCH CONFIGURATION app.simple_english IS 'a'",
    ],
  ]),
  ...changes("security-label", [
    ["label", "dummy table app.parent", "UPDATE pg_seclabel SET label = 'public'", SECURITY],
  ]),
];
