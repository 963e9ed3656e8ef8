import { at, plain, type World } from "../world.ts";
import { condition } from "./expressions.ts";
import { q, text } from "./names.ts";

/** Publications of tables with columns and conditions, of schemas. */
export function publications(world: World): void {
  const { chance, server } = world;
  const name = world.globalName("pub");
  const table = world.table((one) => one.kind === "plain" && one.logged && one.key !== undefined);
  const modern = server.major >= 15;
  const simple = table?.columns.filter((column) => column.type.family === "int") ?? [];
  const target =
    table === undefined
      ? ""
      : ` FOR TABLE ${at(table)}${modern && chance.maybe() ? ` (${q(table.key!)})` : ""}${
          modern && simple.length > 0 && chance.maybe()
            ? ` WHERE (${condition(
                chance,
                simple.filter((column) => column.name === table.key),
              )})`
            : ""
        }`;
  const wide = modern && chance.maybe(0.3) ? ` FOR TABLES IN SCHEMA ${q(world.home())}` : target;
  const what = chance.pick(["insert", "insert, update", "truncate"]);
  const root = server.major >= 13 ? chance.perhaps(", publish_via_partition_root = true") : "";
  world.run(`CREATE PUBLICATION ${q(name)}${wide} WITH (publish = '${what}'${root})`, "finish");
  world.lose(
    "publication changed",
    `ALTER PUBLICATION ${q(name)} SET (publish = 'delete')`,
    "publication",
    name,
  );
  world.lose("publication dropped", `DROP PUBLICATION ${q(name)}`, "publication", name);
  if (wide === target && target !== "" && table !== undefined) {
    world.lose(
      "table left out of publication",
      `ALTER PUBLICATION ${q(name)} DROP TABLE ${at(table)}`,
      "publication",
      name,
    );
  }
}

/** Extended statistics. */
export function statistics(world: World): void {
  const { chance, server } = world;
  const table = world.table(
    (one) =>
      one.kind === "plain" &&
      one.columns.filter((column) => column.type.sorts && !column.computed).length >= 2,
  );
  if (table === undefined) return;
  const place = { schema: world.home(), name: world.name("st") };
  const columns = table.columns
    .filter((column) => column.type.sorts && !column.computed)
    .slice(0, 3)
    .map((column) => q(column.name));
  const extra = server.major >= 14 && chance.maybe(0.3) ? ", (1 + 2)" : "";
  world.run(`
    CREATE STATISTICS ${at(place)}${chance.pick(["", " (ndistinct)", " (dependencies, mcv)"])}
      ON ${columns.join(", ")}${extra === "" ? "" : `, (${columns[0]!} IS NULL)`}
    FROM ${at(table)}
  `);
  if (server.major >= 13 && chance.maybe(0.3)) world.run(`ALTER STATISTICS ${at(place)} SET STATISTICS 50`);
  world.thing("STATISTICS", at(place), plain(place), "statistics");
  world.lose("statistics dropped", `DROP STATISTICS ${at(place)}`, "statistics", plain(place));
  if (server.major >= 13) {
    world.lose(
      "target of statistics changed",
      `ALTER STATISTICS ${at(place)} SET STATISTICS 77`,
      "statistics",
      plain(place),
    );
  }
}

