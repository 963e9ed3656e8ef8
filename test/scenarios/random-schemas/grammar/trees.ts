import { at, plain, type Column, type Table, type World } from "../world.ts";
import { q, text } from "./names.ts";
import { BUILT_IN_TYPES, INTEGER, PLAIN_TEXT } from "./types.ts";

const DATE = BUILT_IN_TYPES.find((type) => type.sql === "date")!;

interface Strategy {
  readonly by: "RANGE" | "LIST" | "HASH";
  readonly column: Column;
  readonly bounds: readonly string[];
}

function column(world: World, stem: string, type: Column["type"], bound = true): Column {
  return { name: world.name(stem), type, notNull: false, computed: false, bound };
}

/** Ways to divide a table; the last bound of a range or list takes what the others do not. */
function strategy(world: World): Strategy {
  const { chance } = world;
  const enumType = world.types.find(
    (type) => type.values.length > 1 && !type.long && /^E?'/.test(type.values[0]!),
  );
  return chance.pick<() => Strategy>([
    () => ({
      by: "RANGE",
      column: column(world, "k", {
        ...DATE,
        values: ["'2024-05-05'::date", "'2026-02-28'::date", "'infinity'::date"],
      }),
      bounds: ["FROM (MINVALUE) TO ('2025-01-01')", "FROM ('2025-01-01') TO ('2027-01-01')", "DEFAULT"],
    }),
    () => ({
      by: "RANGE",
      column: column(world, "k", INTEGER),
      bounds: ["FROM (MINVALUE) TO (0)", "FROM (0) TO (100)", "FROM (100) TO (MAXVALUE)", "DEFAULT"],
    }),
    () => ({
      by: "LIST",
      column: column(world, "k", { ...PLAIN_TEXT, values: ["'a'", "'it''s'", "'ü'", "'other'"] }),
      bounds: [`IN ('a', ${text("it's")})`, "IN ('ü', NULL)", "DEFAULT"],
    }),
    () => ({
      by: "HASH",
      column: column(world, "k", INTEGER),
      bounds: [
        "WITH (MODULUS 3, REMAINDER 0)",
        "WITH (MODULUS 3, REMAINDER 1)",
        "WITH (MODULUS 3, REMAINDER 2)",
      ],
    }),
    () => ({
      by: "HASH",
      column: column(world, "k", enumType === undefined ? PLAIN_TEXT : world.use(enumType)),
      bounds: [
        "WITH (MODULUS 2, REMAINDER 0)",
        "WITH (MODULUS 4, REMAINDER 1)",
        "WITH (MODULUS 4, REMAINDER 3)",
      ],
    }),
  ])();
}

/** `FOR VALUES …` or `DEFAULT`. */
function values(bound: string): string {
  return bound === "DEFAULT" ? bound : `FOR VALUES ${bound}`;
}

/**
 * A partitioned table in one or two levels; one partition may have been a table of its own, with its columns
 * in another order.
 */
export function partitions(world: World): void {
  const { chance } = world;
  const way = strategy(world);
  const key = column(world, "n", INTEGER);
  const free = column(
    world,
    "c",
    chance.pick(BUILT_IN_TYPES.filter((type) => type.since <= world.server.major)),
    false,
  );
  const columns = [key, way.column, free];
  const root = { schema: world.home(), name: world.name("p") };
  const words = (list: readonly Column[]): string =>
    list.map((each) => `${q(each.name)} ${each.type.sql}`).join(", ");
  world.run(`CREATE TABLE ${at(root)} (${words(columns)}) PARTITION BY ${way.by} (${q(way.column.name)})`);
  const leaves = way.bounds.map((bound, index) => {
    const leaf = { schema: chance.pick(world.schemas), name: world.name("leaf") };
    if (index === 0 && chance.maybe(0.4)) {
      world.run(`CREATE TABLE ${at(leaf)} (${words([...columns].reverse())})`);
      world.run(`ALTER TABLE ${at(root)} ATTACH PARTITION ${at(leaf)} ${values(bound)}`);
    } else if (index === 1 && chance.maybe(0.5)) {
      world.run(`
        CREATE TABLE ${at(leaf)} PARTITION OF ${at(root)} ${values(bound)}
          PARTITION BY HASH (${q(key.name)})
      `);
      for (const rest of [0, 1]) {
        world.run(`
          CREATE TABLE ${at({ ...leaf, name: world.name("sub") })} PARTITION OF ${at(leaf)} FOR VALUES
            WITH (MODULUS 2, REMAINDER ${rest})
        `);
      }
      return undefined;
    } else {
      world.run(`CREATE TABLE ${at(leaf)} PARTITION OF ${at(root)} ${values(bound)}`);
      if (chance.maybe(0.2)) {
        world.run(`ALTER TABLE ${at(leaf)} ALTER COLUMN ${q(free.name)} SET DEFAULT ${free.type.values[0]!}`);
      }
    }
    return leaf;
  });
  const made: Table = {
    ...root,
    columns,
    kind: "partitioned",
    block: world.block,
    rows: chance.int(0, 12),
    logged: true,
  };
  fillTree(world, made);
  decorate(
    world,
    made,
    key,
    way,
    leaves.filter((leaf) => leaf !== undefined),
  );
}

function fillTree(world: World, made: Table): void {
  world.tables.push(made);
  world.thing("TABLE", at(made), plain(made), "table");
  if (made.rows === 0) return;
  const lines = Array.from(
    { length: made.rows },
    (_, row) =>
      "(" +
      made.columns
        .map((each, index) => (index === 0 ? String(row) : world.chance.pick(each.type.values)))
        .join(", ") +
      ")",
  );
  world.run(`INSERT INTO ${at(made)} VALUES ${lines.join(", ")}`, "fill");
  // In whichever partition it lies: hash partitions on an enum are compared as one.
  world.lose(
    "row of a partition lost",
    `SET session_replication_role = replica; DELETE FROM ${at(made)} WHERE ${q(made.columns[0]!.name)} = 0`,
    "table",
    made.schema.slice(0, 3),
    "row",
  );
}

