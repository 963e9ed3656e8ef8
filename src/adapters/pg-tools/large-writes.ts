import { execFile } from "node:child_process";
import { join } from "node:path";
import type { ToolSet } from "../../ports/dump-tools.ts";
import { plainEnvironment, type BaseEnvironment } from "./environment.ts";

/** What is put before a program's command line. */
export type Prefix = readonly [program: string, ...args: string[]];

/**
 * Every 4 kB that pg_dump writes wakes us up; larger pieces take a quarter of the processor time of writing
 * and reading off both. 256 KiB are little more than what Linux keeps for a socket (212,992 bytes): in the
 * middle of a piece of 1 MiB pg_dump waits for us, and the server for pg_dump, which takes 4 % longer.
 */
const IN_LARGE_WRITES: Prefix = ["stdbuf", "--output=256K"];
/** Milliseconds that asking may take. */
const PROBE_MS = 5_000;

const probed = new Map<string, Promise<Prefix | undefined>>();

/**
 * A prefix that makes a program write its standard output in large pieces, where the machine
 * has one that works with this program; else undefined. It is a library put before the C library
 * (https://www.gnu.org/software/coreutils/manual/html_node/stdbuf-invocation.html), so musl, macOS and
 * programs of another architecture go without. Asked once per program.
 */
export function largeWrites(
  tools: ToolSet,
  name: string,
  base: BaseEnvironment,
): Promise<Prefix | undefined> {
  const path = join(tools.binDir, name);
  const known = probed.get(path) ?? probe(path, base);
  probed.set(path, known);
  return known;
}

function probe(path: string, base: BaseEnvironment): Promise<Prefix | undefined> {
  const [program, ...args] = IN_LARGE_WRITES;
  return new Promise((resolve) => {
    // A library that does not fit is a line on stderr, and would be one in every dump.
    execFile(
      program,
      [...args, path, "--version"],
      { env: plainEnvironment(base), timeout: PROBE_MS },
      (error, stdout, stderr) =>
        resolve(
          error === null && stderr === "" && stdout.includes("PostgreSQL") ? IN_LARGE_WRITES : undefined,
        ),
    );
  });
}
