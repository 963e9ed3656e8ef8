import { execFile } from "node:child_process";
import { expect, it } from "@jest/globals";
import { run } from "../../support/tools.ts";

/** A request that nobody answers keeps a process for minutes. */
it("a process that has told everything ends, with its code, whatever is still open", async () => {
  const stopping = new URL("../../../src/entry/process/stopping.ts", import.meta.url).href;
  const script = `
    const { leaveSoon, setExitCode } = await import(${JSON.stringify(stopping)});
    setInterval(() => undefined, 1000);
    process.stdout.write("told");
    setExitCode(process, 4);
    leaveSoon(process);
  `;
  const ended = await new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--no-warnings", "--input-type=module", "-e", script],
      { timeout: 60_000 },
      (error, stdout) => resolve([error?.code, error?.killed, stdout]),
    );
  });
  expect(ended).toEqual([4, false, "told"]);
});

it("what was told reaches a reader that takes longer than that, whole", async () => {
  const stopping = new URL("../../../src/entry/process/stopping.ts", import.meta.url).href;
  const script = `
    const { leaveSoon, setExitCode } = await import(${JSON.stringify(stopping)});
    process.stdout.write("x".repeat(1_000_000));
    setExitCode(process, 0);
    leaveSoon(process);
  `;
  const late = '"$0" --no-warnings --input-type=module --eval "$1" | { sleep 4; wc -c; }';
  const ended = await run("sh", ["-c", late, process.execPath, script]);
  expect(ended.stdout.trim()).toBe("1000000");
});

it("a run that nohup holds goes on when its terminal is gone", async () => {
  const stopping = new URL("../../../src/entry/process/stopping.ts", import.meta.url).href;
  const script = `
    const { isatty } = await import("node:tty");
    const { stopOnSignals } = await import(${JSON.stringify(stopping)});
    const signal = stopOnSignals(process, () => undefined, {
      hasTerminal: [0, 1, 2].some((stream) => isatty(stream)),
    });
    process.kill(process.pid, "SIGHUP");
    setTimeout(() => process.stdout.write(String(signal.aborted)), 200);
  `;
  const node = [process.execPath, "--no-warnings", "--input-type=module", "--eval", script];
  expect((await run("nohup", node)).stdout).toBe("false");
});
