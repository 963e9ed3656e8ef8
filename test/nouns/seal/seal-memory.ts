/**
 * Seals 4 MiB of noise so many times, then zeros, then noise again, and prints how many MiB of buffers there
 * were at most. In a process of its own: in Jest's the collector comes when other work wants it.
 */
import { randomBytes } from "node:crypto";
import { giveBack } from "../../../src/kernel/lent-chunks.ts";
import { KiB, MiB } from "../../../src/kernel/bytes.ts";
import type { ByteStream } from "../../../src/kernel/streams.ts";
import { Sealing } from "../../../src/nouns/seal/seal.ts";
import { keyPair } from "./material.ts";

const [noises = 0, zeros = 0] = process.argv.slice(2).map(Number);
const [noise, zero] = [randomBytes(4 * MiB), Buffer.alloc(4 * MiB)];

async function* source(): ByteStream {
  for (const [frame, count] of [
    [noise, noises],
    [zero, zeros],
    [noise, noises],
  ] as const) {
    for (let at = 0; at < frame.length * count; at += 512 * KiB) {
      const start = at % frame.length;
      yield frame.subarray(start, start + 512 * KiB);
    }
  }
}

const before = process.memoryUsage().arrayBuffers;
let most = 0;
const { recipient } = await keyPair();
for await (const chunk of new Sealing(source(), { level: 1, recipients: [recipient] }).content) {
  giveBack(chunk);
  most = Math.max(most, process.memoryUsage().arrayBuffers - before);
}
process.stdout.write(String(Math.round(most / MiB)));
