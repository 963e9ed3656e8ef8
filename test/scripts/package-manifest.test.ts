import { describe, expect, it } from "@jest/globals";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, scratchFolder } from "../support/tools.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/package-manifest.mjs", import.meta.url));
const MANIFEST = '{ "version": "1.2.3", "dependencies": { "one": "1.0.0" } }\n';

/** Ends the process before the call of that number which changes a file. */
const KILLED = `
const fs = require("node:fs");
let left = Number(process.env.CALLS);
for (const name of ["writeFileSync", "renameSync", "copyFileSync"]) {
  const real = fs[name];
  fs[name] = (...words) => {
    if (left-- === 0) process.kill(process.pid, "SIGKILL");
    return real(...words);
  };
}
require("node:module").syncBuiltinESMExports();
`;

describe("the package.json for users", () => {
  it("leaves one in place wherever it is killed, and the other one can be put back", async () => {
    let isWhole = false;
    for (let calls = 0; !isWhole; calls += 1) {
      await using folder = scratchFolder("manifest");
      const at = (path: string): string => join(folder.path, path);
      for (const each of ["scripts", "dist"]) mkdirSync(at(each));
      cpSync(SCRIPT, at("scripts/package-manifest.mjs"));
      writeFileSync(at("dist/cli.js"), 'console.log("1.2.3");\n');
      writeFileSync(at("package.json"), MANIFEST);
      writeFileSync(at("killed.cjs"), KILLED);
      const words = ["--require", at("killed.cjs"), at("scripts/package-manifest.mjs"), "swap"];
      const env = { ...process.env, CALLS: String(calls) } as Record<string, string>;
      isWhole = (await run(process.execPath, words, { env })).code === 0;
      expect(calls).toBeLessThan(10);
      const now = JSON.parse(readFileSync(at("package.json"), "utf8")) as object;
      expect({ calls, now }).toMatchObject({ calls, now: { version: "1.2.3" } });
      if (isWhole) expect(now).not.toHaveProperty("dependencies");
      await run(process.execPath, [at("scripts/package-manifest.mjs"), "put-back"]);
      expect(readFileSync(at("package.json"), "utf8")).toBe(MANIFEST);
      expect(existsSync(at("package.json.kept"))).toBe(false);
    }
  });
});
