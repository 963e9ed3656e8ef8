import { expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
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

it("where nothing is at work, or nothing can take its place, it ends as every process does", () => {
  const calls: string[] = [];
  const host = (resources: readonly string[]): EndableProcess => ({
    execPath: "/usr/bin/node",
    env: {},
    emit: (event, code) => calls.push(`${event} ${code}`),
    getActiveResourcesInfo: () => resources,
    exit(code) {
      calls.push(`exit(${code})`);
      throw new Error("exited");
    },
  });
  const withExecve = {
    ...host(["Timeout", "TCPSocketWrap"]),
    execve: () => {
      throw new Error("not here");
    },
  };
  expect(() => endProcess(withExecve, 3)).toThrow("exited");
  expect(() => endProcess(host(["FSReqPromise"]), 3)).toThrow("exited");
  expect(calls).toEqual(["exit(3)", "exit(3)"]);
});
