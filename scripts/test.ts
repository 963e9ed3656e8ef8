/**
 * npm test [-- jest arguments]: the whole suite, or the paths and titles given; with --fast, which is `npm
 * run test:fast`, only those of test/fast-files.ts. Fetches the PostgreSQL servers that the tests pin, if
 * they are not in the cache. Prints Jest's own report, which servers were run, a NOT RUN line for each that
 * could not be had and for real projects that it was not pointed at, the slowest files of a long run, what
 * was left for the scheduled run of cases that take turns and of the long sweeps (nothing with
 * HOLDFAST_TEST_THOROUGH=1), and as its last line `N passed, N failed`, read from Jest's result file. No
 * tests at all is a failure.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { FAST_FILES, SLOW_FILES } from "../test/fast-files.ts";
import { notFast } from "../test/support/fast/not-fast.ts";
import { liveRun } from "../test/support/live-supabase.ts";
import { memoryFolder } from "../test/support/memory-folder.ts";
import { CASES, SEED, THOROUGH } from "../test/support/sampling.ts";
import { obtainServers } from "../test/support/servers/servers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const resultPath = join(root, ".cache", `jest-${process.pid}.json`);
/** A line for each cluster that the tests start: the version of its server. */
const startedPath = join(root, ".cache", `started-${process.pid}.txt`);

/** A line for each sweep that visited a part of its places only. */
const sampledPath = join(root, ".cache", `sampled-${process.pid}.txt`);

/** A line for each test file of which no test started a program or opened a connection. */
const stayedPath = join(root, ".cache", `stayed-${process.pid}.txt`);

/** A test that spins without end is beyond Jest's own time-outs; the whole suite takes a fraction of this. */
const LIMIT_MINUTES = THOROUGH ? 150 : 75;

/**
 * Workers, which are started with the same words, keep the young part of their heap smaller than Node would:
 * starting a program copies the page tables of whoever starts it, and most tests start many. Smaller still,
 * or with `--optimize-for-size`, collecting garbage takes more time than that saves: twice all the rest where
 * a test reads much text.
 */
const SMALL = ["--max-semi-space-size=8"];

/** Where the time goes is told of a run of at least so many files, by so many of them. */
const MANY_FILES = 100;
const SLOWEST = 30;

/**
 * Whose turn it is: the number of commits, so that changes after one another visit different cases. Undefined
 * where no history tells it.
 */
function turn(): string | undefined {
  const asked = (process.env["HOLDFAST_TEST_TURN"] ?? "").trim();
  if (asked !== "") return asked;
  const { status, stdout } = spawnSync("git", ["rev-list", "--count", "HEAD"], { cwd: root });
  return status === 0 ? String(stdout).trim() : undefined;
}

/** Who names files or titles wants all that is in them, unless they name the turn too. */
function isNamed(words: readonly string[]): boolean {
  const isTurnNamed = (process.env["HOLDFAST_TEST_TURN"] ?? "").trim() !== "";
  return !isTurnNamed && words.some((word) => !word.startsWith("--"));
}

/** The part of Jest's result file that is read here. */
interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numRuntimeErrorTestSuites: number;
  /** The test files that were chosen. */
  readonly testResults: readonly {
    readonly name: string;
    /** Both in milliseconds since 1970. */
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function jest(args: readonly string[], temporary: Readonly<Record<string, string>>): Promise<number> {
  const words = [
    // Jest's ES module support stands on node:vm modules, which still want this flag.
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    ...SMALL,
    join(root, "node_modules/jest/bin/jest.js"),
    `--rootDir=${root}`,
    "--json",
    `--outputFile=${resultPath}`,
    ...args,
  ];
  return new Promise((resolve, reject) => {
    // The JSON goes to the file; what Jest prints on stdout with --json is only the same again.
    const env = {
      ...process.env,
      ...temporary,
      HOLDFAST_TEST_COUNTS: "",
      HOLDFAST_TEST_STARTED: startedPath,
      HOLDFAST_TEST_SAMPLED: sampledPath,
      HOLDFAST_TEST_STAYED: stayedPath,
      HOLDFAST_TEST_TURN: taken ?? "",
      HOLDFAST_TEST_EVERY_CASE: named ? "1" : "",
    };
    const child = spawn(process.execPath, words, { cwd: root, stdio: ["inherit", "ignore", "inherit"], env });
    const limit = setTimeout(() => {
      process.stderr.write(
        `the tests did not end in ${LIMIT_MINUTES} minutes: stopped; the file without PASS or FAIL above ` +
          "is the one that hangs\n",
      );
      child.kill("SIGKILL");
    }, LIMIT_MINUTES * 60_000);
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(limit);
      resolve(code ?? 1);
    });
  });
}

function count(): JestResult | undefined {
  try {
    return JSON.parse(readFileSync(resultPath, "utf8")) as JestResult;
  } catch {
    return undefined;
  } finally {
    rmSync(resultPath, { force: true });
  }
}

/** Test files of the whole project whose tests were all run, and none of which ever left its process. */
function stayed({ testResults }: JestResult): string[] {
  const complete = testResults.filter(
    ({ assertionResults: tests }) => tests.length > 0 && tests.every(({ status }) => status === "passed"),
  );
  const names = new Set(complete.map(({ name }) => name));
  const paths = linesOf(stayedPath)
    .filter((name) => names.has(name))
    .map((name) => relative(root, name));
  return paths.filter((path) => !SLOW_FILES.includes(path));
}

