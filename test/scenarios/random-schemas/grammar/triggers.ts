import { at, plain, type World } from "../world.ts";
import { condition } from "./expressions.ts";
import { q } from "./names.ts";

/** A trigger function that changes nothing. */
function procedure(world: World, returns: "trigger" | "event_trigger"): string {
  const place = { schema: world.home(), name: world.name("tf") };
  world.run(`
    CREATE FUNCTION ${at(place)}() RETURNS ${returns} LANGUAGE plpgsql AS
      'BEGIN ${returns === "trigger" ? "RETURN coalesce(NEW, OLD);" : ""} END'
  `);
  return at(place);
}

/** Row, statement and constraint triggers, with conditions and transition tables, in all four states. */
export function triggers(world: World): void {
  const { chance } = world;
  const table = world.table((one) => one.kind === "plain" || one.kind === "parent");
  if (table === undefined) return;
  const run = `EXECUTE FUNCTION ${procedure(world, "trigger")}(${chance.pick(["", "'it''s', 5"])})`;
  const name = world.name("tg");
  const columns = table.columns.filter((column) => !column.computed);
  const some =
    columns.length > 0
      ? ` OF ${columns
          .slice(0, 2)
          .map((column) => q(column.name))
          .join(", ")}`
      : "";
  const when = chance.perhaps(` WHEN ((${condition(chance, columns, "NEW.")}) OR true)`, 0.4);
  world.run(
    chance.pick([
      `CREATE TRIGGER ${q(name)} BEFORE INSERT OR UPDATE${some} ON ${at(table)} FOR EACH ROW${when} ${run}`,
      `
        CREATE TRIGGER ${q(name)} AFTER UPDATE ON ${at(table)} REFERENCING OLD TABLE AS
          "old ""rows" NEW TABLE AS n
          FOR EACH STATEMENT ${run}
      `,
      `CREATE TRIGGER ${q(name)} AFTER TRUNCATE ON ${at(table)} FOR EACH STATEMENT ${run}`,
      `
        CREATE CONSTRAINT TRIGGER ${q(name)} AFTER INSERT OR DELETE
          ON ${at(table)} DEFERRABLE${chance.perhaps(" INITIALLY DEFERRED")}
          FOR EACH ROW ${run}
      `,
    ]),
    "finish",
  );
  const state = chance.pick(["", "", "DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"]);
  if (state !== "") world.run(`ALTER TABLE ${at(table)} ${state} TRIGGER ${q(name)}`, "finish");
  const named = `${plain(table)}.${name}`;
  world.lose(
    "trigger's state changed",
    `ALTER TABLE ${at(table)} ${state === "DISABLE" ? "ENABLE" : "DISABLE"} TRIGGER ${q(name)}`,
    "trigger",
    named,
  );
  world.lose("trigger dropped", `DROP TRIGGER ${q(name)} ON ${at(table)}`, "trigger", named);
}

/** Rules, and views that are written through triggers. */
export function rules(world: World): void {
  const { chance } = world;
  const table = world.table((one) => one.kind === "plain");
  if (table === undefined) return;
  const name = world.name("ru");
  const view = { schema: world.home(), name: world.name("v") };
  if (chance.maybe()) {
    world.run(
      `
        CREATE RULE ${q(name)} AS ON ${chance.pick(["DELETE", "UPDATE", "INSERT"])} TO ${at(table)}
         WHERE 1 IN (2, 3) DO INSTEAD NOTHING
      `,
      "finish",
    );
    const state = chance.pick(["", "DISABLE", "ENABLE ALWAYS"]);
    if (state !== "") world.run(`ALTER TABLE ${at(table)} ${state} RULE ${q(name)}`, "finish");
    world.lose("rule dropped", `DROP RULE ${q(name)} ON ${at(table)}`, "rule", `${plain(table)}.${name}`);
    world.lose(
      "rule's state changed",
      `ALTER TABLE ${at(table)} ${state === "DISABLE" ? "ENABLE" : "DISABLE"} RULE ${q(name)}`,
      "rule",
      `${plain(table)}.${name}`,
    );
    return;
  }
  world.run(`CREATE VIEW ${at(view)} AS SELECT count(*) AS n FROM ${at(table)}`);
  world.run(`
    CREATE TRIGGER ${q(name)} INSTEAD OF UPDATE ON ${at(view)} FOR EACH ROW
      EXECUTE FUNCTION ${procedure(world, "trigger")}()
  `);
  world.run(`CREATE RULE ${q(`${name}_i`)} AS ON INSERT TO ${at(view)} DO INSTEAD (NOTIFY one; NOTIFY two)`);
  world.lose(
    "trigger of a view dropped",
    `DROP TRIGGER ${q(name)} ON ${at(view)}`,
    "trigger",
    `${plain(view)}.${name}`,
  );
}

