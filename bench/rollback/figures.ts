import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openFileStore } from "../../src/adapters/file-store/file-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { runPlanned } from "../../src/nouns/runbook/run-planned.ts";
import type { Runbook } from "../../src/nouns/runbook/runbook.ts";
import { Holdfast } from "../../scripts/demo/holdfast.ts";
import { startPrivateSandbox } from "../../scripts/demo/private-sandbox.ts";
import { expectExit } from "../../scripts/demo/promise.ts";
import { BAD, commitRelease, DATABASE, GOOD, openTickets, PROJECT } from "../../scripts/demo/tickets.ts";
import type { Goal } from "../results.ts";
import type { Setting } from "../setting.ts";

/** What taking a release back takes, where the services answer at once. */
export interface RollbackFigures {
  /**
   * Seconds of the wall of `rollback` of app, database and functions, the middle of three runs, not watched.
   *
   */
  readonly seconds: number;
  /** Milliseconds that the runbook's engine adds to a step that does nothing, journal on a file store. */
  readonly stepMs: number;
}

const RUNS = 3;
const STEPS = 200;

/** A release with its migration and its functions, taken back as often as it is measured. */
export async function rollbackFigures(
  { folder, postgres, signal }: Setting,
  say: (text: string) => void,
): Promise<RollbackFigures> {
  const repository = join(folder, "rollback-bench");
  const store = join(folder, "rollback-store");
  for (const each of [repository, store]) mkdirSync(each);
  openTickets(repository);
  await using sandbox = await startPrivateSandbox(repository, signal, "1ms");
  await postgres.sql("postgres", `CREATE DATABASE ${DATABASE}`);
  const holdfast = new Holdfast(
    {
      ...sandbox.env,
      HOLDFAST_STORE: pathToFileURL(store).href,
      HOLDFAST_DATABASE: postgres.url("postgres", "", DATABASE),
      HOLDFAST_PG_BIN: postgres.tools.binDir,
      SUPABASE_ACCESS_TOKEN: "bench",
    },
    repository,
    signal,
  );
  const hasFunctions = sandbox.call !== undefined;
  const run = async (...words: string[]): Promise<number> =>
    expectExit(await holdfast.run(words), 0, words[0]!).ms;
  const given = { hasFunctions, soak: "0s" };
  const bring = async (release: typeof GOOD): Promise<void> => {
    for (const words of commitRelease(repository, release, given)) await run(...words);
  };
  await bring(GOOD);
  const times: number[] = [];
  for (let at = 0; at < RUNS; at += 1) {
    await bring({ ...BAD, version: `1.3.${at}` });
    const along = hasFunctions ? ["--project", PROJECT] : [];
    const words = [
      "--schema",
      "migrations",
      "--confirm",
      DATABASE,
      "--allow-unencrypted",
      "--reason",
      "bench",
    ];
    times.push(await run("rollback", ...along, ...words));
  }
  const seconds = times.sort((a, b) => a - b)[Math.floor(RUNS / 2)]! / 1000;
  const stepMs = await engine(folder, signal);
  say(
    `rollback of app, database and functions: ${seconds.toFixed(1)} s; the engine: ${stepMs.toFixed(1)} ` +
      `ms a step`,
  );
  return { seconds, stepMs };
}

/** Milliseconds for each of many steps that are made true at once. */
async function engine(folder: string, cancelled: AbortSignal): Promise<number> {
  const place = join(folder, "engine-store");
  mkdirSync(place);
  const store = openFileStore(pathToFileURL(place).href, {
    random: systemRandom,
    limits: { silenceMs: 120_000 },
  });
  const began = performance.now();
  const come = await runPlanned(
    { runbook: idleSteps(), isIdle: () => false },
    { planHash: undefined, resume: undefined, dryRun: false },
    { id: "20260101T000000Z-000000", store, cancelled, redact: (text) => text },
    {
      clock: systemClock,
      random: systemRandom,
      log: {
        stage: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        debug: () => undefined,
        progress: () => ({ add: () => undefined, done: () => undefined }),
      },
      run: { kind: "cli", id: "bench", url: null, commit: null, actor: "bench" },
    },
  );
  if (come.kind !== "ran" || come.ran.outcome !== "done") throw new Error("the engine did not end well");
  return (performance.now() - began) / STEPS;
}

function idleSteps(): Runbook {
  const done = new Set<number>();
  return {
    name: "bench",
    target: "nothing",
    inputs: {},
    stages: Array.from({ length: STEPS }, (_, at) => [
      {
        id: `step-${at}`,
        title: `step ${at}`,
        component: "bench",
        isRepeatable: true,
        timeoutMs: 60_000,
        retry: { attempts: 1, pauseMs: 0, mayHelp: () => false },
        onFailure: "stop",
        observe: () => Promise.resolve({ kind: done.has(at) ? "true" : "missing", what: `step ${at}` }),
        act: () => Promise.resolve(void done.add(at)),
        undo: "not-needed",
      },
    ]),
  };
}

/** What was promised. */
export function rollbackGoals(figures: RollbackFigures | undefined): Goal[] {
  if (figures === undefined) return [];
  const { seconds, stepMs } = figures;
  return [
    {
      text: "rollback of app, database and functions, with services that answer at once, in at most 10 s",
      measured: `${seconds.toFixed(1)} s`,
      met: seconds <= 10,
    },
    {
      text: "the runbook's engine adds at most 20 ms to a step, on a file store",
      measured: `${stepMs.toFixed(1)} ms`,
      met: stepMs <= 20,
    },
  ];
}
