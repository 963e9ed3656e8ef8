import { at, plain, type World } from "../world.ts";
import { q, text } from "./names.ts";

type Maker = (world: World, place: { schema: string; name: string }) => void;

const TRAITS = [
  "",
  "IMMUTABLE",
  "STABLE STRICT",
  "IMMUTABLE PARALLEL SAFE COST 7",
  "SECURITY DEFINER SET search_path = pg_catalog, pg_temp",
  "LEAKPROOF",
  "SET work_mem = '8MB' SET DateStyle = 'German'",
];

const sql: Maker = (world, place) => {
  const traits = world.chance.pick(TRAITS);
  const create = (body: string): string => `
    CREATE OR REPLACE FUNCTION ${at(place)}(n integer, VARIADIC rest integer[] DEFAULT '{1,2}')
      RETURNS integer LANGUAGE sql ${traits} AS ${text(body)}
  `;
  world.run(create("SELECT n * 2 -- it's \\ odd"));
  signed(world, place, "(integer, integer[])", "FUNCTION");
  world.lose("function's body changed", create("SELECT n * 3"), "function", plain(place));
  world.lose(
    "function's traits changed",
    `ALTER FUNCTION ${at(place)}(integer, integer[]) COST 4321`,
    "function",
    plain(place),
  );
};

const plpgsql: Maker = (world, place) => {
  world.run(`
    CREATE FUNCTION ${at(place)}(a text, OUT b text, INOUT c integer DEFAULT 5, OUT "odd ""out" text)
      LANGUAGE plpgsql ${world.chance.pick(TRAITS)} AS
      $odd$
DECLARE x text := 'tab	$$';
BEGIN b := a; END $odd$
  `);
  signed(world, place, "(text, integer)", "FUNCTION");
  world.lose(
    "function's setting lost",
    `ALTER FUNCTION ${at(place)}(text, integer) SET work_mem = '9MB'`,
    "function",
    plain(place),
  );
};

const atomic: Maker = (world, place) => {
  const table = world.table();
  const source = table === undefined ? "generate_series(1, 2)" : at(table);
  const body =
    world.server.major >= 14
      ? `BEGIN ATOMIC SELECT count(*) FROM ${source} WHERE 1 IN (1, 2); SELECT 7 + x; END`
      : "AS 'SELECT 7 + x'";
  world.run(`CREATE FUNCTION ${at(place)}(x bigint) RETURNS bigint LANGUAGE sql ${body}`);
  signed(world, place, "(bigint)", "FUNCTION");
};

const set: Maker = (world, place) => {
  world.run(`
    CREATE FUNCTION ${at(place)}(VARIADIC list text[]) RETURNS TABLE (a integer, "B b" text)
      LANGUAGE plpgsql ROWS 5 AS
      'BEGIN RETURN; END'
  `);
  world.lose("function replaced", `DROP FUNCTION ${at(place)}`, "function", plain(place));
};

const procedure: Maker = (world, place) => {
  world.run(`
    CREATE PROCEDURE ${at(place)}(a integer, INOUT b text DEFAULT 'it''s')
      LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN b := a; END'
  `);
  world.lose("procedure dropped", `DROP PROCEDURE ${at(place)}`, "function", plain(place));
  world.thing("PROCEDURE", `${at(place)}(integer, text)`, plain(place), "function");
};

const aggregate: Maker = (world, place) => {
  const { chance } = world;
  world.run(
    chance.pick([
      `
        CREATE AGGREGATE ${at(place)}(integer) (
          SFUNC = int4pl, STYPE = integer, INITCOND = '5', PARALLEL = SAFE, COMBINEFUNC = int4pl)
      `,
      `
        CREATE AGGREGATE ${at(place)}(integer) (
          SFUNC = int4larger, STYPE = integer, SORTOP = OPERATOR(pg_catalog.>), MSFUNC = int4pl,
          MINVFUNC = int4mi, MSTYPE = integer)
      `,
    ]),
  );
  world.lose(
    "aggregate changed",
    `
      DROP AGGREGATE ${at(place)}(integer);
      CREATE AGGREGATE ${at(place)}(integer) (SFUNC = int4smaller, STYPE = integer)
    `,
    "function",
    plain(place),
  );
  world.thing("AGGREGATE", `${at(place)}(integer)`, plain(place), "function");
};

