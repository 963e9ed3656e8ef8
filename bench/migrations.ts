import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CLI, plainEnvironment } from "../scripts/demo/holdfast.ts";
import { postgresDatabase } from "../src/adapters/postgres/database.ts";
import { readState } from "../src/schema/proof/state.ts";
import type { Goal } from "./results.ts";
import type { Setting } from "./setting.ts";

/** What `migrate-check` takes, in seconds and milliseconds of the wall. */
export interface MigrationFigures {
  /** Three new pairs on a folder of 300, the shadow's start included. */
  readonly fewSeconds: number;
  /** All 300. */
  readonly allSeconds: number;
  /** One reading of the state of a schema of 100 tables. */
  readonly fingerprintMs: number;
}

const PAIRS = 300;
const NEW = 3;
const TABLES = 100;
const READINGS = 15;

/**
 * A pair of every third kind: a table, columns with a default, an index; together a schema of a
 * hundred tables.
 */
function pair(at: number): { readonly forward: string; readonly rollback: string } {
  const table = `app.t${Math.floor(at / 3)}`;
  if (at % 3 === 0) {
    const reference =
      at === 0 ? "" : `,\n  parent bigint REFERENCES app.t${Math.floor(at / 3) - 1} (id) ON DELETE CASCADE`;
    const columns =
      "id bigserial PRIMARY KEY,\n  name text NOT NULL DEFAULT '',\n  total numeric(10, 2) " +
      "CHECK (total >= 0),\n  made timestamptz NOT NULL DEFAULT now()";
    const schema = at === 0 ? ["CREATE SCHEMA app;\n", "\nDROP SCHEMA app;"] : ["", ""];
    return {
      forward: `${schema[0]}CREATE TABLE ${table} (\n  ${columns}${reference}\n);\n`,
      rollback: `DROP TABLE ${table};${schema[1]}\n`,
    };
  }
  if (at % 3 === 1) {
    return {
      forward:
        `ALTER TABLE ${table} ADD COLUMN note text, ADD COLUMN rank int NOT NULL DEFAULT 0;\nCOMMENT ON ` +
        `COLUMN ${table}.note IS 'said';\n`,
      rollback: `ALTER TABLE ${table} DROP COLUMN rank, DROP COLUMN note;\n`,
    };
  }
  const index = `t${Math.floor(at / 3)}_name`;
  return {
    forward: `CREATE INDEX ${index} ON ${table} (lower(name)) WHERE total > 0;\n`,
    rollback: `DROP INDEX app.${index};\n`,
  };
}

function writePairs(folder: string, from: number, to: number): void {
  mkdirSync(folder, { recursive: true });
  for (let at = from; at < to; at += 1) {
    const { forward, rollback } = pair(at);
    const name = `${String(at + 1).padStart(4, "0")}_step`;
    writeFileSync(join(folder, `${name}.up.sql`), forward);
    writeFileSync(join(folder, `${name}.down.sql`), rollback);
  }
}

async function seconds(
  program: string,
  words: readonly string[],
  cwd: string,
  exits: readonly number[],
): Promise<number> {
  const began = performance.now();
  const child = spawn(program, words, {
    cwd,
    env: plainEnvironment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code === null || !exits.includes(code)) {
    throw new Error(`${program} ${words.join(" ")} ended with ${String(code)}`);
  }
  return (performance.now() - began) / 1000;
}

/**
 * Generates the folder, with all but three pairs merged, and measures. Every pair is sound: a check that says
 * anything else stops the benchmark.
 */
export async function migrationFigures(
  { folder, postgres }: Setting,
  say: (text: string) => void,
): Promise<MigrationFigures> {
  const root = join(folder, "migrations-bench");
  const migrations = join(root, "migrations");
  writePairs(migrations, 0, PAIRS - NEW);
  const git = (...words: string[]): Promise<number> =>
    seconds(
      "git",
      ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false", ...words],
      root,
      [0],
    );
  await git("init", "-q", "-b", "main");
  await git("add", "-A");
  await git("commit", "-qm", "merged");
  writePairs(migrations, PAIRS - NEW, PAIRS);
  const check = (...words: string[]): Promise<number> =>
    seconds(
      process.execPath,
      [CLI, "migrate-check", "--migrations", "migrations", "--json", ...words],
      root,
      [0],
    );
  const fewSeconds = await check("--base", "main");
  say(`migrate-check of ${NEW} new pairs on ${PAIRS}: ${fewSeconds.toFixed(1)} s`);
  const allSeconds = await check("--all");
  say(`migrate-check of all ${PAIRS}: ${allSeconds.toFixed(1)} s`);
  const fingerprintMs = await fingerprint(postgres);
  say(`fingerprint of ${TABLES} tables: ${fingerprintMs.toFixed(0)} ms`);
  return { fewSeconds, allSeconds, fingerprintMs };
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
  const { fewSeconds, allSeconds, fingerprintMs } = figures;
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
  ];
}
