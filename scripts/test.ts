/**
 * npm test [-- jest arguments]: the whole suite, or the paths and titles given. Fetches the PostgreSQL servers that the tests pin, if they
 * are not in the cache. Prints Jest's own report, which servers were run, a NOT RUN line for each that could not be had and for real projects that it was not pointed at, and as its last
 * line `N passed, N failed`, read from Jest's result file. No tests at all is a failure.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { liveRun } from "../test/support/live-supabase.ts";
import { obtainServers } from "../test/support/servers/servers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const resultPath = join(root, ".cache", `jest-${process.pid}.json`);
/** A line for each cluster that the tests start: the version of its server. */
const startedPath = join(root, ".cache", `started-${process.pid}.txt`);

/** A test that spins without end is beyond Jest's own time-outs; the whole suite takes a fraction of this. */
const LIMIT_MINUTES = 60;

/** The part of Jest's result file that is read here. */
interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numRuntimeErrorTestSuites: number;
  /** The test files that were chosen. */
  readonly testResults: readonly { readonly name: string }[];
}

function jest(args: readonly string[]): Promise<number> {
  const words = [
    // Jest's ES module support stands on node:vm modules, which still want this flag.
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    join(root, "node_modules/jest/bin/jest.js"),
    `--rootDir=${root}`, "--json", `--outputFile=${resultPath}`, ...args,
  ];
  return new Promise((resolve, reject) => {
    // The JSON goes to the file; what Jest prints on stdout with --json is only the same again.
    const env = { ...process.env, HOLDFAST_TEST_COUNTS: "", HOLDFAST_TEST_STARTED: startedPath };
    const child = spawn(process.execPath, words, { cwd: root, stdio: ["inherit", "ignore", "inherit"], env });
    const limit = setTimeout(() => {
      process.stderr.write(`the tests did not end in ${LIMIT_MINUTES} minutes: stopped; the file without PASS or FAIL above is the one that hangs\n`);
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

/** Versions of PostgreSQL whose servers the tests started, oldest first. */
function started(): string[] {
  try {
    const versions = new Set(readFileSync(startedPath, "utf8").trimEnd().split("\n"));
    return [...versions].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  } catch {
    return [];
  } finally {
    rmSync(startedPath, { force: true });
  }
}

/** What of the suite for real projects is not run, where it was among the files; wrong variables fail the suite itself. */
function notRunLive({ testResults }: JestResult): string[] {
  if (!testResults.some(({ name }) => name.endsWith("test/scenarios/live/supabase.test.ts"))) return [];
  try {
    const { notRun } = liveRun(process.env);
    return notRun === undefined ? [] : [notRun];
  } catch (error) {
    return [`a real Supabase project: ${error instanceof Error ? error.message : String(error)}`];
  }
}

mkdirSync(join(root, ".cache"), { recursive: true });
const missing = await obtainServers((text) => process.stderr.write(`${text}\n`));
const code = await jest(process.argv.slice(2));
const result = count();
const versions = started();
if (result === undefined) {
  process.stderr.write("Jest ended without a result\n");
  process.exitCode = code === 0 ? 1 : code;
} else {
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = result;
  const none = numPassedTests + numFailedTests === 0;
  if (none) process.stderr.write("no test ran: that is a failure\n");
  if (numRuntimeErrorTestSuites > 0) process.stdout.write(`${numRuntimeErrorTestSuites} test files could not be run\n`);
  if (numPendingTests > 0) process.stdout.write(`${numPendingTests} skipped\n`);
  if (versions.length > 0) process.stdout.write(`PostgreSQL servers that were run: ${versions.join(", ")}\n`);
  for (const [version, reason] of missing) process.stdout.write(`NOT RUN: PostgreSQL ${version}: ${reason}\n`);
  for (const live of notRunLive(result)) process.stdout.write(`NOT RUN: ${live}\n`);
  const counts = `${numPassedTests} passed, ${numFailedTests} failed\n`;
  // .ci/run keeps the counts for its own last line.
  const countsPath = process.env["HOLDFAST_TEST_COUNTS"] ?? "";
  if (countsPath === "") process.stdout.write(counts);
  else writeFileSync(countsPath, counts);
  process.exitCode = code === 0 && (none || numFailedTests > 0 || numRuntimeErrorTestSuites > 0) ? 1 : code;
}