/** Text search: a parser, a template, a dictionary, a configuration. */
export function textSearch(world: World): void {
  const schema = world.home();
  const [parser, template, dictionary, configuration] = ["tp", "tt", "td", "tc"].map((stem) => ({
    schema,
    name: world.name(stem),
  })) as [Place, Place, Place, Place];
  world.run(`
    CREATE TEXT SEARCH PARSER ${at(parser)} (
      START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype,
      HEADLINE = prsd_headline)
  `);
  world.run(`CREATE TEXT SEARCH TEMPLATE ${at(template)} (INIT = dsimple_init, LEXIZE = dsimple_lexize)`);
  world.run(`CREATE TEXT SEARCH DICTIONARY ${at(dictionary)} (TEMPLATE = ${at(template)}, accept = false)`);
  world.run(`CREATE TEXT SEARCH CONFIGURATION ${at(configuration)} (PARSER = ${at(parser)})`);
  world.run(`
    ALTER TEXT SEARCH CONFIGURATION ${at(configuration)} ADD MAPPING FOR asciiword,
      word WITH ${at(dictionary)}, pg_catalog.english_stem
  `);
  world.thing("TEXT SEARCH CONFIGURATION", at(configuration), plain(configuration), "text-search");
  world.thing("TEXT SEARCH DICTIONARY", at(dictionary), plain(dictionary), "text-search");
  world.lose(
    "dictionary changed",
    `ALTER TEXT SEARCH DICTIONARY ${at(dictionary)} (accept = true)`,
    "text-search",
    plain(dictionary),
  );
  world.lose(
    "mapping dropped",
    `ALTER TEXT SEARCH CONFIGURATION ${at(configuration)} DROP MAPPING FOR word`,
    "text-search",
    plain(configuration),
  );
  world.lose(
    "configuration dropped",
    `DROP TEXT SEARCH CONFIGURATION ${at(configuration)}`,
    "text-search",
    plain(configuration),
  );
}

/** Collations of each provider, and tables that use them. */
export function collations(world: World): void {
  const { chance } = world;
  const place = { schema: world.home(), name: world.name("co") };
  const icu = chance.maybe();
  world.run(
    `CREATE COLLATION ${at(place)} (` +
      (icu
        ? `provider = icu, locale = '${chance.pick(["de-u-co-phonebk", "und-u-ks-level2", "en"])}', ` +
          `deterministic = ${chance.pick(["true", "false"])}`
        : "provider = libc, locale = 'C'") +
      ")",
  );
  const table = { schema: world.home(), name: world.name("ct") };
  world.run(`
    CREATE TABLE ${at(table)} (
      w text COLLATE ${at(place)} UNIQUE,
      v varchar(5) COLLATE pg_catalog."C" DEFAULT ('x' COLLATE ${at(place)}))
  `);
  world.run(`INSERT INTO ${at(table)} VALUES ('a'), ('b'), ('ü'), ('Straße'), (NULL)`, "fill");
  world.thing("COLLATION", at(place), plain(place), "collation");
  world.lose(
    "column's collation changed",
    `ALTER TABLE ${at(table)} ALTER COLUMN w TYPE text COLLATE "POSIX"`,
    "column",
    `${plain(table)}.w`,
  );
  world.lose(
    "collation renamed",
    `ALTER COLLATION ${at(place)} RENAME TO renamed`,
    "collation",
    plain(place),
  );
}

/** A wrapper without a library, servers, mappings with options, foreign tables. */
export function foreign(world: World): void {
  const { chance } = world;
  const [wrapper, server] = [world.globalName("fdw"), world.globalName("srv")];
  const table = { schema: world.home(), name: world.name("ft") };
  world.run(`CREATE FOREIGN DATA WRAPPER ${q(wrapper)} OPTIONS (debug 'it''s')`);
  world.run(`
    CREATE SERVER ${q(server)} TYPE 'kind' VERSION '1.2' FOREIGN DATA WRAPPER ${q(wrapper)}
      OPTIONS (host 'h', "odd ""option" 'v')
  `);
  const role = chance.pick(["PUBLIC", q(world.role())]);
  world.run(`CREATE USER MAPPING FOR ${role} SERVER ${q(server)} OPTIONS (user 'u', password 'p''w')`);
  world.run(`
    CREATE FOREIGN TABLE ${at(table)} (
      a integer OPTIONS (column_name 'x') NOT NULL, b text DEFAULT 'q' COLLATE "C") SERVER ${q(server)}
      OPTIONS (table_name ${text("it's")})
  `);
  world.tables.push({ ...table, columns: [], kind: "foreign", block: world.block, rows: 0, logged: true });
  world.thing("FOREIGN SERVER", q(server), server, "foreign-server");
  world.thing("FOREIGN DATA WRAPPER", q(wrapper), wrapper, "foreign-server");
  world.lose(
    "server's option changed",
    `ALTER SERVER ${q(server)} OPTIONS (SET host 'other')`,
    "foreign-server",
    server,
  );
  world.lose(
    "wrapper's option changed",
    `ALTER FOREIGN DATA WRAPPER ${q(wrapper)} OPTIONS (DROP debug)`,
    "foreign-server",
    wrapper,
  );
  world.lose(
    "foreign table's option changed",
    `ALTER FOREIGN TABLE ${at(table)} OPTIONS (SET table_name 'other')`,
    "table",
    plain(table),
  );
  world.lose(
    "foreign column's option changed",
    `ALTER FOREIGN TABLE ${at(table)} ALTER COLUMN a OPTIONS (SET column_name 'y')`,
    "column",
    `${plain(table)}.a`,
  );
  world.lose(
    "user mapping dropped",
    `DROP USER MAPPING FOR ${role} SERVER ${q(server)}`,
    ["foreign-server", "user-mapping"],
    server,
  );
  world.lose(
    "user mapping's option lost",
    `ALTER USER MAPPING FOR ${role} SERVER ${q(server)} OPTIONS (DROP password)`,
    ["foreign-server", "user-mapping"],
    server,
  );
}

