import { expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { endProcess, type EndableProcess } from "../../../src/entry/process/ending.ts";
import { run, scratchFolder } from "../../support/tools.ts";

const ENDING = new URL("../../../src/entry/process/ending.ts", import.meta.url).href;

/** A process that waits for a file which nobody gives, and then ends with 4. */
function waiting(end: string, fifo: string): string {
  return `
    const { endProcess } = await import(${JSON.stringify(ENDING)});
    const { open } = await import("node:fs/promises");
    process.on("exit", (code) => process.stdout.write("exit " + code));
    // Opened for reading it is there when somebody opens it for writing.
    open(${JSON.stringify(fifo)}, "r");
    setTimeout(() => ${end}, 100);
  `;
}

it("a process ends with its code though a call to a file system never does", async () => {
  await using folder = scratchFolder("ending");
  const fifo = join(folder.path, "fifo");
  execFileSync("mkfifo", [fifo]);
  const words = ["--no-warnings", "--input-type=module", "--eval"];
  const ended = await run(process.execPath, [...words, waiting("endProcess(process, 4)", fifo)]);
  expect([ended.code, ended.stdout, ended.stderr]).toEqual([4, "exit 4", ""]);
  // Without it, it would wait: the reason why it is there.
  const child = run("timeout", ["2", process.execPath, ...words, waiting("process.exit(4)", fifo)]);
  expect((await child).code).toBe(124);
});

it("a process ends with its code at once though it compresses at a high level", async () => {
  const words = ["--no-warnings", "--input-type=module", "--eval"];
  const busy = `
    const { endProcess } = await import(${JSON.stringify(ENDING)});
    const { constants, createZstdCompress } = await import("node:zlib");
    const { randomBytes } = await import("node:crypto");
    const params = { [constants.ZSTD_c_compressionLevel]: 19 };
    const text = Buffer.from(randomBytes(24_000_000).toString("hex"));
    const compressor = createZstdCompress({ params });
    compressor.write(text, () => process.stdout.write("compressed"));
    setTimeout(() => endProcess(process, 4), 100);
  `;
  expect(await run(process.execPath, [...words, busy])).toMatchObject({ code: 4, stdout: "" });
});

it("where nothing can take its place, it ends as every process does", () => {
  const calls: string[] = [];
  const host: EndableProcess = {
    execPath: process.execPath,
    env: {},
    emit: (event, code) => calls.push(`${event} ${code}`),
    exit(code) {
      calls.push(`exit(${code})`);
      throw new Error("exited");
    },
  };
  expect(() => endProcess(host, 3)).toThrow("exited");
  const gone = {
    ...host,
    execPath: "/nowhere/node",
    execve: () => {
      throw new Error("not asked");
    },
  };
  expect(() => endProcess(gone, 3)).toThrow("exited");
  expect(calls).toEqual(["exit(3)", "exit(3)"]);
});

it("a process whose program was removed meanwhile ends with its code", async () => {
  await using folder = scratchFolder("ending");
  const copy = join(folder.path, "node");
  copyFileSync(process.execPath, copy);
  const script = `
    const { endProcess } = await import(${JSON.stringify(ENDING)});
    (await import("node:fs")).rmSync(process.execPath);
    endProcess(process, 4);
  `;
  const ended = await run(copy, ["--no-warnings", "--input-type=module", "--eval", script]);
  expect([ended.code, ended.stderr]).toEqual([4, ""]);
});
