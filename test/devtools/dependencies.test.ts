import { describe, expect, it } from "@jest/globals";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runOk, scratchFolder } from "../support/tools.ts";

type Lock = Readonly<Record<string, object>>;

/**
 * What the set-up of a fresh clone says about node_modules; it is plain JavaScript for Node 20, so it is
 * asked in a process of its own.
 */
async function drift(wanted: Lock, installed: Lock | undefined, stamp?: string): Promise<unknown> {
  await using folder = scratchFolder("lock");
  writeFileSync(
    join(folder.path, "package-lock.json"),
    JSON.stringify({ packages: { "": { name: "x" }, ...wanted } }),
  );
  if (installed !== undefined) {
    mkdirSync(join(folder.path, "node_modules"));
    writeFileSync(
      join(folder.path, "node_modules/.package-lock.json"),
      JSON.stringify({ packages: installed }),
    );
    if (stamp !== undefined) writeFileSync(join(folder.path, "node_modules/.holdfast-lock"), stamp);
  }
  const url = JSON.stringify(new URL("../../scripts/dependencies.mjs", import.meta.url).href);
  const script =
    `const { dependencyDrift } = await import(${url}); ` +
    `console.log(JSON.stringify(dependencyDrift(${JSON.stringify(folder.path)}) ?? null));`;
  return JSON.parse(await runOk(process.execPath, ["--input-type=module", "-e", script]));
}

describe("the locked dependencies", () => {
  const pg = { version: "8.0.0", integrity: "sha512-a" };

  it("are complete when every locked package is installed in its locked version", async () => {
    expect(await drift({ "node_modules/pg": pg }, { "node_modules/pg": pg })).toBeNull();
  });

  it("may lack packages for other platforms", async () => {
    expect(
      await drift(
        { "node_modules/pg": pg, "node_modules/mac": { ...pg, optional: true } },
        { "node_modules/pg": pg },
      ),
    ).toBeNull();
  });

  it("are outdated when the lock file is another than the one they were installed from", async () => {
    expect(await drift({ "node_modules/pg": pg }, { "node_modules/pg": pg }, "0".repeat(64))).toBe(
      "package-lock.json has changed",
    );
  });

  it.each([
    ["nothing is installed", undefined, /not installed/],
    ["one is missing", {}, /node_modules\/pg is not 8\.0\.0/],
    [
      "one has another version",
      { "node_modules/pg": { ...pg, version: "7.0.0" } },
      /node_modules\/pg is not 8\.0\.0/,
    ],
    [
      "one has other content",
      { "node_modules/pg": { ...pg, integrity: "sha512-b" } },
      /node_modules\/pg is not 8\.0\.0/,
    ],
  ])("are outdated when %s", async (_, installed, why) => {
    expect(await drift({ "node_modules/pg": pg }, installed)).toMatch(why);
  });
});
