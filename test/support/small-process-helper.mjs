// Starts programs for the tests, one after the other, until its standard input ends: see small-process.ts.
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { readSync, writeSync } from "node:fs";

function exactly(size) {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const read = readSync(0, bytes, at, size - at, null);
    if (read === 0) process.exit(0);
    at += read;
  }
  return bytes;
}

for (;;) {
  const { file, words, cwd, env, input } = JSON.parse(exactly(exactly(4).readUInt32BE()).toString("utf8"));
  const { status, stdout, stderr, error } = spawnSync(file, words, {
    cwd,
    env,
    input: Buffer.from(input, "base64"),
    maxBuffer: 1 << 28,
  });
  const answer = {
    status,
    stdout: (stdout ?? Buffer.alloc(0)).toString("base64"),
    stderr: (stderr ?? Buffer.alloc(0)).toString("base64"),
    error: error?.message,
  };
  const bytes = Buffer.from(JSON.stringify(answer));
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  const all = Buffer.concat([head, bytes]);
  for (let at = 0; at < all.length;) at += writeSync(1, all, at);
}
