import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLI, plainEnvironment } from "../scripts/demo/holdfast.ts";
import { contestants, runContestant } from "./contestants.ts";
import { generateDatabase } from "./database.ts";
import { bytesBelow, measure, type Cost } from "./measure.ts";
import { quiet, undisturbed } from "./quiet.ts";
import { openArena, type Setting } from "./setting.ts";

/** Peak memory of Holdfast's own process at one database size. */
export interface MemoryPoint {
  /** Megabytes (10^6 bytes) of rows. */
  readonly megabytes: number;
  readonly peakOwn: number;
  readonly wall: number;
}

/** A backup with proof of databases of growing size; the one of the main series is there already. */
export async function memorySeries(
  setting: Setting,
  sizes: readonly number[],
  existing: { readonly name: string; readonly megabytes: number },
  say: (text: string) => void,
): Promise<MemoryPoint[]> {
  const proof = contestants(setting).find((one) => one.id === "holdfast-proof")!;
  const points: MemoryPoint[] = [];
  for (const megabytes of sizes) {
    const name = megabytes === existing.megabytes ? existing.name : `bench_${megabytes}`;
    if (name !== existing.name) {
      say(`generating ${megabytes} MB`);
      await generateDatabase(setting.postgres, name, megabytes);
    }
    const run = await runContestant(proof, setting, name);
    points.push({ megabytes, peakOwn: run.peakOwn, wall: run.wall });
    say(`${megabytes} MB: ${Math.round(run.peakOwn / 1e6)} MB resident at most`);
    if (name !== existing.name) await setting.postgres.sql("postgres", `DROP DATABASE ${name}`);
  }
  return points;
}

/** Time from start to end of a program that does next to nothing. */
export interface ColdStart {
  readonly name: string;
  /** Milliseconds, one per run. */
  readonly runs: number[];
}

const COLD_RUNS = 15;

/**
 * `backup --help` and the list action on an empty store, against Node itself, one after the other in turns.
 */
export async function coldStarts(setting: Setting): Promise<ColdStart[]> {
  const folder = join(setting.folder, "cold");
  mkdirSync(join(folder, "store"), { recursive: true });
  const files = Object.fromEntries(
    ["OUTPUT", "STATE", "ENV", "PATH", "STEP_SUMMARY"].map((name) => [`GITHUB_${name}`, join(folder, name)]),
  );
  for (const file of Object.values(files)) writeFileSync(file, "");
  const action = fileURLToPath(new URL("../dist/actions/list/main.js", import.meta.url));
  const job = { ...files, GITHUB_ACTIONS: "true", INPUT_STORE: `file://${folder}/store` };
  const programs: {
    readonly name: string;
    readonly words: readonly string[];
    readonly env: Record<string, string>;
    readonly runs: number[];
  }[] = [
    { name: "node -e 0", words: ["-e", "0"], env: {}, runs: [] },
    { name: "holdfast backup --help", words: [CLI, "backup", "--help"], env: {}, runs: [] },
    { name: "the list action on an empty store", words: [action], env: job, runs: [] },
  ];
  await quiet(setting.signal);
  // The first turn fills the file cache and is not counted.
  for (let turn = 0; turn <= COLD_RUNS; turn += 1) {
    for (const { name, words, env, runs } of programs) {
      setting.signal.throwIfAborted();
      const began = performance.now();
      const child = spawn(process.execPath, words, {
        env: { ...plainEnvironment(), ...env },
        stdio: "ignore",
      });
      const [code] = (await once(child, "exit")) as [number | null];
      if (code !== 0) throw new Error(`${name} ended with ${code ?? "a signal"}`);
      if (turn > 0) runs.push(performance.now() - began);
    }
  }
  return programs.map(({ name, runs }) => ({ name, runs }));
}

/** A way of bringing the database back, and its runs. */
export interface RestoreResult {
  readonly id: string;
  readonly name: string;
  readonly how: string;
  readonly runs: Cost[];
}

const TARGET = "bench_restored";

