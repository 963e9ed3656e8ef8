import { describe, expect, it } from "@jest/globals";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, scratchFolder, type Finished } from "../support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const SCRIPT = "scripts/audit-workflows.ts";

const GOOD = `on:
  push:
permissions: {}
jobs:
  job:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: truststream/holdfast/actions/list@v1
      - run: echo "$TITLE"
        env:
          TITLE: \${{ github.event.head_commit.message }}
`;

async function audit(text: string): Promise<Finished> {
  await using folder = scratchFolder("audit");
  const path = join(folder.path, "workflow.yml");
  writeFileSync(path, text);
  const words = ["--disable-warning=ExperimentalWarning", join(root, SCRIPT), path];
  // With CI set, as it is where changes are merged, the auditor writes in colours into a pipe too.
  return await run(process.execPath, words, { env: { ...process.env, NO_COLOR: "1" } });
}

describe("the audit of workflows", () => {
  it("finds nothing in a good one, which names our own actions by a tag", async () => {
    const { code, stderr } = await audit(GOOD);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("No findings to report") });
  });

  it.each([
    [
      "text of strangers in a script",
      '"$TITLE"',
      '"${{ github.event.head_commit.message }}"',
      "template-injection",
    ],
    ["a checkout that keeps the token", "persist-credentials: false", "fetch-depth: 0", "artipacked"],
    ["code of strangers with rights", "  push:", "  pull_request_target:", "dangerous-triggers"],
    [
      "rights that nobody asked for",
      "permissions:\n      contents: read",
      "permissions: write-all",
      "excessive-permissions",
    ],
    ["somebody else's tag", "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"],
    [
      "our own without any ref that is fixed",
      "holdfast/actions/list@v1",
      "holdfast-2/actions/list@v1",
      "unpinned-uses",
    ],
  ])("sees %s", async (_, good, bad, rule) => {
    expect(GOOD).toContain(good);
    const { code, stderr } = await audit(GOOD.replace(good, bad));
    expect(code).toBeGreaterThan(10);
    expect(stderr).toMatch(new RegExp(`^(?:error|warning|help)\\[${rule}\\]`, "m"));
  });

  it("says so where the auditor cannot be had, and is red for that where changes are merged", async () => {
    await using folder = scratchFolder("audit");
    mkdirSync(join(folder.path, "scripts"));
    mkdirSync(join(folder.path, "empty"));
    for (const file of [SCRIPT, "scripts/zizmor.requirements.txt"]) {
      copyFileSync(join(root, file), join(folder.path, file));
    }
    for (const name of ["src", "examples", "node_modules", "package.json"]) {
      symlinkSync(join(root, name), join(folder.path, name));
    }
    for (const [ci, expected] of [
      ["", 0],
      ["true", 4],
    ] as const) {
      const env = { PATH: join(folder.path, "empty"), CI: ci };
      const { code, stderr } = await run(process.execPath, [join(folder.path, SCRIPT)], { env });
      expect({ ci, code, stderr }).toEqual({
        ci,
        code: expected,
        stderr: expect.stringMatching(
          /NOT AUDITED: zizmor \d+\.\d+\.\d+ is not on PATH, and python3 .* ENOENT/,
        ),
      });
    }
  });
});
