import { execFile } from "node:child_process";
import { lstat, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { isHoldfastError } from "../../kernel/errors.ts";
import { serverAccount } from "./account.ts";
import { isAlive, isOfThisNamespace, isOwnerAlive } from "./ownership.ts";
import { SCRATCH_PREFIX } from "./server.ts";

const run = promisify(execFile);

/** Milliseconds a leftover server gets to end. */
const STOP_TIMEOUT_MS = 10_000;

/**
 * Stops and removes scratch servers whose owner is gone: what is left when a whole process tree was killed,
 * watchdog included. Folders of living owners, of other users and of other containers, are left alone: what
 * lies in a temporary folder may have been put there by anybody.
 *
 * @returns the folders that were removed
 */
export async function sweepScratch(root: string = tmpdir()): Promise<string[]> {
  const removed: string[] = [];
  const ours = ourAccounts();
  for (const name of await readdir(root).catch(() => [] as string[])) {
    const pid = Number(new RegExp(`^${SCRATCH_PREFIX}(\\d+)-`).exec(name)?.[1] ?? NaN);
    if (!Number.isSafeInteger(pid)) continue;
    const folder = join(root, name);
    const facts = await lstat(folder).catch(() => undefined);
    if (facts?.isDirectory() !== true || !ours.has(facts.uid)) continue;
    const ownership = await readFile(join(folder, "owner"), "utf8").catch(() => undefined);
    if (ownership === undefined || !(await isOfThisNamespace(ownership))) continue;
    if (await isOwnerAlive(pid, ownership)) continue;
    await stopServer(folder, facts.uid);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).then(
      () => removed.push(folder),
      () => undefined,
    );
  }
  return removed;
}

/** Whose folders may be ours: our own, and, of root, those of the account under which its servers run. */
function ourAccounts(): ReadonlySet<number> {
  const own = process.getuid?.() ?? -1;
  try {
    return new Set([own, serverAccount().uid ?? own]);
  } catch (error) {
    if (!isHoldfastError(error, "tool.missing")) throw error;
    return new Set([own]);
  }
}

async function stopServer(folder: string, uid: number): Promise<void> {
  const data = join(folder, "data");
  const pid = Number((await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !(await isServer(pid, data, uid))) return;
  signal(pid, "SIGQUIT");
  for (let waited = 0; waited < STOP_TIMEOUT_MS && isAlive(pid); waited += 50) await delay(50);
  // Once more: by now the number may be somebody else's.
  if (await isServer(pid, data, uid)) signal(pid, "SIGKILL");
}

/**
 * Whether the process of that number is the server of that folder, run by the folder's owner; the number may
 * belong to somebody else by now.
 */
async function isServer(pid: number, data: string, uid: number): Promise<boolean> {
  const told = await run("ps", ["-o", "uid=,command=", "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
  return /^\d+ /.test(told) && Number.parseInt(told, 10) === uid && `${told} `.includes(` -D ${data} `);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    /* it ended in this very moment */
  }
}
