import { describe, expect, it } from "@jest/globals";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Program } from "../../src/adapters/pg-tools/program.ts";
import { KiB } from "../../src/kernel/bytes.ts";
import type { ByteStream } from "../../src/kernel/streams.ts";
import { temporaryFolder } from "../support/tools.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
/** A chunk for which the program's end of the pipe is always waited for. */
const CHUNK = Buffer.alloc(256 * KiB);

async function* chunks(count: number): ByteStream {
  for (let sent = 0; sent < count; sent += 1) yield CHUNK;
}

/** pg_restore as far as a stream to it goes. */
function start(script: string): Program & Disposable {
  const binDir = temporaryFolder("program");
  writeFileSync(join(binDir, "pg_restore"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const tools = { binDir, version: "15.18", major: 15 };
  const bounds = { silenceMs: 60_000, tell: () => undefined, cancelled: new AbortController().signal };
  const env = { PATH: process.env["PATH"]! };
  const program = new Program(tools, "pg_restore", [], { bounds, guard: undefined }, { env });
  program.stdout.resume();
  return Object.assign(program, {
    [Symbol.dispose]: () => rmSync(binDir, { recursive: true }),
  });
}

describe("what is fed to a program", () => {
  it("leaves nothing behind for a chunk: terabytes have millions of them", async () => {
    using program = start("exec cat > /dev/null");
    let before = 0;
    const watched = async function* (): ByteStream {
      yield* chunks(100);
      collectGarbage();
      before = process.memoryUsage().heapUsed;
      yield* chunks(8_000);
      collectGarbage();
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(256 * KiB);
    };
    await program.feed(watched());
    expect(before).toBeGreaterThan(0);
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  it("is left as soon as the program is gone", async () => {
    using program = start("head -c 100000 > /dev/null");
    let given = 0;
    let isLeft = false;
    const endless = async function* (): ByteStream {
      try {
        for (;;) {
          yield CHUNK;
          given += 1;
        }
      } finally {
        isLeft = true;
      }
    };
    await program.feed(endless());
    expect([isLeft, given < 20]).toEqual([true, true]);
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });
});
