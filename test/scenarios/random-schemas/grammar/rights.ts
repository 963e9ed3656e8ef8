import { at, plain, type Thing, type World } from "../world.ts";
import { q, text } from "./names.ts";

const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  TABLE: ["SELECT", "INSERT, UPDATE", "DELETE", "TRUNCATE, TRIGGER", "REFERENCES", "ALL"],
  VIEW: ["SELECT", "UPDATE"],
  SEQUENCE: ["USAGE", "SELECT, UPDATE"],
  SCHEMA: ["USAGE", "CREATE", "ALL"],
  FUNCTION: ["EXECUTE"],
  PROCEDURE: ["EXECUTE"],
  AGGREGATE: ["EXECUTE"],
  TYPE: ["USAGE"],
  DOMAIN: ["USAGE"],
  "FOREIGN SERVER": ["USAGE"],
  "LARGE OBJECT": ["SELECT", "SELECT, UPDATE"],
  "FOREIGN DATA WRAPPER": ["USAGE"],
};

/** What stands after ON in a GRANT. */
function granted({ word, sql }: Thing): string {
  const spelled: Record<string, string> = { VIEW: "TABLE", AGGREGATE: "FUNCTION" };
  return `${spelled[word] ?? word} ${sql}`;
}

/**
 * Rights of roles and of everybody, with the right to pass them on, of columns; and rights taken from where
 * they are given by default.
 */
export function grants(world: World): void {
  const { chance } = world;
  const fitting = world.things.filter((thing) => RIGHTS[thing.word] !== undefined);
  if (fitting.length === 0) return;
  const thing = world.use(chance.pick(fitting));
  const rights = chance.pick(RIGHTS[thing.word]!);
  const on = granted(thing);
  const role = q(world.role());
  world.run(`GRANT ${rights} ON ${on} TO ${role}${chance.perhaps(" WITH GRANT OPTION", 0.3)}`);
  world.lose("grant revoked", `REVOKE ALL ON ${on} FROM ${role} CASCADE`, ["grant"], thing.plain);
  world.lose("grant added", `GRANT ${rights} ON ${on} TO pg_monitor`, "grant", thing.plain);
  if (["FUNCTION", "PROCEDURE", "AGGREGATE", "TYPE", "DOMAIN"].includes(thing.word) && chance.maybe(0.4)) {
    world.run(`REVOKE ALL ON ${on} FROM PUBLIC`);
    world.lose("public right given back", `GRANT ALL ON ${on} TO PUBLIC`, "grant", thing.plain);
  }
  const table = world.table((one) => one.kind === "plain" && one.columns.length > 0);
  if (table !== undefined && chance.maybe(0.4)) {
    const column = chance.pick(table.columns);
    world.run(`
      GRANT ${chance.pick(["SELECT", "REFERENCES", "UPDATE"])} (${q(column.name)}) ON ${at(table)}
        TO ${role}
    `);
    world.lose(
      "grant on a column revoked",
      `REVOKE ALL (${q(column.name)}) ON ${at(table)} FROM ${role}`,
      "grant",
      `${plain(table)}.${column.name}`,
    );
  }
}

/** Rights that objects to come will get. */
export function defaultPrivileges(world: World): void {
  const { chance } = world;
  const schema = world.home();
  const [rights, objects] = chance.pick([
    ["SELECT, INSERT", "TABLES"],
    ["USAGE", "SEQUENCES"],
    ["EXECUTE", "FUNCTIONS"],
    ["USAGE", "TYPES"],
  ] as const);
  const [maker, reader] = [world.role(), world.role()];
  world.run(`
    ALTER DEFAULT PRIVILEGES FOR ROLE ${q(maker)} IN SCHEMA ${q(schema)} GRANT ${rights} ON ${objects}
      TO ${chance.pick([q(reader), "PUBLIC"])}${chance.perhaps("", 0.1)}
  `);
  world.lose(
    "default privilege lost",
    `
      ALTER DEFAULT PRIVILEGES FOR ROLE ${q(maker)} IN SCHEMA ${q(schema)} REVOKE ALL ON ${objects}
        FROM ${q(reader)}, PUBLIC
    `,
    "default-privilege",
    ` in ${schema}`,
  );
}

const OWNED = new Set([
  "TABLE",
  "VIEW",
  "SEQUENCE",
  "SCHEMA",
  "FUNCTION",
  "PROCEDURE",
  "AGGREGATE",
  "TYPE",
  "DOMAIN",
  "LARGE OBJECT",
  "FOREIGN SERVER",
]);

/** Objects that belong to somebody else. */
export function owners(world: World): void {
  const fitting = world.things.filter((thing) => OWNED.has(thing.word));
  if (fitting.length === 0) return;
  const thing = world.use(world.chance.pick(fitting));
  const word = thing.word === "FOREIGN SERVER" ? "SERVER" : thing.word;
  world.run(`ALTER ${word} ${thing.sql} OWNER TO ${q(world.role())}`, "finish");
  world.lose(
    "owner changed",
    `ALTER ${word} ${thing.sql} OWNER TO pg_monitor`,
    thing.word === "LARGE OBJECT" ? ["owner", "large-objects", "grant"] : ["owner", "table", "grant"],
    thing.plain,
  );
}

/** Comments on whatever there is. */
export function comments(world: World): void {
  const { chance } = world;
  for (const thing of chance.some(world.things, chance.int(1, 4))) {
    world.use(thing);
    const word = thing.word === "FOREIGN SERVER" ? "SERVER" : thing.word;
    const phase = ["TRIGGER"].includes(thing.word) ? "finish" : "define";
    world.run(
      `COMMENT ON ${word} ${thing.sql} ` +
        `IS ${text(chance.pick(["plain", "it's \\ odd", "two\nlines -- ;", "ü表", " "]))}`,
      phase,
    );
    if (thing.word !== "LARGE OBJECT") {
      world.lose("comment lost", `COMMENT ON ${word} ${thing.sql} IS NULL`, "comment", thing.plain);
    }
  }
}
