import { lstat, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * `holdfast-<label>-<process id>-<when it began>-<random>`. A scratch server's folder has a name of
 * its own kind.
 */
const NAME = /^holdfast-[a-z0-9-]+?-(\d+)-t(\d+)-\w{6}$/;
/**
 * In every folder: the process-id namespace of its owner, because the same number means another process in
 * another container.
 */
const OWNER = ".owner";

/** Makes a folder only this user may enter, whose name says who owns it. */
export async function ownedFolder(root: string, label: string): Promise<string> {
  const clean = label.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  // mkdtemp makes the folder with mode 0700.
  const folder = await mkdtemp(
    // Programs that are given it may run in another folder.
    join(resolve(root), `holdfast-${clean}-${process.pid}-t${(await beganAt(process.pid)) ?? 0}-`),
  );
  try {
    await writeFile(join(folder, OWNER), await processNamespace(), { mode: 0o600 });
  } catch (error) {
    // Without an owner no sweep would ever take it.
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/**
 * Removes the folders of owners that are gone: what is left when a whole process tree was killed, last will
 * included. Those of the living, of other users and of other containers are left alone.
 *
 * @returns the folders that were removed
 */
export async function sweepFolders(root: string = tmpdir()): Promise<string[]> {
  const removed: string[] = [];
  const namespace = await processNamespace();
  for (const name of await readdir(root).catch(() => [] as string[])) {
    const match = NAME.exec(name);
    if (match === null || (await isOwnerAlive(Number(match[1]), Number(match[2])))) continue;
    const folder = join(root, name);
    const facts = await lstat(folder).catch(() => undefined);
    if (facts?.isDirectory() !== true || facts.uid !== process.getuid?.()) continue;
    if ((await readFile(join(folder, OWNER), "utf8").catch(() => undefined)) !== namespace) continue;
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).then(
      () => removed.push(folder),
      () => undefined,
    );
  }
  return removed;
}

/**
 * Whether the process that made a folder still runs: one of that number that began at that time, where the
 * machine can say when.
 */
async function isOwnerAlive(pid: number, began: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const actual = await beganAt(pid);
  return actual === undefined || began === 0 || actual === began;
}

/**
 * Clock ticks between the machine's start and the process's: field 22 of
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
async function beganAt(pid: number): Promise<number | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name in brackets and may hold anything.
  const ticks = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
  return Number.isInteger(ticks) && ticks > 0 ? ticks : undefined;
}

function processNamespace(): Promise<string> {
  return readlink("/proc/self/ns/pid").catch(() => "");
}
