/**
 * npm run bench: backups of the same generated database by Holdfast and by others, side by side and
 * interleaved, on an emulated Azure store; then restores, memory at several sizes, and cold starts. Nothing
 * here is a test: numbers are for people. See `--help`.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { startPrivatePostgres } from "../scripts/demo/private-postgres.ts";
import { chart } from "./chart.ts";
import { contestants, runContestant, type BackupRun } from "./contestants.ts";
import { generateDatabase } from "./database.ts";
import { undisturbed } from "./quiet.ts";
import { migrationFigures } from "./migrations/figures.ts";
import { policyFigures } from "./policy/figures.ts";
import { rollbackFigures } from "./rollback/figures.ts";
import { functionsFigures } from "./functions/figures.ts";
import { releaseFigures } from "./release/figures.ts";
import { parseOptions, USAGE, wants, wantsContestant, type Options } from "./options.ts";
import { CAN_MEASURE } from "./processes.ts";
import { excerpt, markdown, sheets, sheetText } from "./report.ts";
import { goals, type Contest, type Results } from "./results.ts";
import { coldStarts, memorySeries, restoreSeries } from "./series.ts";
import { makeSetting, type Setting } from "./setting.ts";

const DATABASE = "bench";
const BIG_MB = 7000;
const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function backups(options: Options, setting: Setting): Promise<Contest<BackupRun>[]> {
  const chosen = contestants(setting).filter((one) => wantsContestant(options, one.id));
  const found = chosen.map((contestant) => ({
    contestant,
    runs: [] as BackupRun[],
    notes: new Set<string>(),
  }));
  for (let round = 0; round < options.rounds; round += 1) {
    // Another one begins in every round, so that nobody always follows the same neighbour's leavings.
    for (const place of found.keys()) {
      const { contestant, runs, notes } = found[(place + round) % found.length]!;
      const { note, ...run } = await undisturbed(
        () => runContestant(contestant, setting, DATABASE),
        setting.signal,
        say,
      );
      runs.push(run);
      if (note !== undefined) notes.add(note);
      say(`round ${round + 1}: ${contestant.name} ${run.wall.toFixed(1)} s`);
    }
  }
  return found.map(({ contestant: { id, name, how }, runs, notes }) => ({
    id,
    name,
    how,
    notes: [...notes],
    runs,
  }));
}

function versions(setting: Setting): Record<string, string> {
  const openssl = /OpenSSL ([\d.]+\w*)/.exec(
    spawnSync("openssl", ["version"], { encoding: "utf8" }).stdout ?? "",
  )?.[1];
  return {
    Node: process.versions.node,
    PostgreSQL: setting.postgres.tools.version,
    ...(setting.restic === undefined ? {} : { restic: setting.restic }),
    ...(openssl === undefined ? {} : { OpenSSL: openssl }),
  };
}

/**
 * @param keep hears of results worth keeping: all of them, and before that all but the long series of `--big`
 */
async function bench(options: Options, signal: AbortSignal, keep: (results: Results) => void): Promise<void> {
  await using postgres = await startPrivatePostgres(process.env);
  using setting = await makeSetting(postgres, signal);
  say(`generating ${options.mb} MB`);
  const needsDatabase = wants(options, "backup") || wants(options, "restore") || wants(options, "memory");
  if (needsDatabase) await generateDatabase(postgres, DATABASE, options.mb);
  const [size] = needsDatabase
    ? await postgres.sql(DATABASE, "SELECT pg_database_size(current_database())::bigint AS bytes")
    : [];
  // Once for nothing: from here on the database lies in the operating system's cache, for everybody.
  const [floor] = contestants(setting);
  if (needsDatabase && floor !== undefined) await runContestant(floor, setting, DATABASE);
  const existing = { name: DATABASE, megabytes: options.mb };
  const cold = wants(options, "cold") ? await coldStarts(setting) : [];
  const backup = wants(options, "backup") ? await backups(options, setting) : [];
  const restore = wants(options, "restore")
    ? (await restoreSeries(setting, DATABASE, options.rounds, say)).map((one) => ({ ...one, notes: [] }))
    : [];
  const memory = wants(options, "memory")
    ? await memorySeries(setting, [...new Set([70, options.mb])], existing, say)
    : [];
  const migrations = wants(options, "migrations") ? await migrationFigures(setting, say) : undefined;
  const policy = wants(options, "policy") ? await policyFigures(setting, say) : undefined;
  const release = wants(options, "release") ? await releaseFigures(setting, say) : undefined;
  const functions = wants(options, "functions") ? await functionsFigures(setting, say) : undefined;
  const rollback = wants(options, "rollback") ? await rollbackFigures(setting, say) : undefined;
  const measured = {
    format: "holdfast.benchmark/1" as const,
    madeAt: new Date().toISOString(),
    machine: {
      cpus: cpus().length,
      memoryBytes: totalmem(),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: versions(setting),
    database: { megabytes: options.mb, bytesOnDisk: Number(size?.["bytes"] ?? 0) },
    rounds: options.rounds,
    backup,
    restore,
    memory,
    coldStart: cold,
    ...(migrations === undefined ? {} : { migrations }),
    ...(policy === undefined ? {} : { policy }),
    ...(release === undefined ? {} : { release }),
    ...(functions === undefined ? {} : { functions }),
    ...(rollback === undefined ? {} : { rollback }),
  };
  keep({ ...measured, goals: goals(measured) });
  if (!options.big) return;
  const withBig = {
    ...measured,
    memory: [...memory, ...(await memorySeries(setting, [BIG_MB], existing, say))],
  };
  keep({ ...withBig, goals: goals(withBig) });
}

function write(results: Results): void {
  const path = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);
  writeFileSync(path("benchmark.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(path("benchmark.md"), markdown(results));
  writeFileSync(path("benchmark.svg"), chart(results));
  const readme = new URL("../README.md", import.meta.url);
  const text = readFileSync(readme, "utf8");
  // A function, because a `$` in the replacement text would mean something.
  writeFileSync(
    readme,
    text.replace(
      /(<!-- benchmark -->\n)[^]*(<!-- \/benchmark -->)/,
      (_, begin: string, end: string) => `${begin}${excerpt(results)}${end}`,
    ),
  );
  say("wrote docs/benchmark.json, docs/benchmark.md, docs/benchmark.svg and the README's table");
}

async function main(args: readonly string[]): Promise<void> {
  let options: Options | "help";
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options === "help") {
    process.stdout.write(USAGE);
    return;
  }
  if (!CAN_MEASURE) {
    process.stderr.write(
      "The benchmark reads CPU and memory from /proc, which only Linux has; run it in a container.\n",
    );
    process.exitCode = 4;
    return;
  }
  const cancelling = new AbortController();
  for (const [signal, code] of [
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.on(signal, () => {
      process.exitCode = code;
      cancelling.abort(new Error(`stopped by ${signal}`));
    });
  }
  try {
    await bench(options, cancelling.signal, (results) => {
      for (const sheet of sheets(results)) process.stdout.write(sheetText(sheet));
      if (options.write) write(results);
    });
  } catch (error) {
    if (!cancelling.signal.aborted) throw error;
    say(String(cancelling.signal.reason));
  }
}

await main(process.argv.slice(2));
