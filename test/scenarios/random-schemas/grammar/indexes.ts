import { at, plain, type Table, type World } from "../world.ts";
import { condition, expression } from "./expressions.ts";
import { q } from "./names.ts";

/** What stands in the brackets, by access method; empty when the table has nothing for it. */
const METHODS: Readonly<Record<string, (world: World, table: Table) => string>> = {
  btree: (world, table) => {
    const { chance } = world;
    const columns = chance.some(
      table.columns.filter((column) => column.type.sorts && column.type.family !== "json"),
      chance.int(1, 3),
    );
    return columns
      .map(({ name, type }) => {
        const collation = type.collates && chance.maybe(0.3) ? ' COLLATE pg_catalog."C"' : "";
        const pattern =
          ["text", "varchar(400)", "character varying"].includes(type.sql) && chance.maybe(0.3)
            ? " text_pattern_ops"
            : "";
        return (
          `${q(name)}${collation}` +
          `${pattern}${chance.pick(["", "", " DESC", " DESC NULLS LAST", " NULLS FIRST"])}`
        );
      })
      .join(", ");
  },
  expression: (world, table) => {
    const made = expression(
      world.chance,
      table.columns.filter((column) => !column.computed),
    );
    return made === undefined || made[1] === "jsonb" ? "" : `(${made[0]})`;
  },
  hash: (world, table) => one(world, table, (column) => column.type.hashes),
  brin: (world, table) =>
    one(world, table, (column) => ["int", "time", "network"].includes(column.type.family)),
  gin: (world, table) => {
    const found = table.columns.filter(
      (column) =>
        ["jsonb", "tsvector", "text[]", "integer[]"].includes(column.type.sql) ||
        column.type.sql === "ext.hstore",
    );
    if (found.length === 0) return "";
    const { name, type } = world.chance.pick(found);
    return (
      q(name) +
      (type.sql === "jsonb"
        ? world.chance.perhaps(" jsonb_path_ops")
        : type.sql === "ext.hstore"
          ? " ext.gin_hstore_ops"
          : "")
    );
  },
  gist: (world, table) =>
    one(
      world,
      table,
      (column) =>
        column.type.family === "range" ||
        ["point", "box", "circle", "polygon", "tsvector"].includes(column.type.sql),
    ),
  spgist: (world, table) =>
    one(world, table, (column) => ["text", "point", "int4range", "numrange"].includes(column.type.sql)),
};

function one(world: World, table: Table, fits: (column: Table["columns"][number]) => boolean): string {
  const found = table.columns.filter((column) => fits(column) && !column.computed);
  return found.length === 0 ? "" : q(world.chance.pick(found).name);
}

const PARAMETERS: Readonly<Record<string, string>> = {
  btree: "fillfactor = 60",
  expression: "deduplicate_items = off",
  hash: "fillfactor = 50",
  brin: "pages_per_range = 4, autosummarize = on",
  gin: "fastupdate = off",
  gist: "buffering = off",
  spgist: "fillfactor = 70",
};

/** Indexes of all access methods: partial, on expressions, with included columns, with options, unique. */
export function indexes(world: World): void {
  const { chance, server } = world;
  const table = world.table((one) => ["plain", "parent", "partitioned"].includes(one.kind));
  if (table === undefined) return;
  const method = chance.pick(Object.keys(METHODS));
  const keys = METHODS[method]!(world, table);
  if (keys === "") return;
  const name = world.name("ix");
  const unique = method === "btree" && table.kind === "plain" && table.key !== undefined && chance.maybe(0.3);
  const include =
    method === "btree" && chance.maybe(0.3)
      ? " INCLUDE " +
        `(${q(chance.pick(table.columns.filter((column) => !column.computed || server.major < 18)).name)})`
      : "";
  const parameters =
    server.major >= 13 || method !== "expression"
      ? chance.perhaps(` WITH (${PARAMETERS[method]!})`, 0.3)
      : "";
  const where = chance.maybe(0.3)
    ? ` WHERE ${condition(
        chance,
        table.columns.filter((column) => !column.computed),
      )}`
    : "";
  const using = method === "expression" ? "" : `USING ${method} `;
  world.run(`
    CREATE ${unique ? "UNIQUE " : ""}INDEX ${q(name)}
      ON ${chance.perhaps("ONLY ", table.kind === "partitioned" ? 0.3 : 0)}${at(table)}
        ${using}(${unique ? `${q(table.key)}, ` : ""}${keys})${include}${parameters}${where}
  `);
  const named = { schema: table.schema, name };
  world.thing("INDEX", at(named), plain(named), "index");
  world.lose("index dropped", `DROP INDEX ${at(named)} CASCADE`, "index", plain(named));
  world.lose("index renamed", `ALTER INDEX ${at(named)} RENAME TO renamed`, "index", plain(named));
  if (["btree", "hash", "spgist"].includes(method) && table.kind !== "partitioned") {
    world.lose(
      "index parameter set",
      `ALTER INDEX ${at(named)} SET (fillfactor = 33)`,
      "index",
      plain(named),
    );
  }
  if (method === "btree" && table.kind === "plain" && where === "") follow(world, table, name, unique);
}

/** Roles an index can have for its table. */
function follow(world: World, table: Table, name: string, unique: boolean): void {
  const { chance } = world;
  if (chance.maybe(0.15)) {
    world.run(`ALTER TABLE ${at(table)} CLUSTER ON ${q(name)}`);
    world.lose(
      "cluster mark lost",
      `ALTER TABLE ${at(table)} SET WITHOUT CLUSTER`,
      ["index", "table"],
      plain({ schema: table.schema, name }),
    );
  }
  if (!unique && chance.maybe(0.1)) {
    world.run(`ALTER TABLE ${at(table)} REPLICA IDENTITY FULL`);
    world.lose(
      "replica identity lost",
      `ALTER TABLE ${at(table)} REPLICA IDENTITY DEFAULT`,
      "table",
      plain(table),
    );
  }
}
