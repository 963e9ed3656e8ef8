import { strict as assert } from "node:assert";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { run, runOk, type Finished } from "../../test/support/tools.ts";
import { withoutQueue } from "../without-queue.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = join(root, "scripts/act");

/** `needs` of a caller's report job: result and outputs of each called workflow. */
export type Needs = Readonly<
  Record<string, { readonly result: string; readonly outputs: Readonly<Record<string, string>> }>
>;

/** A user's repository, and a runner for its workflows. */
export interface Trial {
  readonly act: string;
  /** Holds the repository (`caller/`), the actions that it names, and the runner's home. */
  readonly folder: string;
  /** By name; they travel by environment. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** What is in the repository of a {@link Trial}. */
export interface Laid {
  /** Shipped workflows that it has. */
  readonly shipped: readonly string[];
  /** Its own workflow, of this folder, that calls them; without one they are started themselves. */
  readonly caller?: string;
  /** Other files, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Lays a repository out, and the actions that its workflows name as `truststream/holdfast@…`. */
export async function layOut(folder: string, { shipped, caller, files = {} }: Laid): Promise<void> {
  const repository = join(folder, "caller");
  const workflows = join(repository, ".github/workflows");
  mkdirSync(workflows, { recursive: true });
  for (const name of shipped) {
    writeFileSync(
      join(workflows, name),
      withoutQueue(readFileSync(join(root, ".github/workflows", name), "utf8")),
    );
  }
  if (caller !== undefined) cpSync(join(here, caller), join(workflows, "caller.yml"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    // One of a workflow's kind may be ours, changed for the trial.
    writeFileSync(join(repository, path), path.startsWith(".github/workflows/") ? withoutQueue(text) : text);
  }
  for (const name of ["action.yml", "actions", "dist"]) {
    cpSync(join(root, name), join(folder, "holdfast", name), { recursive: true });
  }
  mkdirSync(join(folder, "home"));
  const git = (...words: string[]): Promise<string> =>
    runOk("git", ["-c", "user.name=caller", "-c", "user.email=caller@example.com", ...words], {
      cwd: repository,
    });
  await git("init", "--quiet");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "caller");
}

/**
 * The exact references of the workflow files, mapped to local folders; with a server, our own are fetched
 * from there.
 */
function localRepositories(folder: string, workflow: string, server: string | undefined): string[] {
  const workflows = join(folder, "caller/.github/workflows");
  const text = [...new Set([workflow, ...calledBy(join(workflows, workflow))])]
    .map((name) => readFileSync(join(workflows, name), "utf8"))
    .flatMap((each) => [each, ...calledRemotely(each)])
    .join("\n");
  const third = [
    ...text.matchAll(/uses: ([\w-]+\/(checkout|upload-artifact|download-artifact)@[0-9a-f]{40})/g),
  ].map(([, uses, name]) => {
    const address = server === undefined ? uses! : `${server}/${uses!}`;
    return `${address}=${join(here, "stand-ins", name!)}`;
  });
  const own = [...text.matchAll(/uses: truststream\/holdfast\/[\w./-]+@(v[\w.+-]+)/g)].map(
    ([, reference]) => `truststream/holdfast@${reference!}=${join(folder, "holdfast")}`,
  );
  const mapped = [...new Set([...(server === undefined ? own : []), ...third])];
  return mapped.flatMap((each) => ["--local-repository", each]);
}

function calledBy(path: string): string[] {
  return [...readFileSync(path, "utf8").matchAll(/uses: \.\/\.github\/workflows\/(\S+)/g)].map(
    ([, name]) => name!,
  );
}

/** Our workflows that a workflow calls as another repository's. */
function calledRemotely(text: string): string[] {
  return [...text.matchAll(/uses: truststream\/holdfast\/(\.github\/workflows\/[\w-]+\.yml)@/g)].map(
    ([, path]) => readFileSync(join(root, path!), "utf8"),
  );
}

/** A run that has ended; `needs` only where a job of it reports them. */
export type Ran = Finished & { readonly needs: Needs | undefined };

/** How a run is started. */
export interface Start {
  readonly inputs?: Readonly<Record<string, string>>;
  /** Default: all of the trial's. */
  readonly secrets?: Trial["secrets"];
  /** What has happened; by default somebody starts it by hand. */
  readonly event?: { readonly name: string; readonly payload: object };
  /** Variables of the repository. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Added to what every step is given. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where repositories are fetched from, instead of folders that stand for them: a URL. */
  readonly server?: string;
  /** What happens while the job `apply` waits for an approval. */
  readonly whileItWaits?: () => Promise<unknown>;
}

/** Starts one workflow, by hand or by an event. */
export async function dispatch(
  { act, folder, secrets: all }: Trial,
  workflow: string,
  { inputs = {}, secrets = all, event, variables = {}, env: given = {}, server, whileItWaits }: Start = {},
): Promise<Ran> {
  const reportPath = join(folder, "report.json");
  const gate = join(folder, "approval");
  writeFileSync(reportPath, "");
  const eventPath = join(folder, "event.json");
  writeFileSync(eventPath, JSON.stringify(event?.payload ?? {}));
  const words = [
    event?.name ?? "workflow_dispatch",
    ...(event === undefined ? [] : ["--eventpath", eventPath]),
    ...Object.entries(given).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    "--workflows",
    `.github/workflows/${workflow}`,
    "--platform",
    "ubuntu-latest=-self-hosted",
    "--no-skip-checkout",
    ...Object.entries(inputs).flatMap(([name, value]) => ["--input", `${name}=${value}`]),
    ...Object.entries({ ...variables, REPORT_PATH: reportPath }).flatMap(([name, value]) => [
      "--var",
      `${name}=${value}`,
    ]),
    "--env",
    `CALLER_REPOSITORY=${join(folder, "caller")}`,
    "--env",
    `APPROVAL_GATE=${gate}`,
    "--env",
    `ARTIFACTS=${join(folder, "artifacts")}`,
    ...Object.keys(secrets).flatMap((name) => ["--secret", name]),
    ...(server === undefined ? [] : ["--env", `GITHUB_SERVER_URL=${server}`]),
    ...localRepositories(folder, workflow, server),
  ];
  const { PATH, HOLDFAST_PG_BIN } = process.env;
  const pgBin = HOLDFAST_PG_BIN === undefined ? {} : { HOLDFAST_PG_BIN };
  // A home of its own: neither the user's act settings nor cache are read or written. The runner's node is
  // the project's.
  const env = {
    PATH: `${dirname(process.execPath)}:${PATH ?? ""}`,
    HOME: join(folder, "home"),
    ...pgBin,
    ...secrets,
  };
  rmSync(gate, { force: true });
  if (whileItWaits !== undefined) writeFileSync(gate, "");
  const running = run(act, words, { cwd: join(folder, "caller"), env, timeoutMs: 480_000 });
  if (whileItWaits !== undefined) await approve(gate, running, whileItWaits);
  const finished = await running;
  const report = readFileSync(reportPath, "utf8");
  return { ...finished, needs: report === "" ? undefined : (JSON.parse(report) as Needs) };
}

/** The job takes the file away when it waits, and goes on when it is there again. */
async function approve(
  gate: string,
  running: Promise<Finished>,
  whileItWaits: () => Promise<unknown>,
): Promise<void> {
  const ended = running.then(() => true);
  while (existsSync(gate)) {
    if (await Promise.race([ended, setTimeout(50, false)])) {
      throw new Error(`no job has waited for an approval:\n${(await running).stdout}`);
    }
  }
  await whileItWaits();
  writeFileSync(gate, "");
}

/** None of these is in what the runner wrote. */
export function noSecrets(secrets: readonly string[], { stdout, stderr }: Finished): void {
  for (const secret of secrets) {
    assert(!(stdout + stderr).includes(secret), "a secret is in the runner's log");
  }
}

/** Shows the runner's log when an assertion about it fails. */
export async function telling<T>(ran: Finished, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    process.stdout.write(`${ran.stdout}\n${ran.stderr}\n`);
    throw error;
  }
}

/** One thing that was seen to be so. */
export function ok(what: string): void {
  process.stdout.write(`ok     ${what}\n`);
}

/** A trial whose workflows speak with GitHub's API, which is played at an address. */
export interface TrialAtGithub extends Trial {
  readonly api: string;
}

/** Starts one workflow there, and looks at what came of it; no secret may be in what it prints. */
export async function see(
  trial: TrialAtGithub,
  workflow: string,
  start: Start,
  check: (ran: Ran) => Promise<void> | void,
): Promise<void> {
  const env = { ...start.env, GITHUB_API_URL: trial.api };
  const ran = await dispatch(trial, workflow, { ...start, env });
  await telling(ran, async () => {
    noSecrets(Object.values(trial.secrets), ran);
    await check(ran);
  });
}