/** Restores the database again and again into an empty one, every way in turn. */
export async function restoreSeries(
  setting: Setting,
  database: string,
  rounds: number,
  say: (text: string) => void,
): Promise<RestoreResult[]> {
  await using arena = await openArena(setting, database);
  say("making the backups to restore from");
  const common = {
    folder: arena.folder,
    server: setting.server,
    store: arena.azurite.pid,
    signal: setting.signal,
  };
  const take = async (script: string): Promise<string> =>
    (await measure({ ...common, script, env: arena.env })).stdout;
  await take("pg_dump -f bench.sql\npg_dump -Fc -f bench.dump");
  const backup = async (proof: string): Promise<string> =>
    (
      JSON.parse(
        await take(
          `"$NODE" "$HOLDFAST" backup --source ${proof} --recipients ${setting.recipient} --proof ` +
            `${proof} --json`,
        ),
      ) as { id: string }
    ).id;
  const ways = restorers(await backup("none"), await backup("content"));
  const kept = bytesBelow(arena.folder);
  const env = {
    ...arena.env,
    PGDATABASE: TARGET,
    HOLDFAST_TARGET: setting.postgres.url("postgres", "", TARGET),
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ways) {
      const cost = await undisturbed(
        async () => {
          await emptyTarget(setting);
          return (await measure({ ...common, script: way.script, env })).cost;
        },
        setting.signal,
        say,
      );
      way.runs.push({ ...cost, disk: Math.max(0, cost.disk - kept) });
      say(`round ${round + 1}: ${way.name} ${cost.wall.toFixed(1)} s`);
    }
  }
  await setting.postgres.sql("postgres", `DROP DATABASE IF EXISTS ${TARGET}`);
  return ways.map(({ id, name, how, runs }) => ({ id, name, how, runs }));
}

function restorers(plain: string, proved: string): (RestoreResult & { readonly script: string })[] {
  // A restore that has nothing to be compared with says so by exit code 3.
  const holdfast = (id: string, jobs: number): string =>
    `"$NODE" "$HOLDFAST" restore --backup ${id} --jobs ${jobs} --json > /dev/null || test $? ` +
    `-eq ${id === plain ? 3 : 0}`;
  return [
    {
      id: "psql",
      name: "psql < dump.sql",
      how: "psql -f bench.sql, from a local file",
      script: "psql -X -q -v ON_ERROR_STOP=1 -f bench.sql > /dev/null",
      runs: [],
    },
    {
      id: "pg_restore",
      name: "pg_restore",
      how: "pg_restore, from a local file",
      script: "pg_restore -d $PGDATABASE bench.dump",
      runs: [],
    },
    {
      id: "pg_restore-2",
      name: "pg_restore -j 2",
      how: "pg_restore -j 2, from a local file",
      script: "pg_restore -j 2 -d $PGDATABASE bench.dump",
      runs: [],
    },
    {
      id: "holdfast-1",
      name: "Holdfast, streamed",
      how: "holdfast restore --jobs 1, from the store; nothing to compare with",
      script: holdfast(plain, 1),
      runs: [],
    },
    {
      id: "holdfast-2",
      name: "Holdfast, parallel",
      how: "holdfast restore --jobs 2, from the store; nothing to compare with",
      script: holdfast(plain, 2),
      runs: [],
    },
    {
      id: "holdfast-proof",
      name: "Holdfast, parallel and proved",
      how: "holdfast restore --jobs 2, from the store, every row compared afterwards",
      script: holdfast(proved, 2),
      runs: [],
    },
    {
      id: "holdfast-validate",
      name: "Holdfast, validate",
      how: "holdfast validate --depth restored, into a server of its own, every row compared",
      script:
        `"$NODE" "$HOLDFAST" validate --source content --backup ${proved} --depth restored --json ` +
        "> /dev/null",
      runs: [],
    },
  ];
}

async function emptyTarget({ postgres }: Setting): Promise<void> {
  await postgres.sql("postgres", `DROP DATABASE IF EXISTS ${TARGET}`);
  await postgres.sql("postgres", `CREATE DATABASE ${TARGET} TEMPLATE template0`);
  await postgres.sql("postgres", "CHECKPOINT");
}
