import { readFileSync, readdirSync } from "node:fs";

/**
 * What Linux tells about processes: https://man7.org/linux/man-pages/man5/proc.5.html. Everything here
 * answers for the moment it is asked; a process that has just ended counts as nothing.
 */

/** Kernel clock ticks a second; 100 on every Linux that Node runs on. */
const TICKS = 100;
const PAGE_BYTES = 4096;

/** Whether this machine can be asked at all. */
export const CAN_MEASURE = process.platform === "linux";

/** A process and all its descendants. */
export function family(root: number): number[] {
  const found = [root];
  for (let at = 0; at < found.length; at += 1) {
    const pid = found[at]!;
    for (const thread of list(`/proc/${pid}/task`)) {
      const children = read(`/proc/${pid}/task/${thread}/children`)
        .split(" ")
        .filter((word) => word !== "");
      found.push(...children.map(Number));
    }
  }
  return found;
}

/**
 * CPU seconds (user and system) of a process, its living descendants, and everything they have waited for.
 */
export function cpuSeconds(root: number): number {
  return family(root).reduce((sum, pid) => sum + cpuTicks(pid), 0) / TICKS;
}

function cpuTicks(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The name in brackets may hold anything, brackets and spaces too; the numbers come after the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime, stime, cutime, cstime are fields 14 to 17; the list begins with field 3.
  return fields.slice(11, 15).reduce((sum, field) => sum + (Number(field) || 0), 0);
}

/**
 * CPU seconds that all processors together have spent on anything but idling and waiting, since the
 * machine was started.
 */
export function machineSeconds(): number {
  const [, ...fields] = (read("/proc/stat").split("\n")[0] ?? "").trim().split(/\s+/);
  // user, nice, system, idle, iowait, irq, softirq, steal; the guests' time after these is in user
  // and nice already.
  return (
    fields
      .slice(0, 8)
      .reduce((sum, field, index) => (index === 3 || index === 4 ? sum : sum + (Number(field) || 0)), 0) /
    TICKS
  );
}

/** Resident bytes now. */
export function residentBytes(pid: number): number {
  return (Number(read(`/proc/${pid}/statm`).split(" ")[1]) || 0) * PAGE_BYTES;
}

/** The most resident bytes a process ever had. */
export function peakResidentBytes(pid: number): number {
  return (Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1]) || 0) * 1024;
}

/** The arguments a process was started with. */
export function argumentsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split("\0");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