const ordered: Maker = (world, place) => {
  const step = { ...place, name: world.name("step") };
  world.run(`
    CREATE FUNCTION ${at(step)}(anyarray, anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE AS
      'SELECT $1 || $2'
  `);
  world.run(
    `CREATE AGGREGATE ${at(place)}(anyelement) (SFUNC = ${at(step)}, STYPE = anyarray, INITCOND = '{}')`,
  );
  world.lose("aggregate dropped", `DROP AGGREGATE ${at(place)}(anyelement)`, "function", plain(place));
};

function signed(
  world: World,
  place: { schema: string; name: string },
  signature: string,
  word: string,
): void {
  world.thing(word, `${at(place)}${signature}`, plain(place), "function");
  world.lose("function dropped", `DROP FUNCTION ${at(place)}${signature} CASCADE`, "function", plain(place));
}

/** Functions in SQL (also with a parsed body) and PL/pgSQL, procedures and aggregates. */
export function functions(world: World): void {
  world.chance.pick([sql, plpgsql, atomic, set, procedure, aggregate, ordered])(world, {
    schema: world.home(),
    name: world.name("f"),
  });
}

/** Operators with their relatives, a family and class of their own, casts. */
export function operators(world: World): void {
  const { chance } = world;
  const schema = world.home();
  const name = `${"<@#&~".slice(0, chance.int(2, 5))}${chance.pick(["%", "~~", "||", "="])}`;
  const type = { schema, name: world.name("ot") };
  const f = (stem: string): string => at({ schema, name: world.name(stem) });
  const [less, equal, same] = [f("lt"), f("eq"), f("same")];
  world.run(`CREATE TYPE ${at(type)} AS (a integer)`);
  world.run(`
    CREATE FUNCTION ${less}(${at(type)}, ${at(type)}) RETURNS boolean LANGUAGE sql IMMUTABLE AS
      'SELECT $1.a < $2.a'
  `);
  world.run(`
    CREATE FUNCTION ${equal}(${at(type)}, ${at(type)}) RETURNS integer LANGUAGE sql IMMUTABLE AS
      'SELECT btint4cmp($1.a, $2.a)'
  `);
  world.run(`
    CREATE OPERATOR ${q(schema)}.${name} (
      FUNCTION = ${less}, LEFTARG = ${at(type)}, RIGHTARG = ${at(type)},
      COMMUTATOR = OPERATOR(${q(schema)}.>>>), RESTRICT = scalarltsel,
      JOIN = scalarltjoinsel)
  `);
  world.run(`
    CREATE OPERATOR ${q(schema)}.>>> (
      FUNCTION = ${less}, LEFTARG = ${at(type)}, RIGHTARG = ${at(type)},
      COMMUTATOR = OPERATOR(${q(schema)}.${name}))
  `);
  const family = { schema, name: world.name("of") };
  const classed = { schema, name: world.name("oc") };
  world.run(`CREATE OPERATOR FAMILY ${at(family)} USING btree`);
  world.run(`
    CREATE OPERATOR CLASS ${at(classed)} FOR TYPE ${at(type)}
      USING btree FAMILY ${at(family)} AS OPERATOR 1 ${q(schema)}.${name},
      FUNCTION 1 ${equal}(${at(type)}, ${at(type)})
  `);
  world.run(`CREATE FUNCTION ${same}(${at(type)}) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1.a'`);
  world.run(`
    CREATE CAST (${at(type)} AS integer)
      WITH FUNCTION ${same}(${at(type)})${chance.perhaps(" AS ASSIGNMENT")}
  `);
  if (chance.maybe()) world.run(`CREATE CAST (${at(type)} AS text) WITH INOUT AS IMPLICIT`);
  world.lose("cast dropped", `DROP CAST (${at(type)} AS integer)`, "cast", plain(type));
  world.lose(
    "operator's estimator changed",
    `ALTER OPERATOR ${q(schema)}.${name} (${at(type)}, ${at(type)}) SET (RESTRICT = NONE)`,
    "operator",
    schema,
  );
  world.lose(
    "operator class dropped",
    `DROP OPERATOR CLASS ${at(classed)} USING btree`,
    "operator",
    plain(classed),
  );
  world.lose(
    "operator family dropped",
    `DROP OPERATOR FAMILY ${at(family)} USING btree CASCADE`,
    "operator",
    plain(family),
  );
}