/** Row level security in all its states. */
export function policies(world: World): void {
  const { chance } = world;
  const table = world.table((one) => one.kind === "plain");
  if (table === undefined) return;
  const name = world.name("po");
  const [command, clauses] = chance.pick([
    ["ALL", "UC"],
    ["SELECT", "U"],
    ["INSERT", "C"],
    ["UPDATE", "UC"],
    ["DELETE", "U"],
  ] as const);
  const using = clauses.includes("U")
    ? ` USING (${condition(chance, table.columns)} OR current_user = 'x')`
    : "";
  const check = clauses.includes("C") ? ` WITH CHECK (${condition(chance, table.columns)})` : "";
  const to = chance.pick(["PUBLIC", q(world.role()), "CURRENT_USER"]);
  world.run(`
    CREATE POLICY ${q(name)} ON ${at(table)} AS ${chance.pick(["PERMISSIVE", "RESTRICTIVE"])} FOR ${command}
      TO ${to}${using}${check}
  `);
  if (chance.maybe()) world.run(`ALTER TABLE ${at(table)} ENABLE ROW LEVEL SECURITY`);
  const forced = chance.maybe(0.3);
  if (forced) world.run(`ALTER TABLE ${at(table)} FORCE ROW LEVEL SECURITY`);
  world.thing("POLICY", `${q(name)} ON ${at(table)}`, `${plain(table)}.${name}`, "policy");
  world.lose("policy dropped", `DROP POLICY ${q(name)} ON ${at(table)}`, "policy", `${plain(table)}.${name}`);
  world.lose(
    "policy's roles changed",
    `ALTER POLICY ${q(name)} ON ${at(table)} TO pg_monitor`,
    "policy",
    `${plain(table)}.${name}`,
  );
  if (table.block !== world.block && forced) {
    world.lose(
      "forced row security dropped",
      `ALTER TABLE ${at(table)} NO FORCE ROW LEVEL SECURITY`,
      "row-security",
      plain(table),
    );
  }
}

/** Triggers of the whole database, which do nothing. */
export function eventTriggers(world: World): void {
  const { chance } = world;
  const name = world.globalName("et");
  const event = chance.pick(["ddl_command_end", "ddl_command_start", "sql_drop", "table_rewrite"]);
  const filter =
    event === "table_rewrite" ? "" : chance.perhaps(" WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')");
  world.run(
    `
      CREATE EVENT TRIGGER ${q(name)} ON ${event}${filter}
        EXECUTE FUNCTION ${procedure(world, "event_trigger")}()
    `,
    "finish",
  );
  const state = chance.pick(["", "DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"]);
  if (state !== "") world.run(`ALTER EVENT TRIGGER ${q(name)} ${state}`, "finish");
  world.lose("event trigger dropped", `DROP EVENT TRIGGER ${q(name)}`, "event-trigger", name);
  world.lose(
    "event trigger's state changed",
    `ALTER EVENT TRIGGER ${q(name)} ${state === "DISABLE" ? "ENABLE" : "DISABLE"}`,
    "event-trigger",
    name,
  );
}
