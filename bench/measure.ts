import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  argumentsOf,
  cpuSeconds,
  family,
  machineSeconds,
  peakResidentBytes,
  residentBytes,
} from "./processes.ts";

/** What one run cost. */
export interface Cost {
  /** Seconds from start to end. */
  readonly wall: number;
  /** CPU seconds, user and system, of the command and everything it started. */
  readonly cpu: number;
  /** CPU seconds of the PostgreSQL server meanwhile, and of the store's emulator. */
  readonly cpuServer: number;
  readonly cpuStore: number;
  /** Most bytes resident at the same time in the command and everything it started; sampled. */
  readonly peakTree: number;
  /** Most bytes ever resident in Holdfast's own process, as the kernel keeps count; 0 where there is none. */
  readonly peakOwn: number;
  /** Most bytes of files in the run's folder, which is also its temporary folder; sampled. */
  readonly disk: number;
  /**
   * Share of the machine's CPU time, from 0 to 1, that went to nobody counted above: other programs, and the
   * kernel for them.
   */
  readonly foreign: number;
}

/** A shell script to be measured. */
export interface Command {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its working and temporary folder. */
  readonly folder: string;
  /** Process ids of servers whose CPU time is wanted. */
  readonly server: number;
  readonly store: number | undefined;
  readonly signal: AbortSignal;
}

const SAMPLE_MS = 50;

/**
 * Runs a script and measures it. CPU is what the shell's own `times` says at its end, so that processes that
 * came and went are counted to the last one; memory and disk are sampled.
 *
 * @throws when the script ends with anything but 0, with its last words
 */
export async function measure(command: Command): Promise<{ readonly cost: Cost; readonly stdout: string }> {
  command.signal.throwIfAborted();
  const before = {
    server: cpuSeconds(command.server),
    store: storeCpu(command),
    machine: machineSeconds(),
    own: ownCpu(),
  };
  const began = performance.now();
  const shell = spawn("/bin/sh", ["-c", `set -e\ntrap 'times >&3' EXIT\n${command.script}`], {
    cwd: command.folder,
    env: command.env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    signal: command.signal,
    killSignal: "SIGTERM",
  });
  const [stdout, stderr, times] = [1, 2, 3].map((fd) => gather(shell.stdio[fd] as NodeJS.ReadableStream));
  const sampler = new Sampler(shell.pid!, command.folder);
  let wall = 0;
  const code = await new Promise<number | null>((resolve, reject) => {
    shell.on("error", reject);
    shell.on("exit", () => (wall = (performance.now() - began) / 1000));
    shell.on("close", resolve);
  }).finally(() => sampler.stop());
  if (code !== 0) {
    throw new Error(
      `the command ended with ${code ?? "a signal"}:\n${command.script}\n${stderr!().slice(-2000)}`,
    );
  }
  // The server's process of an ended session needs a moment to end, and only then its time is its parent's.
  await delay(150);
  const { peakTree, peakOwn, disk } = sampler;
  const counted = {
    cpu: childSeconds(times!()),
    cpuServer: cpuSeconds(command.server) - before.server,
    cpuStore: storeCpu(command) - before.store,
  };
  const others =
    machineSeconds() -
    before.machine -
    (ownCpu() - before.own) -
    counted.cpu -
    counted.cpuServer -
    counted.cpuStore;
  return {
    cost: {
      wall,
      ...counted,
      peakTree,
      peakOwn,
      disk,
      foreign: Math.max(0, others) / (wall * cpus().length),
    },
    stdout: stdout!(),
  };
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function storeCpu({ store }: Command): number {
  return store === undefined ? 0 : cpuSeconds(store);
}

function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

/**
 * The second line of `times`: user and system time of all children that were waited for, such as
 * `1m2.34s 0m0.5s`.
 */
function childSeconds(text: string): number {
  const [, line = ""] = text.trim().split("\n");
  return [...line.matchAll(/\b(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

/** Looks at a process tree and a folder twenty times a second. */
class Sampler {
  peakTree = 0;
  peakOwn = 0;
  disk = 0;
  readonly #root: number;
  readonly #folder: string;
  readonly #timer: NodeJS.Timeout;

  constructor(root: number, folder: string) {
    this.#root = root;
    this.#folder = folder;
    this.#timer = setInterval(() => this.#look(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    // The shell itself is ours, not the contestant's.
    const pids = family(this.#root).slice(1);
    this.peakTree = Math.max(
      this.peakTree,
      pids.reduce((sum, pid) => sum + residentBytes(pid), 0),
    );
    this.disk = Math.max(this.disk, bytesBelow(this.#folder));
    for (const pid of pids) {
      if (isHoldfast(argumentsOf(pid))) this.peakOwn = Math.max(this.peakOwn, peakResidentBytes(pid));
    }
  }
}

function isHoldfast([program = "", ...words]: string[]): boolean {
  return basename(program) === "node" && words.some((word) => /\/dist\/(cli\.js|actions\/)/.test(word));
}

/** Bytes of all files below a folder; what vanishes meanwhile counts as nothing. */
export function bytesBelow(folder: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (entry.isFile()) {
        bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
      }
    }
  } catch {
    /* a folder was removed while it was read */
  }
  return bytes;
}
