import type { BackupRun } from "./contestants.ts";
import type { Cost } from "./measure.ts";
import { migrationGoals, type MigrationFigures } from "./migrations/figures.ts";
import { policyGoals, type PolicyFigures } from "./policy/figures.ts";
import { rollbackGoals, type RollbackFigures } from "./rollback/figures.ts";
import { functionsGoals, type FunctionsFigures } from "./functions/figures.ts";
import { releaseGoals, type ReleaseFigures } from "./release/figures.ts";
import type { ColdStart, MemoryPoint } from "./series.ts";

/** One contestant with all its runs; medians are made from these. */
export interface Contest<Run extends Cost> {
  readonly id: string;
  readonly name: string;
  readonly how: string;
  readonly notes: readonly string[];
  readonly runs: readonly Run[];
}

/** Everything one run of the benchmark found: docs/benchmark.json. */
export interface Results {
  readonly format: "holdfast.benchmark/1";
  readonly madeAt: string;
  readonly machine: { readonly cpus: number; readonly memoryBytes: number; readonly platform: string };
  readonly versions: Readonly<Record<string, string>>;
  readonly database: { readonly megabytes: number; readonly bytesOnDisk: number };
  readonly rounds: number;
  readonly backup: readonly Contest<BackupRun>[];
  readonly restore: readonly Contest<Cost>[];
  readonly memory: readonly MemoryPoint[];
  readonly coldStart: readonly ColdStart[];
  /** Absent in results from before it was measured. */
  readonly migrations?: MigrationFigures;
  readonly policy?: PolicyFigures;
  readonly release?: ReleaseFigures;
  /** Absent in results of before, and where the part was not run. */
  readonly functions?: FunctionsFigures;
  readonly rollback?: RollbackFigures;
  readonly goals: readonly Goal[];
}

/** Something the project promises itself, and what was measured. */
export interface Goal {
  readonly text: string;
  readonly measured: string;
  readonly met: boolean;
}

/** The middle value; with an even number of them the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half)
    ? ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2
    : (sorted[Math.floor(half)] ?? NaN);
}

/** Median of one measure over a contest's runs. */
export function middle<Run extends Cost>(contest: Contest<Run>, measure: (run: Run) => number): number {
  return median(contest.runs.map(measure));
}

type Measured = Omit<Results, "goals">;

/** Holds the goals against what was measured; a goal whose contestants did not run is left out. */
export function goals(results: Measured): Goal[] {
  const backup = (id: string): Contest<BackupRun> | undefined => results.backup.find((one) => one.id === id);
  const restore = (id: string): Contest<Cost> | undefined => results.restore.find((one) => one.id === id);
  const found: (Goal | undefined)[] = [
    faster(
      "Backup without proof at least 3× as fast as pg_dump, gzip, openssl, upload",
      backup("strategy"),
      backup("holdfast"),
      3,
    ),
    within("Backup without proof at most 1.55× the floor", backup("holdfast"), backup("floor"), 1.55),
    within(
      "Backup with content proof at most 1.9× the floor",
      backup("holdfast-proof"),
      backup("floor"),
      1.9,
    ),
    faster(
      "Backup with content proof faster than restic's without one",
      backup("restic"),
      backup("holdfast-proof"),
      1,
    ),
    within(
      "CPU of a backup without proof at most 0.65× restic's",
      backup("holdfast"),
      backup("restic"),
      0.65,
      (run) => run.cpu,
    ),
    ...memoryGoals(results),
    ...sizeGoals(backup),
    ...results.coldStart
      .slice(1)
      .map((one): Goal =>
        goal(
          `Cold start of ${one.name} at most 140 ms`,
          median(one.runs),
          140,
          (ms) => `${ms.toFixed(0)} ms`,
        ),
      ),
    faster("Restore at least as fast as psql < dump.sql", restore("psql"), restore("holdfast-1"), 1),
    faster("Parallel restore faster than the streamed one", restore("holdfast-1"), restore("holdfast-2"), 1),
    within(
      "Whole validate --depth restored at most 1.3× pg_restore",
      restore("holdfast-validate"),
      restore("pg_restore"),
      1.3,
    ),
    ...migrationGoals(results.migrations),
    ...policyGoals(results.policy),
    ...releaseGoals(results.release),
    ...functionsGoals(results.functions),
    ...rollbackGoals(results.rollback),
  ];
  return found.filter((one) => one !== undefined);
}

function memoryGoals({ memory, backup }: Measured): Goal[] {
  const peaks = [
    ...memory.map((point) => point.peakOwn),
    ...backup
      .filter((one) => one.id.startsWith("holdfast"))
      .flatMap((one) => one.runs.map((run) => run.peakOwn)),
  ];
  if (peaks.length === 0) return [];
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  const goals = [
    goal("Peak memory of Holdfast's own process at most 190 MB", Math.max(...peaks), 190e6, megabytes),
  ];
  const [small, large] = [memory[0], memory.at(-1)];
  if (small === undefined || large === undefined || small === large) return goals;
  const text = `Memory flat from ${small.megabytes} MB to ${large.megabytes} MB (at most a fifth more)`;
  return [
    ...goals,
    {
      text,
      measured: `${megabytes(small.peakOwn)} → ${megabytes(large.peakOwn)}`,
      met: large.peakOwn <= small.peakOwn * 1.2,
    },
  ];
}

function sizeGoals(backup: (id: string) => Contest<BackupRun> | undefined): Goal[] {
  const [own, other] = [backup("holdfast"), backup("pgdump")];
  if (own === undefined || other === undefined) return [];
  return [
    within("Stored bytes at most 1.03× those of pg_dump -Fc", own, other, 1.03, (run) => run.stored),
    goal("No local disk used", Math.max(...own.runs.map((run) => run.disk)), 0, (bytes) => `${bytes} bytes`),
  ].filter((one) => one !== undefined);
}

function goal(text: string, value: number, limit: number, show: (value: number) => string): Goal {
  return { text, measured: show(value), met: value <= limit };
}

function faster(
  text: string,
  slow: Contest<Cost> | undefined,
  fast: Contest<Cost> | undefined,
  factor: number,
): Goal | undefined {
  if (slow === undefined || fast === undefined) return undefined;
  const ratio = middle(slow, (run) => run.wall) / middle(fast, (run) => run.wall);
  return { text, measured: `${ratio.toFixed(2)}×`, met: ratio >= factor };
}

function within<Run extends Cost>(
  text: string,
  one: Contest<Run> | undefined,
  other: Contest<Run> | undefined,
  limit: number,
  measure: (run: Run) => number = (run) => run.wall,
): Goal | undefined {
  if (one === undefined || other === undefined) return undefined;
  const ratio = middle(one, measure) / middle(other, measure);
  return { text, measured: `${ratio.toFixed(2)}×`, met: ratio <= limit };
}
