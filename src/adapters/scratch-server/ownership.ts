import { readFile, readlink } from "node:fs/promises";

/**
 * Whose a scratch server's folder is, as it is written in it: the process-id namespace, because the same
 * number means another process in another container, and when the owner began, because numbers come round.
 */
export async function ownershipOf(pid: number): Promise<string> {
  return `${await processNamespace()} ${(await beganAt(pid)) ?? 0}\n`;
}

/** Whether the owner that is written there may still live, as the process of that number. */
export async function isOwnerAlive(pid: number, ownership: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const [, began = "0"] = ownership.trim().split(" ");
  const actual = await beganAt(pid);
  return actual === undefined || began === "0" || Number(began) === actual;
}

/** Whether the folder was made in this process-id namespace; elsewhere its numbers mean nothing here. */
export async function isOfThisNamespace(ownership: string): Promise<boolean> {
  return ownership.trim().split(" ", 1)[0] === (await processNamespace());
}

/** True also when the process belongs to another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function processNamespace(): Promise<string> {
  return readlink("/proc/self/ns/pid").catch(() => "");
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
