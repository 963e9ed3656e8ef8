import { execFile } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { processNamespace, SCRATCH_PREFIX } from "./server.ts";

const run = promisify(execFile);

/** Milliseconds a leftover server gets to end. */
const STOP_TIMEOUT_MS = 10_000;

/**
 * Stops and removes scratch servers whose owner is gone: what is left when a whole process tree was killed,
 * watchdog included. Folders of living owners, and of other containers, are left alone.
 *
 * @returns the folders that were removed
 */
export async function sweepScratch(root: string = tmpdir()): Promise<string[]> {
  const removed: string[] = [];
  const namespace = await processNamespace();
  for (const name of await readdir(root).catch(() => [] as string[])) {
    const pid = new RegExp(`^${SCRATCH_PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = join(root, name);
    const owner = await readFile(join(folder, "owner"), "utf8").catch(() => undefined);
    if (owner !== namespace) continue;
    await stopServer(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).then(
      () => removed.push(folder),
      () => undefined,
    );
  }
  return removed;
}

async function stopServer(folder: string): Promise<void> {
  const data = join(folder, "data");
  const pid = Number((await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  // The number may belong to somebody else by now.
  const command = await run("ps", ["-o", "command=", "-p", String(pid)]).then(
    ({ stdout }) => stdout,
    () => "",
  );
  if (!command.includes(data)) return;
  process.kill(pid, "SIGQUIT");
  for (let waited = 0; waited < STOP_TIMEOUT_MS && isAlive(pid); waited += 50) await delay(50);
  if (isAlive(pid)) process.kill(pid, "SIGKILL");
}

/** True also when the process belongs to another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
