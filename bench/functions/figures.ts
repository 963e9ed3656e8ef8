import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { FakeSupabase, PROJECT } from "../../test/support/supabase/fake-functions.ts";
import { CLI, plainEnvironment } from "../../scripts/demo/holdfast.ts";
import { measure } from "../measure.ts";
import type { Goal } from "../results.ts";
import { runGit } from "../run-git.ts";
import type { Setting } from "../setting.ts";

/** What planning and deploying a large set of edge functions takes, without any latency of a host. */
export interface FunctionsFigures {
  /** Seconds of the wall of `functions deploy --dry-run`, the middle of three runs. */
  readonly planSeconds: number;
  /** The same of one whole deployment of all of them: kept, uploaded, activated, called. */
  readonly deploySeconds: number;
  /** Most bytes resident at once in the command and the git that it starts. */
  readonly peakBytes: number;
}

const FUNCTIONS = 130;
const RUNS = 3;

/** 130 functions of some files each, deployed once, all of which have changed since. */
export async function functionsFigures(
  { folder, server, signal }: Setting,
  say: (text: string) => void,
): Promise<FunctionsFigures> {
  const root = join(folder, "functions-bench");
  mkdirSync(root, { recursive: true });
  await runGit(root, "init", "-q", "-b", "main");
  await using fake = await FakeSupabase.start();
  const store = pathToFileURL(join(folder, "functions-store"));
  mkdirSync(store, { recursive: true });
  const env = {
    ...plainEnvironment(),
    HOLDFAST_SUPABASE_API: fake.api,
    HOLDFAST_SUPABASE_FUNCTIONS: fake.functions,
    SUPABASE_ACCESS_TOKEN: `sbp_${"0123456789abcdef".repeat(2)}01234567`,
  };
  const timed = async (words: string): Promise<readonly [number, number]> => {
    const { cost } = await measure({
      script:
        `"${process.execPath}" "${CLI}" functions deploy --project ${PROJECT} --store "${store.href}" ` +
        `${words} --json > /dev/null`,
      env,
      folder: root,
      server,
      store: undefined,
      signal,
    });
    return [cost.wall, cost.peakTree];
  };
  await commit(root, "1.0.0");
  await timed("");
  await commit(root, "1.1.0");
  const plans = [];
  for (let run = 0; run < RUNS; run += 1) plans.push(await timed("--dry-run"));
  const [deploySeconds, peakBytes] = await timed("");
  const live = fake.shelf.list();
  if (live.length !== FUNCTIONS || live.some(({ version }) => version !== 2)) {
    throw new Error(
      `${live.filter(({ version }) => version === 2).length} of ${FUNCTIONS} were deployed twice`,
    );
  }
  if (fake.wrong.length > 0) throw new Error(fake.wrong.join("\n"));
  const planSeconds = plans.map(([wall]) => wall).sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
  say(
    `functions deploy of ${FUNCTIONS} functions: planned in ${planSeconds.toFixed(2)} s, done in ` +
      `${deploySeconds.toFixed(1)} s, ${(peakBytes / 1e6).toFixed(0)} MB`,
  );
  return { planSeconds, deploySeconds, peakBytes };
}

async function commit(root: string, version: string): Promise<void> {
  const functions: Record<string, unknown> = {};
  const files: Record<string, string> = { "_shared/cors.ts": "export const cors = {};\n" };
  for (let at = 0; at < FUNCTIONS; at += 1) {
    const name = `function-${at}`;
    const dependencies = at < 10 ? [] : [`function-${at % 10}@^${version}`];
    functions[name] = { version, dependencies, verify_jwt: false, smoke: { contains: version } };
    files[`${name}/index.ts`] = `// ${version}\n${"export const row = 1;\n".repeat(200)}`;
    files[`${name}/deno.json`] = "{}\n";
  }
  files["function-manifest.json"] = JSON.stringify({ functions }, null, 2);
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, "supabase/functions", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  await runGit(root, "add", "-A");
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
  await runGit(root, ...identity, "commit", "-q", "-m", version);
}

/** What was promised. */
export function functionsGoals(figures: FunctionsFigures | undefined): Goal[] {
  if (figures === undefined) return [];
  const { planSeconds } = figures;
  return [
    {
      text: `functions deploy of ${FUNCTIONS} functions planned in at most 1 s`,
      measured: `${planSeconds.toFixed(2)} s`,
      met: planSeconds <= 1,
    },
  ];
}