/** Tables of a type, conversions, table access methods: what few have. */
export function oddities(world: World): void {
  const { chance, server } = world;
  const schema = world.home();
  chance.pick<() => void>([
    () => {
      const [type, table] = [
        { schema, name: world.name("ty") },
        { schema, name: world.name("tt") },
      ];
      world.run(`CREATE TYPE ${at(type)} AS (a integer, b text)`);
      world.run(`CREATE TABLE ${at(table)} OF ${at(type)} (a WITH OPTIONS DEFAULT 5 PRIMARY KEY)`);
      world.run(`INSERT INTO ${at(table)} VALUES (1, 'x'), (2, NULL)`, "fill");
      world.lose("table no longer of its type", `ALTER TABLE ${at(table)} NOT OF`, "table", plain(table));
    },
    () => {
      const name = { schema, name: world.name("cv") };
      world.run(`CREATE CONVERSION ${at(name)} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`);
      world.lose("conversion dropped", `DROP CONVERSION ${at(name)}`, "conversion", plain(name));
    },
    () => {
      const [method, table] = [world.globalName("am"), { schema, name: world.name("at") }];
      world.run(`CREATE ACCESS METHOD ${q(method)} TYPE TABLE HANDLER heap_tableam_handler`);
      world.run(`CREATE TABLE ${at(table)} (a integer) USING ${q(method)}`);
      world.run(`INSERT INTO ${at(table)} VALUES (1)`, "fill");
      world.lose(
        "table's access method changed",
        server.major >= 15 ? `ALTER TABLE ${at(table)} SET ACCESS METHOD heap` : `DROP TABLE ${at(table)}`,
        "table",
        plain(table),
      );
    },
    () => {
      const table = { schema, name: world.name("none") };
      world.run(`CREATE TABLE ${at(table)} ()`);
      for (let left = 3; left > 0; left -= 1) world.run(`INSERT INTO ${at(table)} DEFAULT VALUES`, "fill");
      world.lose(
        "row without columns lost",
        `DELETE FROM ${at(table)} WHERE ctid = '(0,1)'`,
        "table",
        plain(table),
      );
    },
    () => {
      const table = { schema, name: world.name("many") };
      world.run(`
        CREATE TABLE ${at(table)}
          (${Array.from({ length: 40 }, (_, index) => `c${index} integer DEFAULT ${index}`).join(", ")})
      `);
      world.run(`INSERT INTO ${at(table)} DEFAULT VALUES`, "fill");
      world.lose("values exchanged", `UPDATE ${at(table)} SET c5 = c6, c6 = c5`, "table", plain(table), "c5");
    },
  ])();
}

/** Large objects with rights and comments; their numbers begin with the world's. */
export function largeObjects(world: World): void {
  const { chance } = world;
  const oid = 700_000 + Number(world.prefix.replace(/\D/g, "")) * 1000 + world.block;
  world.run(
    `SELECT lo_from_bytea(${oid}, ${chance.pick(["''", "decode(repeat('00ff', 3000), 'hex')", "'short'"])})`,
  );
  world.thing("LARGE OBJECT", String(oid), `large object ${oid}`, "large-objects");
}

type Place = { readonly schema: string; readonly name: string };
