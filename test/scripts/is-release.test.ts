import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { repository, type Repository } from "../support/repository.ts";
import { run } from "../support/tools.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/is-release.ts", import.meta.url));

async function ask(repo: Repository): Promise<{ code: number | null; said: string; release: string }> {
  const outputs = join(repo.path, ".git/outputs");
  repo.write({ ".git/outputs": "" });
  const env = { ...process.env, GITHUB_OUTPUT: outputs };
  const words = ["--disable-warning=ExperimentalWarning", SCRIPT];
  const { code, stdout, stderr } = await run(process.execPath, words, { cwd: repo.path, env });
  return { code, said: stdout + stderr, release: readFileSync(outputs, "utf8") };
}

const manifest = (version: string): Record<string, string> => ({
  "package.json": JSON.stringify({ version }),
});

describe("whether a push to main is a release", () => {
  it("is told from the version in package.json, which a release's pull request sets", async () => {
    await using repo = repository();
    repo.commit("feat: first", manifest("0.0.0"));
    expect(await ask(repo)).toMatchObject({ code: 0, release: "release=false\n" });
    repo.commit("chore: release 1.0.0", manifest("1.0.0"));
    expect(await ask(repo)).toEqual({
      code: 0,
      said: "a release: 1.0.0 comes next, and package.json says so\n",
      release: "release=true\n",
    });
    // Killed after the tag: the same run again has to finish it.
    repo.git("tag", "-a", "-m", "v1.0.0", "v1.0.0");
    expect(await ask(repo)).toMatchObject({
      said: expect.stringMatching(/^a release: v1\.0\.0 is this commit/),
    });
    repo.commit("docs: say more");
    expect(await ask(repo)).toEqual({
      code: 0,
      said: "no release: v1.0.0 is released, and nothing asks for another\n",
      release: "release=false\n",
    });
    repo.commit("feat: second");
    expect(await ask(repo)).toMatchObject({
      said: "no release: v1.0.0 is released, and 1.1.0 waits for its pull request\n",
      release: "release=false\n",
    });
    repo.commit("chore: release 1.1.0", manifest("1.1.0"));
    expect(await ask(repo)).toMatchObject({ code: 0, release: "release=true\n" });
  });

  it("is red where package.json has a version that the commits do not ask for", async () => {
    await using repo = repository();
    repo.commit("feat: first", manifest("1.0.0"));
    repo.git("tag", "v1.0.0");
    repo.commit("feat!: second", manifest("1.1.0"));
    const { code, said, release } = await ask(repo);
    expect({ code, release }).toEqual({ code: 1, release: "" });
    expect(said).toContain("package.json says 1.1.0, and the commits ask for 2.0.0: open a pull request");
  });
});
