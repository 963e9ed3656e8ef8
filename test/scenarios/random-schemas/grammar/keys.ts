import { at, plain, type Column, type Table, type World } from "../world.ts";
import { condition } from "./expressions.ts";
import { q } from "./names.ts";

type Maker = (world: World, table: Table) => void;

/** Adds a constraint and says how it can be lost. */
function constrain(
  world: World,
  table: Table,
  stem: string,
  words: string,
  phase: "define" | "finish" = "define",
): void {
  const name = world.name(stem);
  world.run(`ALTER TABLE ${at(table)} ADD CONSTRAINT ${q(name)} ${words}`, phase);
  world.thing("CONSTRAINT", `${q(name)} ON ${at(table)}`, `${plain(table)}.${name}`, "constraint");
  world.lose(
    "constraint dropped",
    `ALTER TABLE ${at(table)} DROP CONSTRAINT ${q(name)} CASCADE`,
    "constraint",
    `${plain(table)}.${name}`,
  );
}

/** A condition that every row fulfils, whatever it holds. */
const check: Maker = (world, table) => {
  const inherited = table.kind === "plain" ? world.chance.perhaps(" NO INHERIT", 0.15) : "";
  constrain(world, table, "ck", `CHECK ((${condition(world.chance, table.columns)}) OR true)${inherited}`);
};

/** A condition that older rows break. */
const unvalidatedCheck: Maker = (world, table) => {
  const name = world.name("nv");
  world.run(`ALTER TABLE ${at(table)} ADD CONSTRAINT ${q(name)} CHECK (1 > 2) NOT VALID`, "finish");
  // No row of it can be written any more.
  world.forget(
    (loss) => loss.name !== plain(table).replaceAll('"', "") || !/^(value|row twice)/.test(loss.kind),
  );
  if (table.rows === 0) {
    world.lose(
      "constraint validated",
      `ALTER TABLE ${at(table)} VALIDATE CONSTRAINT ${q(name)}`,
      "constraint",
      `${plain(table)}.${name}`,
    );
  }
};

/** Columns that may stand in a unique key beside the key: nothing then is twice. */
function sortable(table: Table): readonly Column[] {
  return table.columns.filter((column) => column.type.sorts && !column.computed && column.name !== table.key);
}

const unique: Maker = (world, table) => {
  if (table.key === undefined) return;
  const { chance, server } = world;
  const columns = chance.some(
    [...chance.some(sortable(table), 2).map((column) => column.name), table.key],
    3,
  );
  if (!columns.includes(table.key)) columns.push(table.key);
  const nulls = server.major >= 15 && chance.maybe(0.3) ? "NULLS NOT DISTINCT " : "";
  const when = chance.pick(["", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"]);
  constrain(world, table, "uq", `UNIQUE ${nulls}(${columns.map(q).join(", ")})${when}`);
};

const exclusion: Maker = (world, table) => {
  if (table.key === undefined) return;
  const { chance } = world;
  const words = chance.pick([
    `EXCLUDE USING gist (${q(table.key)} WITH =) WHERE (${q(table.key)} > 0)`,
    `EXCLUDE USING btree (${q(table.key)} WITH =)`,
    `EXCLUDE USING gist (int4range(${q(table.key)}, ${q(table.key)} + 1) WITH &&) DEFERRABLE`,
  ]);
  constrain(
    world,
    table,
    "ex",
    words.includes(`(${q(table.key)} WITH =) WHERE`)
      ? words.replace(`${q(table.key)} WITH`, `${q(table.key)} ext.gist_int4_ops WITH`)
      : words,
  );
};

const ACTIONS = [
  "",
  " ON DELETE CASCADE",
  " ON DELETE SET NULL ON UPDATE CASCADE",
  " ON UPDATE RESTRICT",
  " ON DELETE SET DEFAULT",
];
const WHEN = ["", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"];

/** A column that refers to a table with a key, perhaps its own; rows refer to keys that are there. */
const foreignKey: Maker = (world, table) => {
  const { chance } = world;
  const target = world.table(
    (one) => one.key !== undefined && one.kind !== "foreign" && one.rows > 0 && (one.logged || !table.logged),
  );
  if (target === undefined) return;
  const column = world.name("fk");
  world.run(`ALTER TABLE ${at(table)} ADD COLUMN ${q(column)} integer`);
  world.run(
    `UPDATE ${at(table)} SET ${q(column)} = ${chance.pick(["NULL", "1", String(target.rows)])}`,
    "fill",
  );
  const options = [
    chance.perhaps(" MATCH FULL", 0.2),
    chance.pick(ACTIONS),
    chance.pick(WHEN),
    chance.perhaps(" NOT VALID", 0.2),
  ].join("");
  constrain(
    world,
    table,
    "fk",
    `FOREIGN KEY (${q(column)}) REFERENCES ${at(target)} (${q(target.key!)})${options}`,
  );
};

/** Two tables that refer to each other, rows in the wrong order. */
const circle: Maker = (world) => {
  const schema = world.home();
  const [hen, egg] = [
    { schema, name: world.name("hen") },
    { schema, name: world.name("egg") },
  ];
  world.run(`CREATE TABLE ${at(hen)} (id integer PRIMARY KEY, other integer)`);
  world.run(
    `CREATE TABLE ${at(egg)} (id integer PRIMARY KEY, other integer REFERENCES ${at(hen)} DEFERRABLE)`,
  );
  const name = world.name("circle");
  world.run(`
    ALTER TABLE ${at(hen)} ADD CONSTRAINT ${q(name)} FOREIGN KEY (other)
      REFERENCES ${at(egg)} DEFERRABLE INITIALLY DEFERRED
  `);
  world.run(
    `INSERT INTO ${at(hen)} VALUES (1, 2), (2, 1); INSERT INTO ${at(egg)} VALUES (1, 2), (2, NULL)`,
    "fill",
  );
  world.lose(
    "deferral dropped",
    `ALTER TABLE ${at(hen)} ALTER CONSTRAINT ${q(name)} NOT DEFERRABLE`,
    "constraint",
    `${plain(hen)}.${name}`,
  );
};

/** Constraints of all kinds, on a table that is there. */
export function constraints(world: World): void {
  const table = world.table((one) => ["plain", "parent"].includes(one.kind));
  if (table === undefined) return;
  world.chance.pick([check, check, unvalidatedCheck, unique, exclusion, foreignKey, foreignKey, circle])(
    world,
    table,
  );
}
