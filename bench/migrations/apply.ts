import { readdirSync } from "node:fs";
import { CLI } from "../../scripts/demo/holdfast.ts";
import type { Setting } from "../setting.ts";
import { seconds } from "../seconds.ts";

/** What the same files take by `migrate` and by psql, in seconds; medians, and that of the rounds' ratios. */
export interface ApplyFigures {
  readonly migrate: number;
  readonly psql: number;
  readonly ratio: number;
}

const ROUNDS = 3;

/** psql as in a loop of a shell: a run, and a session, for each file. */
const PSQL = 'for file in "$0"/*.up.sql; do psql -qX -v ON_ERROR_STOP=1 -f "$file" || exit 1; done';

/** Both in turn, each in a new database, so that a machine that becomes slower does so for both. */
export async function applyFigures(
  { postgres, folder }: Setting,
  migrations: string,
  say: (text: string) => void,
): Promise<ApplyFigures> {
  const files = readdirSync(migrations).filter((name) => name.endsWith(".up.sql")).length;
  const rounds: { readonly migrate: number; readonly psql: number }[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const [ours, theirs] = [`bench_migrate_${round}`, `bench_psql_${round}`];
    for (const name of [ours, theirs]) await postgres.sql("postgres", `CREATE DATABASE ${name}`);
    const psql = await seconds("sh", ["-c", PSQL, migrations], {
      cwd: folder,
      env: {
        PATH: `${postgres.tools.binDir}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
        PGHOST: postgres.folder,
        PGUSER: "postgres",
        PGDATABASE: theirs,
      },
    });
    const migrate = await seconds(process.execPath, [CLI, "migrate", "--migrations", migrations, "--json"], {
      cwd: folder,
      env: { HOLDFAST_DATABASE: postgres.url("postgres", "", ours) },
    });
    rounds.push({ migrate, psql });
    say(`${files} files: migrate ${migrate.toFixed(1)} s, psql ${psql.toFixed(1)} s`);
    for (const name of [ours, theirs]) await postgres.sql("postgres", `DROP DATABASE ${name}`);
  }
  return {
    migrate: median(rounds.map((each) => each.migrate)),
    psql: median(rounds.map((each) => each.psql)),
    ratio: median(rounds.map((each) => each.migrate / each.psql)),
  };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}
