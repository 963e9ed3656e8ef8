import { at, plain, type Table, type World } from "../world.ts";
import { condition } from "./expressions.ts";
import { q } from "./names.ts";

/** Queries over a table; `*` lists and joins are printed by the server in its own way. */
function query(world: World, table: Table): string {
  const { chance } = world;
  const columns = table.columns.map((column) => `s.${q(column.name)}`);
  const where = condition(chance, table.columns, "s.");
  const from = at(table);
  return chance.pick([
    () => `SELECT ${columns.join(", ") || "1 AS one"} FROM ${from} s WHERE ${where}`,
    () => `SELECT * FROM ${from} s`,
    () => `
      SELECT count(*) AS n, count(*) FILTER (WHERE ${where}) AS some
        FROM ${from} s
       GROUP BY GROUPING SETS (())
    `,
    () => `
      WITH RECURSIVE w(n) AS (
        VALUES (1) UNION ALL SELECT n + 1 FROM w WHERE n < 3
      )
      SELECT w.n, (SELECT count(*) FROM ${from} s WHERE ${where}) AS c FROM w
    `,
    () => `
      SELECT row_number() OVER (ORDER BY s.tableoid::int8 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING)
        AS place,
             s.tableoid::int8 IN (1, 2) AS "odd ""name"
        FROM ${from} s
    `,
    () => `
      SELECT a.x, b.y
        FROM (VALUES (1, 'a'), (2, 'b')) a(x, t)
        LEFT JOIN LATERAL (SELECT count(*) + a.x AS y FROM ${from} s) b ON true
    `,
    () => `SELECT 1 AS one UNION ALL (SELECT 2 FROM ${from} s ORDER BY 1 LIMIT 1) EXCEPT SELECT 3`,
    () => `
      SELECT CASE WHEN EXISTS (SELECT FROM ${from} s WHERE ${where}) THEN 'yes'
                  ELSE 'no' END::varchar(3) AS answer,
             ARRAY(SELECT 1 FROM ${from} s) AS list
    `,
  ])();
}

/** Views with their options, on tables and on each other. */
export function views(world: World): void {
  const { chance, server } = world;
  const table = world.table();
  if (table === undefined) return;
  const place = { schema: world.home(), name: world.name("v") };
  const simple = chance.maybe(0.4);
  const options = [
    ...(chance.maybe(0.3) ? ["security_barrier"] : []),
    ...(server.major >= 15 && chance.maybe(0.3) ? ["security_invoker = true"] : []),
    ...(simple && chance.maybe(0.4) ? [`check_option = ${chance.pick(["local", "cascaded"])}`] : []),
  ];
  const body = simple
    ? `
      SELECT ${table.columns.map((column) => q(column.name)).join(", ") || "1 AS one"}
        FROM ${at(table)}
       WHERE ${condition(chance, table.columns)}
    `
    : query(world, table);
  // A view without a column of its table cannot be written through, so nothing can be checked there.
  const valid = table.columns.length > 0 ? options : options.filter((option) => !option.startsWith("check"));
  world.run(`CREATE VIEW ${at(place)}${valid.length > 0 ? ` WITH (${valid.join(", ")})` : ""} AS ${body}`);
  world.thing("VIEW", at(place), plain(place), "view");
  const first = table.columns.find((column) => !column.computed);
  if (simple && first !== undefined && chance.maybe(0.3)) {
    world.run(`ALTER VIEW ${at(place)} ALTER COLUMN ${q(first.name)} SET DEFAULT ${first.type.values[0]!}`);
  }
  world.lose(
    "view replaced",
    `DROP VIEW ${at(place)} CASCADE; CREATE VIEW ${at(place)} AS SELECT 1 AS replaced`,
    "view",
    plain(place),
  );
  world.lose(
    "view option set",
    `
      ALTER VIEW ${at(place)}
        ${valid.includes("security_barrier") ? "RESET (security_barrier)" : "SET (security_barrier)"}
    `,
    "view",
    plain(place),
  );
  if (chance.maybe(0.3)) {
    const above = { schema: world.home(), name: world.name("a") };
    world.run(
      `CREATE VIEW ${at(above)} AS SELECT v.*, 'x'::text IN ('x', 'y') AS extra_ FROM ${at(place)} v`,
    );
    world.lose("view dropped", `DROP VIEW ${at(above)}`, "view", plain(above));
  }
}

/** Materialized views in chains, whose names sort the other way round; filled or not. */
export function materializedViews(world: World): void {
  const { chance } = world;
  const table = world.table((one) => one.kind !== "foreign");
  if (table === undefined) return;
  const base = { schema: world.home(), name: world.name("z") };
  const filled = chance.maybe(0.8);
  world.run(
    `
      CREATE MATERIALIZED VIEW ${at(base)}${chance.perhaps(" WITH (fillfactor = 50)", 0.2)} AS
        SELECT count(*) AS n, 'x'::varchar(5) AS w
          FROM ${at(table)} s WITH ${filled ? "" : "NO "}DATA
    `,
    "finish",
  );
  world.lose(
    filled ? "materialized view emptied" : "materialized view filled",
    `REFRESH MATERIALIZED VIEW ${at(base)} WITH ${filled ? "NO " : ""}DATA`,
    "table",
    plain(base),
  );
  const index = world.name("mi");
  world.run(`CREATE UNIQUE INDEX ${q(index)} ON ${at(base)} (n)`, "finish");
  world.lose(
    "index of a materialized view dropped",
    `DROP INDEX ${at({ ...base, name: index })}`,
    "index",
    plain({ ...base, name: index }),
  );
  if (!filled || chance.maybe()) return;
  const [top, over] = [
    { schema: world.home(), name: world.name("a") },
    { schema: world.home(), name: world.name("b") },
  ];
  world.run(`CREATE VIEW ${at(over)} AS SELECT n + 1 AS m FROM ${at(base)}`, "finish");
  world.run(`CREATE MATERIALIZED VIEW ${at(top)} AS SELECT m * 2 AS d FROM ${at(over)}`, "finish");
  world.lose(
    "materialized view replaced",
    `DROP MATERIALIZED VIEW ${at(top)}; CREATE MATERIALIZED VIEW ${at(top)} AS SELECT 1 AS d`,
    ["materialized-view", "table"],
    plain(top),
  );
}
