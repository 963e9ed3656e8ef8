// Starts programs for the tests, many at a time, until its standard input ends: see small-spawn.ts.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";

const running = new Map();
const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

function start(id, { file, words, cwd, env }) {
  const child = spawn(file, words, { cwd, env, stdio: "pipe" });
  running.set(id, child);
  tell({ id, pid: child.pid });
  child.stdin.on("error", () => undefined);
  for (const stream of ["stdout", "stderr"]) {
    child[stream].on("data", (bytes) => tell({ id, [stream]: bytes.toString("base64") }));
  }
  child.on("error", ({ message, code, errno, syscall, path }) => {
    tell({ id, error: { message, code, errno, syscall, path } });
  });
  child.on("close", (code, signal) => {
    running.delete(id);
    tell({ id, ended: { code, signal } });
  });
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, program, input, inputEnds, signal } = JSON.parse(line);
  if (program !== undefined) start(id, program);
  const child = running.get(id);
  if (child === undefined) return;
  if (input !== undefined) child.stdin.write(Buffer.from(input, "base64"));
  if (inputEnds === true) child.stdin.end();
  if (signal !== undefined) child.kill(signal);
});
process.stdin.on("close", () => {
  for (const child of running.values()) child.kill("SIGKILL");
});
