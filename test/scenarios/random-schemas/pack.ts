import type { Cluster, TestDatabase } from "../../support/postgres.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { EXTENSIONS_SQL } from "./grammar/types.ts";
import { PHASES, type Loss, type World } from "./world.ts";

/** What a comparison said of one thing. */
export interface Found {
  readonly about: string;
  readonly name: string;
  readonly message: string;
}

/** A database that holds several worlds; what every world may build on stands in it already. */
export async function packWorlds(
  cluster: Cluster,
  worlds: readonly World[],
  without: ReadonlySet<number> = new Set(),
): Promise<TestDatabase> {
  const database = await cluster.createDatabase({ owner: "postgres", sql: EXTENSIONS_SQL });
  for (const world of worlds) {
    for (const phase of PHASES) {
      await database.admin(world.sql(phase, without)).catch((error: unknown) => {
        throw new Error(
          `the grammar wrote SQL that the server refuses (world ${world.prefix}, seed ${world.seed}, ` +
            `${phase}): ${String(error)}`,
          { cause: error },
        );
      });
    }
  }
  return database;
}

/** The findings of a report, as far as it shows them. */
export function foundBy({ report }: Outcome): Found[] {
  const rows = report.tables
    .filter((table) => table.columns.includes("finding"))
    .flatMap((table) => table.rows);
  return rows.map(([about, name, message]) => ({ about: about!, name: name!, message: message! }));
}

/** Whether a finding is of this world: everything in it carries its prefix, large objects its number. */
export function concerns(world: World, { name, message }: Found): boolean {
  const number = Number(world.prefix.replace(/\D/g, ""));
  return (
    new RegExp(`(?<![a-z0-9])${world.prefix}(?![0-9])`).test(`${name} ${message}`) ||
    new RegExp(`(?<!\\d)${700 + number}\\d{3}(?!\\d)`).test(name)
  );
}

/** Whether this finding names the loss. */
export function names(loss: Loss, { about, name, message }: Found): boolean {
  return (
    loss.about.includes(about) &&
    name.replaceAll('"', "").includes(loss.name) &&
    (loss.says === undefined || message.replaceAll('"', "").includes(loss.says.replaceAll('"', "")))
  );
}
