import { join } from "node:path";
import { CLI } from "../../scripts/demo/holdfast.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { readState } from "../../src/schema/proof/state.ts";
import type { Goal } from "../results.ts";
import { runGit } from "../run-git.ts";
import type { Setting } from "../setting.ts";
import { applyFigures, type ApplyFigures } from "./apply.ts";
import { pair, PAIRS, TABLES, writePairs } from "./pairs.ts";
import { seconds } from "../seconds.ts";

/** What `migrate-check` and `migrate` take, in seconds and milliseconds of the wall. */
export interface MigrationFigures {
  /** Three new pairs on a folder of 300, the shadow's start included. */
  readonly fewSeconds: number;
  /** All 300. */
  readonly allSeconds: number;
  /** One reading of the state of a schema of 100 tables. */
  readonly fingerprintMs: number;
  /** All 300 applied to an empty database. */
  readonly apply: ApplyFigures;
}

const NEW = 3;
const READINGS = 15;

/**
 * Generates the folder, with all but three pairs merged, and measures. Every pair is sound: a check that says
 * anything else stops the benchmark.
 */
export async function migrationFigures(
  setting: Setting,
  say: (text: string) => void,
): Promise<MigrationFigures> {
  const { folder, postgres } = setting;
  const root = join(folder, "migrations-bench");
  const migrations = join(root, "migrations");
  writePairs(migrations, 0, PAIRS - NEW);
  await runGit(root, "init", "-q", "-b", "main");
  await runGit(root, "add", "-A");
  await runGit(root, "commit", "-qm", "merged");
  writePairs(migrations, PAIRS - NEW, PAIRS);
  const check = (...words: string[]): Promise<number> =>
    seconds(process.execPath, [CLI, "migrate-check", "--migrations", "migrations", "--json", ...words], {
      cwd: root,
    });
  const fewSeconds = await check("--base", "main");
  say(`migrate-check of ${NEW} new pairs on ${PAIRS}: ${fewSeconds.toFixed(1)} s`);
  const allSeconds = await check("--all");
  say(`migrate-check of all ${PAIRS}: ${allSeconds.toFixed(1)} s`);
  const fingerprintMs = await fingerprint(postgres);
  say(`fingerprint of ${TABLES} tables: ${fingerprintMs.toFixed(0)} ms`);
  const apply = await applyFigures(setting, migrations, say);
  return { fewSeconds, allSeconds, fingerprintMs, apply };
}

async function fingerprint(postgres: Setting["postgres"]): Promise<number> {
  await postgres.sql("postgres", "CREATE DATABASE bench_schema");
  for (let at = 0; at < TABLES * 3; at += 1) await postgres.sql("bench_schema", pair(at).forward);
  await using session = await postgresDatabase(postgres.address("bench_schema")).connect({
    purpose: "bench",
    bare: true,
  });
  // The first one prepares the statements.
  await readState(session);
  const took: number[] = [];
  for (let at = 0; at < READINGS; at += 1) {
    const began = performance.now();
    await readState(session);
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b)[Math.floor(READINGS / 2)]!;
}

/** What was promised. */
export function migrationGoals(figures: MigrationFigures | undefined): Goal[] {
  if (figures === undefined) return [];
  const { fewSeconds, allSeconds, fingerprintMs, apply } = figures;
  return [
    {
      text: `migrate-check of ${NEW} new pairs on ${PAIRS} in at most 15 s`,
      measured: `${fewSeconds.toFixed(1)} s`,
      met: fewSeconds <= 15,
    },
    {
      text: `migrate-check of all ${PAIRS} pairs in at most 90 s`,
      measured: `${allSeconds.toFixed(1)} s`,
      met: allSeconds <= 90,
    },
    {
      text: `Fingerprint of a schema of ${TABLES} tables in at most 50 ms`,
      measured: `${fingerprintMs.toFixed(0)} ms`,
      met: fingerprintMs <= 50,
    },
    {
      text: `migrate of ${PAIRS} files in at most 1.5 times what psql -f takes, a run for each file`,
      measured: `${apply.ratio.toFixed(2)} (${apply.migrate.toFixed(0)} s to ${apply.psql.toFixed(0)} s)`,
      met: apply.ratio <= 1.5,
    },
  ];
}
