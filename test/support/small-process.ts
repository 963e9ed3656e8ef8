import { createRequire } from "node:module";
import type * as ChildProcess from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a program that was waited for has left. */
export interface SmallRun {
  /** Exit code; null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** A helper process, and the pipes to it. */
interface Helper {
  readonly requests: number;
  readonly answers: number;
}

const PLACE = Symbol.for("holdfast.test.small-process");
// The module itself, which every test file of a worker shares: one helper for all of them.
const children = createRequire(import.meta.url)("node:child_process") as typeof ChildProcess & {
  [PLACE]?: Helper;
};
const script = fileURLToPath(new URL("small-process-helper.mjs", import.meta.url));

/**
 * `spawnSync`, but that a small process starts the program: starting one copies the page tables of whoever
 * starts it, which takes a worker of the tests ten times longer than what git then does.
 *
 * @throws Error where the program cannot be started
 */
export function runSmall(
  file: string,
  words: readonly string[],
  { input = "", cwd }: { readonly input?: string | Buffer; readonly cwd?: string } = {},
): SmallRun {
  const { requests, answers } = (children[PLACE] ??= startHelper());
  // Its environment is that of when it was started, and a test may have changed it since.
  const request = { file, words, cwd, env: process.env, input: Buffer.from(input).toString("base64") };
  send(requests, Buffer.from(JSON.stringify(request)));
  const { status, stdout, stderr, error } = JSON.parse(receive(answers).toString("utf8")) as {
    status: number | null;
    stdout: string;
    stderr: string;
    error?: string;
  };
  if (error !== undefined) throw new Error(`${file} ${words.join(" ")}: ${error}`);
  return { status, stdout: Buffer.from(stdout, "base64"), stderr: Buffer.from(stderr, "base64") };
}

/** It ends when this process does, because its requests end then. */
function startHelper(): Helper {
  const folder = mkdtempSync(join(tmpdir(), "hf-small-"));
  const [to, from] = [join(folder, "requests"), join(folder, "answers")];
  children.execFileSync("mkfifo", [to, from]);
  const [requests, itsRequests] = pipe(to);
  const [itsAnswers, answers] = pipe(from);
  const helper = children.spawn(process.execPath, [script], { stdio: [itsRequests, itsAnswers, "inherit"] });
  helper.unref();
  // Kept open here, the end of the helper would never show.
  closeSync(itsRequests);
  closeSync(itsAnswers);
  rmSync(folder, { recursive: true });
  return { requests, answers };
}

/** Both ends of a named pipe; to open one end waits for the other, unless it is there. */
function pipe(path: string): [writing: number, reading: number] {
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writing = openSync(path, "w");
  const reading = openSync(path, "r");
  closeSync(first);
  return [writing, reading];
}

/** A message is its length in bytes, as four bytes, and its bytes. */
function send(pipe: number, bytes: Buffer): void {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  const all = Buffer.concat([head, bytes]);
  for (let at = 0; at < all.length;) at += writeSync(pipe, all, at);
}

function receive(pipe: number): Buffer {
  return exactly(pipe, exactly(pipe, 4).readUInt32BE());
}

function exactly(pipe: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const read = readSync(pipe, bytes, at, size - at, null);
    if (read === 0) throw new Error("the helper that starts programs for the tests has ended");
    at += read;
  }
  return bytes;
}