/** Where the time went: the files that took longest, and the share of all that they are. */
function slowest({ testResults }: JestResult): string[] {
  if (testResults.length < MANY_FILES) return [];
  const seconds = testResults
    .map(({ name, startTime, endTime }) => ({ name, took: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.took - a.took);
  const sum = (files: typeof seconds): number => files.reduce((total, { took }) => total + took, 0);
  const first = seconds.slice(0, SLOWEST);
  const share = Math.round((100 * sum(first)) / sum(seconds));
  return [
    `SLOWEST ${first.length} of ${seconds.length} files, ${share} % of ${Math.round(sum(seconds))} s:`,
    ...first.map(({ name, took }) => `  ${took.toFixed(0).padStart(4)} s  ${relative(root, name)}`),
  ];
}

/** What was left for the scheduled run, and how to have the same again. */
function leftOut(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const cases = lines.filter((line) => line.startsWith(CASES)).map((line) => line.slice(CASES.length));
  const left = cases.reduce((sum, line) => {
    const [run, , all] = line.split(" ").slice(-3);
    return sum + Number(all) - Number(run);
  }, 0);
  return [
    `LEFT FOR THE SCHEDULED RUN: ${left} cases that take turns, and places of sweeps. This was turn ` +
      `${taken ?? "5"}, seed ${SEED}: HOLDFAST_TEST_TURN and HOLDFAST_TEST_SEED take others or the same, ` +
      "HOLDFAST_TEST_THOROUGH=1 all:",
    ...cases.map((line) => `  cases of ${line}`),
    ...lines.filter((line) => !line.startsWith(CASES)).map((line) => `  ${line}`),
  ];
}

/** What was noted in a file during the run, each line once, and sorted; the file goes. */
function linesOf(path: string): string[] {
  try {
    return [...new Set(readFileSync(path, "utf8").trimEnd().split("\n"))].sort((a, b) =>
      a.localeCompare(b, "en", { numeric: true }),
    );
  } catch {
    return [];
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * What of the suite for real projects is not run, where it was among the files; wrong variables fail the
 * suite itself.
 */
function notRunLive({ testResults }: JestResult): string[] {
  if (!testResults.some(({ name }) => name.endsWith("test/scenarios/live/supabase.test.ts"))) return [];
  try {
    const { notRun } = liveRun(process.env);
    return notRun === undefined ? [] : [notRun];
  } catch (error) {
    return [`a real Supabase project: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Tests that this machine, or this user, does not let run, with the reason that their titles give. */
function notRunHere({ testResults }: JestResult): string[] {
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ fullName, status }) => {
      const told = status === "pending" ? /^(.*) \(NOT RUN: ([\s\S]*)\)$/.exec(fullName) : null;
      return told === null ? [] : [`${told[1]!}: ${told[2]!}`];
    }),
  );
}

mkdirSync(join(root, ".cache"), { recursive: true });
const words = process.argv.slice(2);
// Their tests have no server, so none is looked for.
const isFast = words[0] === "--fast";
if (isFast) {
  const told = notFast(words.slice(1), FAST_FILES, root);
  for (const line of told) process.stderr.write(`${line}\n`);
  if (told.length > 0) process.exit(2);
}
const taken = turn();
const named = isNamed(isFast ? words.slice(1) : words);
// The name comes last, because Jest would take paths after it for further projects.
const args = isFast ? [...words.slice(1), "--selectProjects", "fast"] : words;
const missing: Iterable<readonly [string, string]> = isFast
  ? []
  : await obtainServers((text) => process.stderr.write(`${text}\n`));
const memory = isFast ? undefined : memoryFolder(process.env);
const code = await jest(args, memory === undefined ? {} : { TMPDIR: memory.path });
await memory?.[Symbol.asyncDispose]();
const result = count();
const versions = linesOf(startedPath);
const sweeps = linesOf(sampledPath);
if (result === undefined) {
  process.stderr.write("Jest ended without a result\n");
  process.exitCode = code === 0 ? 1 : code;
} else {
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = result;
  const misplaced = stayed(result);
  const none = numPassedTests + numFailedTests === 0;
  if (none) process.stderr.write("no test ran: that is a failure\n");
  if (numRuntimeErrorTestSuites > 0) {
    process.stdout.write(`${numRuntimeErrorTestSuites} test files could not be run\n`);
  }
  if (numPendingTests > 0) process.stdout.write(`${numPendingTests} skipped\n`);
  if (versions.length > 0) process.stdout.write(`PostgreSQL servers that were run: ${versions.join(", ")}\n`);
  for (const [version, reason] of missing) {
    process.stdout.write(`NOT RUN: PostgreSQL ${version}: ${reason}\n`);
  }
  for (const live of notRunLive(result)) process.stdout.write(`NOT RUN: ${live}\n`);
  for (const title of notRunHere(result)) process.stdout.write(`NOT RUN: ${title}\n`);
  for (const path of misplaced) {
    process.stdout.write(
      `NOT FAST: no test of ${path} left its process: put it on a list in test/fast-files.ts\n`,
    );
  }
  for (const line of slowest(result)) process.stdout.write(`${line}\n`);
  for (const line of leftOut(sweeps)) process.stdout.write(`${line}\n`);
  const counts = `${numPassedTests} passed, ${numFailedTests} failed\n`;
  // .ci/run keeps the counts for its own last line.
  const countsPath = process.env["HOLDFAST_TEST_COUNTS"] ?? "";
  if (countsPath === "") process.stdout.write(counts);
  else writeFileSync(countsPath, counts);
  process.exitCode =
    code === 0 && (none || numFailedTests > 0 || numRuntimeErrorTestSuites > 0 || misplaced.length > 0)
      ? 1
      : code;
}
