import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, runOk, temporaryFolder } from "../support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A repository with a release, and after it a feature, a fix and a chore. */
describe("the release tools", () => {
  let folder: string;
  const git = (...words: string[]): Promise<string> => runOk("git", ["-C", join(folder, "work"), ...words]);
  const commit = (message: string): Promise<string> =>
    git(
      "-c",
      "user.name=n",
      "-c",
      "user.email=n@example.com",
      "commit",
      "--quiet",
      "--allow-empty",
      "--message",
      message,
    );

  beforeAll(async () => {
    folder = temporaryFolder("release");
    await runOk("git", ["init", "--quiet", "--bare", "--initial-branch=main", join(folder, "origin.git")]);
    await runOk("git", ["clone", "--quiet", join(folder, "origin.git"), join(folder, "work")]);
    await git("checkout", "--quiet", "-B", "main");
    await commit("feat: first thing");
    await git("tag", "v1.2.0");
    await commit("feat(backup): second thing");
    await commit("fix: third thing\n\nCloses #7");
    await commit("chore: nothing to see");
    await git("push", "--quiet", "--tags", "origin", "main");
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("work out the next version and its notes from the commits since the last tag", async () => {
    const config = JSON.parse(readFileSync(join(root, ".releaserc.json"), "utf8")) as {
      plugins: [string, object][];
    };
    expect(config.plugins.map(([name]) => name)).toContain("@semantic-release/github");
    // The only plugin that needs an account; what it publishes is what the others say.
    const plugins = config.plugins.filter(([name]) => name !== "@semantic-release/github");
    writeFileSync(join(folder, "work/.releaserc.json"), JSON.stringify({ ...config, plugins }));
    symlinkSync(join(root, "node_modules"), join(folder, "work/node_modules"));
    const module = new URL("../../node_modules/semantic-release/index.js", import.meta.url).href;
    const origin = `file://${join(folder, "origin.git")}`;
    const script = `
      const { default: semanticRelease } = await import(${JSON.stringify(module)});
      const { Writable } = await import("node:stream");
      const { stderr } = process;
      const stdout = new Writable({ write: (chunk, encoding, done) => done() });
      const options = { ci: false, dryRun: true, repositoryUrl: ${JSON.stringify(origin)} };
      const env = { PATH: process.env.PATH, HOME: process.cwd() };
      const result = await semanticRelease(options, { cwd: process.cwd(), env, stdout, stderr });
      console.log(JSON.stringify(result.nextRelease));`;
    const { code, stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", script], {
      cwd: join(folder, "work"),
    });
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    const next = JSON.parse(stdout) as { version: string; gitTag: string; notes: string };
    expect(next).toMatchObject({ version: "1.3.0", gitTag: "v1.3.0" });
    expect(next.notes).toContain("**backup:** second thing");
    expect(next.notes).not.toContain("first thing");
  });

  it("write a changelog with what is not released on top", async () => {
    const module = new URL("../../scripts/changelog.ts", import.meta.url).href;
    const script = `const { changelog } = await import(${JSON.stringify(module)});
      process.stdout.write(await changelog(${JSON.stringify(join(folder, "work"))}));`;
    const text = await runOk(process.execPath, [
      "--disable-warning=ExperimentalWarning",
      "--input-type=module",
      "-e",
      script,
    ]);
    const [, unreleased = "", released = ""] = text.split(/^## /m);
    expect(unreleased).toMatch(/^\[Unreleased\]/);
    expect(unreleased).toContain("second thing");
    expect(unreleased).toContain("closes [#7]");
    expect(unreleased).not.toContain("nothing to see");
    expect(released).toMatch(/^1\.2\.0 \(\d{4}-\d\d-\d\d\)/);
    expect(released).toContain("first thing");
  });
});
