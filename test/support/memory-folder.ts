import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where Linux keeps files in memory: https://man7.org/linux/man-pages/man7/shm_overview.7.html */
const MEMORY = "/dev/shm";

/** What the tests' files may come to; a run of all needs a part of it at a time. */
const ROOM_BYTES = 4_000_000_000;

/** What is to be left to the programs, when all of that is used. */
const PROGRAMS_BYTES = 3_000_000_000;

/** A folder in memory, which goes when it is disposed of, or when this process ends in any way. */
export interface MemoryFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * A temporary folder in memory for servers that live for seconds, most of whose CPU time on a disk goes into
 * making and removing their thousands of files. Undefined where there is no such place, no room in it, or
 * programs may not be started from it, as in many containers; and where TMPDIR says already what is wanted.
 */
export function memoryFolder(env: Readonly<Record<string, string | undefined>>): MemoryFolder | undefined {
  if ((env["TMPDIR"] ?? "") !== "" || !existsSync(MEMORY) || !hasRoom()) return undefined;
  const path = mkdtempSync(join(MEMORY, "hf-"));
  // As the system's own: servers run as another account, and make files here.
  chmodSync(path, 0o1777);
  if (!startsPrograms(path)) {
    rmSync(path, { recursive: true });
    return undefined;
  }
  const guard = spawn("/bin/sh", ["-c", 'while read -r line; do :; done; rm -rf "$0"', path], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  return {
    path,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => guard.once("close", resolve));
      guard.stdin.end();
      await gone;
    },
  };
}

function hasRoom(): boolean {
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= ROOM_BYTES && process.availableMemory() >= ROOM_BYTES + PROGRAMS_BYTES;
}

function startsPrograms(folder: string): boolean {
  const program = join(folder, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  const { status } = spawnSync(program, { stdio: "ignore" });
  rmSync(program);
  return status === 0;
}
