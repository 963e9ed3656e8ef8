import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
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

  it("work out our own next release from our own history, by our own settings", async () => {
    const words = ["release", "plan", "--offline", "--json", "--branch", "main"];
    const { code, stdout, stderr } = await run(process.execPath, [join(root, "dist/cli.js"), ...words], {
      cwd: root,
    });
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    const plan = JSON.parse(stdout) as Readonly<Record<string, string>>;
    expect(plan["problems"]).toEqual([]);
    if (plan["version"] === "") return;
    expect(plan).toMatchObject({ kind: "stable", tag: `v${plan["version"]}` });
    await runOk("git", ["-C", root, "merge-base", "--is-ancestor", plan["because"]!, "HEAD"]);
    expect(plan["notes"]).toMatch(/^### /m);
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
