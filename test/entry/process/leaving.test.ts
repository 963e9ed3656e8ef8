import { execFile } from "node:child_process";
import { expect, it } from "@jest/globals";

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
