import { describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { checkout } from "../../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import { gitWorkTree } from "../../../src/adapters/source-tree/work-tree.ts";
import { init as initCommand } from "../../../src/commands/configuration/init.ts";
import { SETTINGS_SECTIONS } from "../../../src/commands/configuration/sections.ts";
import { LASTING } from "../../../src/configuration/init/run.ts";
import { runSettingsCheck } from "../../../src/configuration/settings-check/run.ts";
import { namedBy, ownReference, packageVersion } from "../../../src/devtools/generate/own-reference.ts";
import { readDescription } from "../../../src/governance/description/description.ts";
import { sections } from "../../../src/governance/pr-policy/rules/sections.ts";
import type { Scene } from "../../../src/governance/pr-policy/pull-request.ts";
import { policy } from "../../../src/governance/pr-policy/settings.ts";
import { protection } from "../../../src/governance/protect/settings.ts";
import { examine } from "../../../src/nouns/settings/examine.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import type { WorkTree } from "../../../src/ports/work-tree.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";
import { scratchFolder } from "../../support/tools.ts";
import { became, init, PLAIN } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FILES = [
  ".github/pull_request_template.md",
  ".github/CODEOWNERS",
  ".git/hooks/commit-msg",
  ".github/workflows/pr-policy.yml",
  ".github/holdfast.yml",
];

const HOW = ": to have that of init, rename or delete it and run again";

const all = (action: string): Record<string, string> =>
  Object.fromEntries(FILES.map((path) => [path, action]));

/** Every file of the work tree and every hook, with its content. */
function state({ path }: Repository): Record<string, string> {
  const words = [
    "-c",
    "find . -path ./.git -prune -o -type f -print; ls .git/hooks/commit-msg 2>/dev/null || true",
  ];
  const names = execFileSync("sh", words, { cwd: path, encoding: "utf8" }).trim().split("\n");
  const there = names.filter((name) => name !== "").sort();
  return Object.fromEntries(there.map((name) => [name, readFileSync(join(path, name), "utf8")]));
}

const read = (repo: Repository, path: string): string => readFileSync(join(repo.path, path), "utf8");

const PORTS = {
  sourceTree: () => Promise.resolve(checkout({ env: PLAIN })),
  sourceHistory: () => Promise.resolve(gitHistory({ env: PLAIN, folder: ROOT })),
  variable: () => undefined,
};

/** As the menu offers it. */
async function byMenu(repo: Repository, write = true): Promise<Outcome> {
  const ports = { ...testPorts(), workTree: () => gitWorkTree({ env: PLAIN, folder: repo.path }) };
  return initCommand.run({ write, dryRun: false, owners: [] }, ports);
}

describe("init", () => {
  it("shows a patch and writes nothing; --write writes what was shown; again it does nothing", async () => {
    await using repo = repository();
    const before = state(repo);
    const shown = await init(repo.path, { write: false, owners: ["@acme/core"] });
    expect([shown.exit, state(repo)]).toEqual([0, before]);
    expect(became(shown)).toEqual(all("make"));
    await using other = repository();
    const patch = join(other.path, ".git/patch");
    writeFileSync(patch, shown.product!);
    other.git("apply", patch);
    const written = await init(repo.path, { owners: ["@acme/core"] });
    expect([written.exit, written.outputs["written"]]).toEqual([0, FILES]);
    const { ".git/hooks/commit-msg": hook, ...rest } = state(repo);
    expect(rest).toEqual(state(other));
    expect(hook).toContain("holdfast_commit_msg");
    expect(statSync(join(repo.path, ".git/hooks/commit-msg")).mode & 0o111).not.toBe(0);
    expect(read(repo, ".github/CODEOWNERS")).toContain("\n*  @acme/core\n");
    const again = await init(repo.path);
    expect([again.outputs["changes"], again.outputs["written"], again.product]).toEqual([0, [], undefined]);
    expect(state(repo)).toEqual({ ...rest, ".git/hooks/commit-msg": hook });
  });

  it("shows a patch of what is there already: lines added, and the right to be run", async () => {
    for (const own of ["colors: false", "colors: false\n", "", "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n"]) {
      await using repo = repository();
      await using other = repository();
      for (const each of [repo, other]) each.write({ "lefthook.yml": own, ".lefthook/x": "" });
      const patch = join(other.path, ".git/patch");
      writeFileSync(patch, (await init(repo.path, { write: false })).product!);
      other.git("apply", patch);
      expect((await init(repo.path)).outputs["changes"]).toBe(6);
      expect(state(other)).toEqual(state(repo));
      const script = ".lefthook/holdfast-commit-msg.sh";
      expect(statSync(join(other.path, script)).mode & 0o111).not.toBe(0);
      repo.write({ ".github/holdfast.yml": "policy: { commits: { types: [task] } }\n" });
      execFileSync("chmod", ["-x", join(repo.path, script), join(other.path, script)]);
      writeFileSync(patch, (await init(repo.path, { write: false })).product!);
      other.git("apply", patch);
      expect(read(other, script)).toContain("hf_types='task'");
      expect(statSync(join(other.path, script)).mode & 0o111).not.toBe(0);
    }
  });

  it("begins settings that are right, and a template that says nothing until it is filled in", async () => {
    await using repo = repository();
    await init(repo.path);
    const schemas = Object.fromEntries(SETTINGS_SECTIONS.map(({ name, schema }) => [name, schema]));
    const { problems, values } = examine(read(repo, ".github/holdfast.yml"), "x", schemas);
    expect(problems).toEqual([]);
    expect(values.get("protection")).toMatchObject({ branches: [{ branches: ["main"] }] });
    const template = read(repo, ".github/pull_request_template.md");
    const judged = async (body: string): Promise<number> => {
      const description = readDescription(body);
      const pull = {
        title: "feat: x",
        body,
        description,
        commits: [],
        isReadable: true,
      } as unknown as Scene["pull"];
      const hits = await sections.find({ pull, policy: policy.parse({}), template: [] } as unknown as Scene);
      return hits.length;
    };
    expect(await judged(template)).toBe(policy.parse({}).description.sections.length);
    expect(await judged(template.replace(/<!-- .* -->/g, "Something that was thought about."))).toBe(0);
  });

  it("installs this repository's own workflows, and settings with which nothing is wrong", async () => {
    await using repo = repository();
    const outcome = await byMenu(repo);
    expect(outcome.outputs["written"]).toHaveLength(FILES.length + 1);
    const names = ["pr-policy.yml", "protection-audit.yml"].map((name) => `.github/workflows/${name}`);
    // Elsewhere they are named by the release that has written them.
    const reference = ownReference(packageVersion(ROOT));
    for (const name of names) {
      const [mark, ...rest] = read(repo, name).split("\n");
      expect(mark).toMatch(/^# made by `holdfast init`, [0-9a-f]{16}: it keeps this up to date/);
      expect(rest.join("\n")).toBe(namedBy(reference, readFileSync(join(ROOT, name), "utf8")));
    }
    expect(read(repo, names[1]!)).toMatch(/workflow_dispatch:[^]*actions\/protect-issue@v\d/);
    // Every action of others by its commit.
    const uses = names.flatMap((name) => read(repo, name).match(/uses: .*/g) ?? []);
    const others = uses.filter((line) => !line.startsWith("uses: truststream/holdfast/"));
    expect(others.filter((line) => !/^uses: [\w/-]+@[0-9a-f]{40} # v/.test(line))).toEqual([]);
    expect(others.length).toBeGreaterThan(0);
    const { outputs } = await runSettingsCheck(
      { settings: join(repo.path, FILES.at(-1)!) },
      PORTS,
      SETTINGS_SECTIONS,
    );
    expect([outputs["verdict"], outputs["problems"]]).toEqual(["valid", []]);
    expect(parse(read(repo, FILES.at(-1)!))).toMatchObject({
      protection: { branches: [{ checks: [{ name: "pr-policy" }] }] },
    });
    // Copied from the documents over what init wrote, and by somebody who never ran it.
    for (const name of names) {
      repo.write({ [name]: namedBy(reference, readFileSync(join(ROOT, name), "utf8")) });
    }
    const again = became(await byMenu(repo));
    expect(names.map((name) => again[name])).toEqual(
      names.map(() => "same: it is the same, and yours: without the line of init it is not kept up to date"),
    );
  });

  it("requires no check that nobody reports, and says what is still to be done", async () => {
    await using repo = repository();
    repo.write({ ".github/workflows/pr-policy.yml": "name: mine\n" });
    const shown = await byMenu(repo, false);
    expect(shown.report.notes.join("\n")).toMatch(/after --write: commit the files/);
    const { report } = await byMenu(repo);
    expect(report.notes.join("\n")).toMatch(/next: commit the files[^]*gh secret set PROTECTION_TOKEN/);
    expect(report.notes.join("\n")).not.toContain("is required");
    expect(parse(read(repo, FILES.at(-1)!))).toEqual({
      policy: {},
      protection: { branches: [{ branches: ["main"] }] },
    });
    const uncommented = read(repo, FILES.at(-1)!).replace(
      /^( *)# (checks:| {2}- name: pr-policy)$/gm,
      "$1$2",
    );
    expect(parse(uncommented)).toMatchObject({
      protection: { branches: [{ checks: [{ name: "pr-policy" }] }] },
    });
    const told = (await byMenu(repo)).report.notes;
    expect(told).toEqual([
      "the hook is in this clone alone: everybody who wants it runs `holdfast init --write` once",
    ]);
    await using other = repository();
    expect((await byMenu(other)).report.notes.join("\n")).toMatch(
      /until the check pr-policy is required: .*protect --do apply/,
    );
  });

  it("tells what is to be done of what changes, and nothing of what was said before", async () => {
    await using repo = repository();
    const notes = async (write = true): Promise<string> =>
      (await byMenu(repo, write)).report.notes.join("\n");
    const shown = await byMenu(repo, false);
    expect(shown.report.tables[0]!.columns).toEqual(["file", "becomes"]);
    // Long scripts stand last, behind what is read first.
    const heads = [...shown.product!.matchAll(/^(?:# )?diff --git a\/(\S+)/gm)].map(([, path]) => path);
    expect(heads).toHaveLength(FILES.length + 1);
    expect(heads.at(-1)).toBe(".git/hooks/commit-msg");
    expect(await notes(false)).toMatch(/CODEOWNERS names nobody yet, [^\n]*, or give them with --owners/);
    const first = await notes();
    for (const step of [
      "commit the files",
      "CODEOWNERS names nobody yet",
      "PROTECTION_TOKEN",
      "is required",
    ]) {
      expect(first).toContain(step);
    }
    // The hook alone, which lies in git's own folder.
    repo.write({ ".github/holdfast.yml": "policy: { commits: { types: [task] } }\n" });
    expect(await notes()).toBe(
      "the hook is in this clone alone: everybody who wants it runs `holdfast init --write` once",
    );
    repo.write({ ".github/workflows/protection-audit.yml": undefined });
    const again = await notes();
    expect(again).toMatch(/commit the files[^]*PROTECTION_TOKEN/);
    expect(again).not.toMatch(/is required|names nobody/);
    await using owned = repository();
    const { report } = await init(owned.path, { owners: ["@acme/core"] });
    expect(report.notes.join("\n")).not.toContain("names nobody");
  });

  it("takes --dry-run for what it is without --write, and not beside it", async () => {
    await using repo = repository();
    const before = state(repo);
    const plain = await init(repo.path, { write: false });
    expect((await init(repo.path, { write: false, dryRun: true })).product).toBe(plain.product);
    await expect(init(repo.path, { dryRun: true })).rejects.toMatchObject({ code: "input.conflict" });
    expect(state(repo)).toEqual(before);
  });

  it("protects the branches that live on, here or at origin", async () => {
    const protectedOf = async (...made: readonly string[]): Promise<unknown> => {
      await using repo = repository();
      repo.commit("chore: begin", { a: "" });
      for (const ref of made) repo.git("update-ref", ref, "HEAD");
      await init(repo.path);
      const text = read(repo, ".github/holdfast.yml");
      return (parse(text) as { protection: { branches: unknown } }).protection.branches;
    };
    const of = (...branches: readonly string[]): unknown[] => [expect.objectContaining({ branches })];
    expect(await protectedOf("refs/heads/feature/a", "refs/tags/develop")).toEqual(of("main"));
    expect(await protectedOf("refs/heads/develop")).toEqual(of("main", "develop"));
    expect(await protectedOf("refs/remotes/origin/develop", "refs/remotes/origin/staging")).toEqual(
      of("main", "staging", "develop"),
    );
    // By the names that are protected where nothing is declared.
    expect(["main", ...LASTING]).toEqual(protection.parse({}).branches[0]!.branches);
  });

  it("tells of settings with the other ending, and of husky that runs nothing", async () => {
    await using repo = repository();
    repo.write({ ".github/holdfast.yaml": "policy: {}\n", ".husky/pre-commit": "true\n" });
    const outcome = await init(repo.path);
    expect(became(outcome)[".github/holdfast.yml"]).toBe(
      "leave: .github/holdfast.yaml is there, and read by no command: rename it to .github/holdfast.yml",
    );
    expect(outcome.report.notes).toContain(
      "husky is not active in this clone, and no commit is checked until it is: run `npx husky`",
    );
  });

  it("follows the settings: sections, the template's path, types", async () => {
    await using repo = repository();
    repo.write({
      ".github/holdfast.yml":
        "policy:\n  commits: { types: [task] }\n  description:\n    template: docs/pull.md\n" +
        "    sections: [{ name: risk, headings: [risk] }, { name: the rest, headings: [other] }]\n",
    });
    await init(repo.path);
    expect(read(repo, "docs/pull.md").match(/^## .*/gm)).toEqual([
      "## Risk",
      "## Other",
      "## Documentation",
      "## Issue",
    ]);
    expect(read(repo, ".git/hooks/commit-msg")).toContain("hf_types='task'");
    repo.write({ ".github/holdfast.yml": "policy: { commits: { types: [job] } }\n" });
    expect(became(await init(repo.path))[".git/hooks/commit-msg"]).toBe("update");
    expect(read(repo, ".git/hooks/commit-msg")).toContain("hf_types='job'");
    repo.write({ ".github/holdfast.yml": "policy: { commits: { types: [A] }, x: 1 }\n" });
    await expect(init(repo.path)).rejects.toMatchObject({ code: "input.malformed" });
    for (const template of ["../out.md", "/tmp/out.md", ".github/../../out.md"]) {
      repo.write({ ".github/holdfast.yml": `policy: { description: { template: ${template} } }\n` });
      expect(Object.keys(became(await init(repo.path)))).toContain(".github/pull_request_template.md");
    }
  });

  it("leaves what is somebody else's, or was changed by hand, byte for byte, and says so", async () => {
    await using repo = repository();
    const others = {
      ".github/holdfast.yml": "policy: {}\n",
      "docs/PULL_REQUEST_TEMPLATE.md": "mine\n",
      CODEOWNERS: "* @me\n",
      ".git/hooks/commit-msg": "#!/bin/sh\ntrue\n",
      ".github/workflows/pr-policy.yml": "name: mine\n",
    };
    repo.write(others);
    const outcome = await init(repo.path);
    expect(became(outcome)).toEqual({
      ".github/pull_request_template.md": "leave: docs/PULL_REQUEST_TEMPLATE.md is there, and counts",
      ".github/CODEOWNERS": "leave: CODEOWNERS is there, and counts",
      ".git/hooks/holdfast-commit-msg": "make",
      ".git/hooks/commit-msg":
        "leave: it is somebody else's, and git runs one: add to it, before it ends: " +
        '"$(dirname "$0")/holdfast-commit-msg" "$1" || exit 1',
      ".github/workflows/pr-policy.yml": `leave: it is somebody else's${HOW}`,
      ".github/holdfast.yml": "same: it is there, and yours",
    });
    expect([outcome.exit, state(repo)]).toEqual([
      0,
      Object.fromEntries(Object.entries(others).map(([path, text]) => [keyOf(path), text])),
    ]);
  });

  it("stands beside somebody else's hook, and is started by the line that it names", async () => {
    await using repo = repository();
    const path = ".git/hooks/commit-msg";
    repo.write({ [path]: "#!/bin/sh\ntrue\n" });
    execFileSync("chmod", ["+x", join(repo.path, path)]);
    const told = became(await init(repo.path))[path]!;
    expect(() => repo.commit("Did things")).not.toThrow();
    repo.write({ [path]: `#!/bin/sh\n${told.split("ends: ")[1]!}\ntrue\n` });
    expect(() => repo.commit("Did things")).toThrow(/begins with no type/);
    expect(() => repo.commit("fix: a thing")).not.toThrow();
    const again = await init(repo.path);
    expect([again.outputs["changes"], became(again)[path]]).toEqual([0, "same"]);
  });

  it("takes a file back only where its hash is right; without the mark it is yours", async () => {
    await using repo = repository();
    await init(repo.path);
    const path = ".github/workflows/pr-policy.yml";
    const ours = read(repo, path);
    const older = ours.replace("pull_request", "push");
    repo.write({ [path]: older });
    expect(became(await init(repo.path))[path]).toBe(`leave: it was changed by hand${HOW}`);
    repo.write({ [path]: ours.split("\n").slice(1).join("\n") });
    expect(became(await init(repo.path))[path]).toMatch(/^same: it is the same, and yours/);
    repo.write({ [path]: older.split("\n").slice(1).join("\n") });
    expect(became(await init(repo.path))[path]).toBe(`leave: it is somebody else's${HOW}`);
    repo.write({ [path]: ours.replaceAll("\n", "\r\n") });
    expect(became(await init(repo.path))[path]).toBe("same");
    // Without the right to be run git passes by a hook in silence.
    execFileSync("chmod", ["-x", join(repo.path, ".git/hooks/commit-msg")]);
    expect(became(await init(repo.path))[".git/hooks/commit-msg"]).toBe("update");
    expect(statSync(join(repo.path, ".git/hooks/commit-msg")).mode & 0o111).not.toBe(0);
  });

  it("writes through no link, and nothing outside of the checkout", async () => {
    await using repo = repository();
    await using outside = scratchFolder("outside");
    const target = join(outside.path, "target");
    writeFileSync(target, "theirs\n");
    mkdirSync(join(outside.path, "folder"));
    symlinkSync(join(outside.path, "folder"), join(repo.path, ".github"));
    symlinkSync(target, join(repo.path, ".git/hooks/commit-msg"));
    expect(Object.values(became(await init(repo.path)))).toEqual(
      FILES.map(() => "leave: it is a symbolic link, or lies behind one"),
    );
    repo.git("config", "core.hooksPath", outside.path);
    expect(became(await init(repo.path))).toMatchObject({
      "commit-msg": `leave: core.hooksPath is ${outside.path}, which is outside of the checkout`,
    });
    repo.git("config", "core.hooksPath", ".husky/_");
    symlinkSync(join(outside.path, "folder"), join(repo.path, ".husky"));
    expect(became(await init(repo.path))).toMatchObject({
      ".husky/commit-msg": expect.stringContaining("link"),
    });
    expect(execFileSync("find", [outside.path, "-type", "f"], { encoding: "utf8" })).toBe(`${target}\n`);
    expect(readFileSync(target, "utf8")).toBe("theirs\n");
  });

  it("puts the hook where git looks for it: core.hooksPath, a linked work tree, a folder below", async () => {
    await using repo = repository();
    repo.commit("chore: begin", { "below/a": "" });
    expect(Object.keys(became(await init(join(repo.path, "below"), { write: false })))).toEqual(FILES);
    await using elsewhere = scratchFolder("linked");
    const linked = join(elsewhere.path, "tree");
    repo.git("worktree", "add", "-q", linked);
    await init(linked);
    expect(existsSync(join(repo.path, ".git/hooks/commit-msg"))).toBe(true);
    expect(existsSync(join(linked, ".github/holdfast.yml"))).toBe(true);
    expect(existsSync(join(repo.path, ".github"))).toBe(false);
    repo.git("config", "core.hooksPath", "tools/hooks");
    expect(became(await init(repo.path))).toMatchObject({ "tools/hooks/commit-msg": "make" });
    expect(() => repo.git("commit", "--allow-empty", "-m", "Did things")).toThrow("commit-msg: Did things");
    await using nowhere = scratchFolder("nowhere");
    await expect(init(nowhere.path)).rejects.toMatchObject({ code: "source.history" });
  });

  it("may end at any write, and a run after it finishes, whatever was left", async () => {
    await using whole = repository();
    whole.write({ "lefthook.yml": "colors: false\n" });
    await init(whole.path);
    for (let failAt = 0; failAt < FILES.length + 1; failAt += 1) {
      await using repo = repository();
      repo.write({ "lefthook.yml": "colors: false\n" });
      let count = 0;
      const dying = (tree: WorkTree): WorkTree => ({
        ...tree,
        write: (path, text, mode) => {
          if (count === failAt) return Promise.reject(new Error("killed"));
          count += 1;
          return tree.write(path, text, mode);
        },
      });
      await expect(init(repo.path, {}, dying)).rejects.toThrow("killed");
      // What names another file comes after it.
      if (read(repo, "lefthook.yml").includes("holdfast")) {
        expect(existsSync(join(repo.path, ".lefthook/holdfast-commit-msg.sh"))).toBe(true);
      }
      // What a kill between writing and renaming leaves.
      repo.write({
        ".github/.CODEOWNERS.holdfast-new": "half",
        ".github/.holdfast.yml.holdfast-new": "half",
      });
      if (existsSync(join(repo.path, ".github/CODEOWNERS"))) {
        repo.write({ ".github/.CODEOWNERS.holdfast-new": undefined });
      }
      if (existsSync(join(repo.path, ".github/holdfast.yml"))) {
        repo.write({ ".github/.holdfast.yml.holdfast-new": undefined });
      }
      await init(repo.path);
      expect(state(repo)).toEqual(state(whole));
    }
  }, 30_000);

  it("leaves a file that somebody wrote while it ran", async () => {
    await using repo = repository();
    const meddling = (tree: WorkTree): WorkTree => ({
      ...tree,
      async write(path, text, mode) {
        if (path === FILES[0]) repo.write({ [FILES[1]!]: "theirs\n" });
        await tree.write(path, text, mode);
      },
    });
    expect(became(await init(repo.path, {}, meddling))[FILES[1]!]).toBe(
      "leave: it was changed while this ran",
    );
    expect(read(repo, FILES[1]!)).toBe("theirs\n");
  });

  it("says what could not be written, and what is written stays", async () => {
    await using repo = repository();
    repo.write({ ".github/workflows": "a file in the place of a folder" });
    await expect(init(repo.path)).rejects.toMatchObject({
      code: "source.unwritable",
      message: expect.stringContaining(".github/workflows/pr-policy.yml could not be written") as unknown,
    });
    expect(read(repo, ".github/CODEOWNERS")).toContain("Who must approve");
    expect(PLAIN.GIT_CONFIG_GLOBAL).toBe("/dev/null");
  });
});

/** As `find` prints it. */
function keyOf(path: string): string {
  return path.startsWith(".git/") ? path : `./${path}`;
}