/** Keys, indexes and triggers that the partitions inherit, one of them switched off in one partition. */
function decorate(
  world: World,
  made: Table,
  key: Column,
  way: Strategy,
  leaves: readonly { schema: string; name: string }[],
): void {
  const { chance } = world;
  if (chance.maybe(0.5)) {
    const name = world.name("pk");
    const simple = way.by !== "LIST" || chance.maybe();
    if (simple && way.by !== "HASH") {
      world.run(`CREATE INDEX ${q(name)} ON ${at(made)} (${q(key.name)}, ${q(way.column.name)} DESC)`);
    } else world.run(`CREATE INDEX ${q(name)} ON ${at(made)} (${q(key.name)})`);
    world.lose(
      "index of a partitioned table dropped",
      `DROP INDEX ${at({ schema: made.schema, name })}`,
      "index",
      plain({ schema: made.schema, name }),
    );
  }
  if (chance.maybe(0.5)) {
    const procedure = { schema: world.home(), name: world.name("tf") };
    const name = world.name("tg");
    world.run(
      `CREATE FUNCTION ${at(procedure)}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
    );
    world.run(
      `
        CREATE TRIGGER ${q(name)} AFTER INSERT OR UPDATE ON ${at(made)} FOR EACH ROW
          EXECUTE FUNCTION ${at(procedure)}()
      `,
      "finish",
    );
    world.lose(
      "trigger of a partitioned table dropped",
      `DROP TRIGGER ${q(name)} ON ${at(made)}`,
      "trigger",
      `${plain(made)}.${name}`,
    );
    const [leaf] = leaves;
    if (leaf !== undefined && world.server.major >= 15) {
      world.run(
        `
          ALTER TABLE ${at(leaf)} ${chance.pick(["DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])} TRIGGER
            ${q(name)}
        `,
        "finish",
      );
      world.lose(
        "trigger of a partition enabled",
        `ALTER TABLE ${at(leaf)} ENABLE TRIGGER ${q(name)}`,
        "trigger",
        `${plain(leaf)}.${name}`,
      );
    }
  }
  const last = leaves.at(-1);
  if (last !== undefined) {
    world.lose(
      "partition detached",
      `ALTER TABLE ${at(made)} DETACH PARTITION ${at(last)}`,
      "table",
      plain(last),
    );
  }
}

/** Inheritance without partitions: from one table or two, with columns of the same name, or afterwards. */
export function inheritance(world: World): void {
  const { chance } = world;
  const schema = world.home();
  const [base, other, heir, late] = ["base", "other", "heir", "late"].map((stem) => ({
    schema,
    name: world.name(stem),
  })) as [Place, Place, Place, Place];
  const type = chance.pick(BUILT_IN_TYPES.filter((each) => each.since <= world.server.major));
  const shared: Column = { name: world.name("c"), type, notNull: false, computed: false, bound: false };
  const own: Column = { ...column(world, "x", PLAIN_TEXT, false) };
  world.run(`
    CREATE TABLE ${at(base)} (${q(shared.name)} ${type.sql} DEFAULT ${type.values[0]!},
      n integer CONSTRAINT ${q(world.name("ck"))} CHECK (n > 0) NOT NULL)
  `);
  world.run(`CREATE TABLE ${at(other)} (n integer, ${q(own.name)} text)`);
  world.run(`
    CREATE TABLE ${at(heir)}
      (${chance.perhaps(`${q(shared.name)} ${type.sql} DEFAULT ${type.values.at(-1)!}`)})
        INHERITS (${at(base)}${chance.perhaps(`, ${at(other)}`)})
  `);
  world.run(`
    CREATE TABLE ${at(late)} (z integer, n integer NOT NULL, ${q(shared.name)} ${type.sql},
      CONSTRAINT late_n CHECK (n > 0))
  `);
  const check = world.name("ck");
  world.run(`ALTER TABLE ${at(base)} ADD CONSTRAINT ${q(check)} CHECK (n < 1000)`);
  world.run(`ALTER TABLE ${at(late)} ADD CONSTRAINT ${q(check)} CHECK (n < 1000)`);
  const parent = { ...late, name: world.name("latebase") };
  world.run(`
    CREATE TABLE ${at(parent)} (
      ${q(shared.name)} ${type.sql}, n integer, CONSTRAINT ${q(check)} CHECK (n < 1000))
  `);
  world.run(`ALTER TABLE ${at(late)} INHERIT ${at(parent)}`);
  for (const place of [base, heir, late]) {
    world.run(
      `INSERT INTO ${at(place)} (n, ${q(shared.name)}) VALUES (1, ${chance.pick(type.values)}), (2, NULL)`,
      "fill",
    );
  }
  world.tables.push(
    { ...base, columns: [shared], kind: "parent", block: world.block, rows: 2, logged: true },
    { ...heir, columns: [shared], kind: "child", block: world.block, rows: 2, logged: true },
  );
  world.thing("TABLE", at(heir), plain(heir), "table");
  world.lose("inheritance lost", `ALTER TABLE ${at(late)} NO INHERIT ${at(parent)}`, "table", plain(late));
  world.lose("row of a parent lost", `DELETE FROM ONLY ${at(base)} WHERE n = 1`, "table", plain(base), "row");
}

type Place = { readonly schema: string; readonly name: string };
