import { expect, it } from "@jest/globals";
import { run, scratchFolder } from "../../support/tools.ts";

it("an action whose secret is empty says where secrets get lost, and names no option", async () => {
  await using folder = scratchFolder("missing-secret");
  const action = new URL("../../../src/entry/action/action.ts", import.meta.url).href;
  const script = `await (await import(${JSON.stringify(action)})).runAction("backup", "main");`;
  const { code, stdout } = await run(
    process.execPath,
    ["--no-warnings", "--input-type=module", "-e", script],
    {
      cwd: folder.path,
      env: {
        PATH: process.env["PATH"],
        GITHUB_ACTIONS: "true",
        INPUT_DATABASE: "",
        INPUT_STORE: `file://${folder.path}`,
      },
    },
  );
  expect(code).toBe(2);
  const annotation = stdout.split("\n").find((line) => line.startsWith("::error"));
  expect(annotation).toContain("input 'database' is required and was not given");
  expect(annotation).toContain("The secret that 'with: database:' names is empty here");
  expect(annotation).toContain("the caller did not pass it");
  expect(stdout).not.toContain("--database-file");
});
