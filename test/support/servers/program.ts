import { run } from "../tools.ts";

/** Longest any one call of a registry's client may take: 40 MB over a slow line. */
const LIMIT_MS = 180_000;

const UNREACHABLE = /connection (broken|refused|error)|name resolution|timed out|ENOTFOUND|EAI_AGAIN/i;

/**
 * Runs a program of a registry or an unpacker; throws with the last thing it said unless it exits 0.
 * Returns its stdout.
 */
export async function runProgram(program: string, words: readonly string[], cwd?: string): Promise<string> {
  const finished = await run(program, words, {
    timeoutMs: LIMIT_MS,
    ...(cwd === undefined ? {} : { cwd }),
  }).catch((error: unknown) => {
    throw new Error(
      (error as { code?: string }).code === "ENOENT"
        ? `the program ${program} is not installed`
        : String(error),
    );
  });
  if (finished.code === 0) return finished.stdout;
  const lines = `${finished.stdout}\n${finished.stderr}`
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  // Clients end with advice and with where their log lies, or say "no such version" after they could
  // not ask anybody.
  const said =
    lines.find((line) => UNREACHABLE.test(line)) ??
    lines.findLast(
      (line) => /^(E|ERROR|npm error|error)\b/i.test(line) && !/complete log|log file/i.test(line),
    );
  const why =
    finished.signal === "SIGKILL" ? `did not end in ${LIMIT_MS / 1000} s` : `ended with ${finished.code}`;
  throw new Error(
    `${program} ${words[0] ?? ""} ${why}: ${(said ?? lines.at(-1) ?? "it said nothing").slice(0, 300)}`,
  );
}
