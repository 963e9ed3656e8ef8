import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { checkout } from "../../src/adapters/source-tree/checkout.ts";
import { gitHistory } from "../../src/adapters/source-tree/history.ts";
import type { SourceChange, SourceHistory } from "../../src/ports/source-history.ts";
import { repository, type Repository } from "../support/repository.ts";
import { scratchFolder } from "../support/tools.ts";

const historyOf = ({ path }: Repository, below = ""): SourceHistory =>
  gitHistory({ env: process.env, folder: join(path, below) });

const RANGE = { base: "main", head: "HEAD" };

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}\n`).join("");

/** A change in one line: kind, path, where it was, its new lines, how many went. */
const told = ({ kind, path, before, lines: ranges, removed, isFile }: SourceChange): string =>
  [
    kind,
    path,
    ...(before === undefined ? [] : [`from ${before}`]),
    ranges.map(({ first, last }) => `${first}-${last}`).join(","),
    `-${removed}`,
    ...(isFile ? [] : ["no file"]),
  ].join(" ");

it("of a message of megabytes the beginning and the end are kept", async () => {
  await using repo = repository();
  repo.commit("begin", { "a.ts": "1\n" });
  repo.git("checkout", "-qb", "topic");
  const footer = "BREAKING CHANGE: all of it";
  // As an argument it would be too long.
  repo.write({ ".git/long": `feat: much\n\n${"word ".repeat(1_000_000)}\n\n${footer}\n\n\n` });
  repo.git("commit", "-q", "--allow-empty", "-F", ".git/long");
  const [{ message } = { message: "" }] = await historyOf(repo).commits(RANGE);
  expect(message.length).toBeLessThan(250_000);
  expect([message.startsWith("feat: much\n\nword "), message.endsWith(footer)]).toEqual([true, true]);
});

it("of a name that is a branch's and a tag's the branch is meant", async () => {
  await using repo = repository();
  repo.commit("begin", { "a.ts": "1\n" });
  const begin = repo.git("rev-parse", "HEAD");
  repo.git("tag", "origin/main");
  repo.git("tag", "main");
  repo.git("tag", "v1");
  repo.commit("more", { "a.ts": "2\n" });
  const more = repo.git("rev-parse", "HEAD");
  repo.git("update-ref", "refs/remotes/origin/main", more);
  const history = historyOf(repo);
  expect([await history.commit("origin/main"), await history.commit("main")]).toEqual([more, more]);
  expect([await history.commit("v1"), await history.commit("refs/tags/main")]).toEqual([begin, begin]);
  expect(await history.commit(begin)).toBe(begin);
  await expect(history.commit("nowhere")).rejects.toMatchObject({ code: "source.history" });
  const tree = checkout({ env: process.env });
  const { files } = await tree.filesAtBase(repo.path, "origin/main", (path) => path === "a.ts");
  expect(files.map(({ bytes }) => bytes.toString())).toEqual(["2\n"]);
});

/** What decides how git compares, or what it prints of it, where nobody says otherwise. */
const SETTINGS_OF_GIT = [
  ["diff.interHunkContext", "5"],
  ["diff.relative", "true"],
  ["diff.submodule", "log"],
  ["diff.submodule", "diff"],
  ["diff.ignoreSubmodules", "all"],
  ["diff.context", "9"],
  ["diff.algorithm", "patience"],
  ["diff.by-kind.algorithm", "histogram"],
  ["diff.indentHeuristic", "false"],
  ["diff.renames", "false"],
  ["diff.renames", "copies"],
  ["diff.renameLimit", "1"],
  ["diff.noprefix", "true"],
  ["diff.mnemonicPrefix", "true"],
  ["diff.suppressBlankEmpty", "true"],
  ["diff.wsErrorHighlight", "all"],
  ["diff.colorMoved", "zebra"],
  ["diff.wordRegex", "."],
  ["core.quotePath", "false"],
  ["core.bigFileThreshold", "1"],
  ["i18n.logOutputEncoding", "UTF-16"],
  ["log.showSignature", "true"],
] as const;

describe("changes since the base", () => {
  it("are told line by line, and followed through renames", async () => {
    await using repo = repository();
    repo.commit("begin", { "src/a.ts": lines(1, 20), "src/old name.ts": lines(1, 30), "gone.ts": "x\ny\n" });
    repo.git("checkout", "-qb", "topic");
    repo.commit("change", {
      "src/a.ts": `${lines(1, 4)}new 5\nnew 6\n${lines(6, 19)}line 20`,
      "src/old name.ts": undefined,
      "src/new ü\t.ts": `${lines(1, 10)}more\n${lines(11, 30)}`,
      "gone.ts": undefined,
      "fresh.ts": "a\nb\nc",
      "empty.ts": "",
    });
    // What the base does meanwhile is none of this branch's changes.
    repo.git("checkout", "-q", "main");
    repo.commit("meanwhile", { "src/other.ts": "x\n" });
    repo.git("checkout", "-q", "topic");
    const changes = await historyOf(repo, "src").changes(RANGE);
    expect(changes.map(told)).toEqual([
      "added empty.ts  -0",
      "added fresh.ts 1-3 -0",
      "deleted gone.ts  -2",
      "modified src/a.ts 5-6,21-21 -2",
      "renamed src/new ü\t.ts from src/old name.ts 11-11 -0",
    ]);
  });

  it("that are links or other repositories are told apart from files, whatever their names", async () => {
    await using repo = repository();
    const other = repo.commit("first", { "a.ts": "1\n", "in/b.ts": "2\n" });
    symlinkSync("../a.ts", join(repo.path, "in", "odd\tname"));
    repo.git("add", "-A");
    repo.git("update-index", "--add", "--cacheinfo", `160000,${other},vendored`);
    repo.git("commit", "-qm", "links");
    const history = historyOf(repo);
    expect(await history.links("HEAD")).toEqual(["in/odd\tname", "vendored"]);
    expect(await history.paths("HEAD")).toEqual(["a.ts", "in/b.ts"]);
    await expect(history.links("nowhere")).rejects.toMatchObject({ code: "source.history" });
  });

  it("are not hidden by attributes, settings or odd kinds of entries", async () => {
    await using repo = repository();
    repo.commit("begin", { "a.ts": lines(1, 3), "link.ts": "x\n", "b.bin": Buffer.from([0, 1, 2]) });
    repo.git("config", "diff.external", "/bin/false");
    repo.git("config", "diff.orderFile", "order");
    repo.git("config", "color.ui", "always");
    repo.git("config", "diff.noprefix", "true");
    repo.git("config", "diff.context", "9");
    repo.git("checkout", "-qb", "topic");
    repo.write({ "link.ts": undefined });
    symlinkSync("a.ts", join(repo.path, "link.ts"));
    repo.commit("hide", {
      order: "z*\n",
      ".gitattributes": "*.ts -diff\n*.bin binary\n",
      "a.ts": `${lines(1, 3)}diff --git a/x b/x\n@@ -1 +1,99 @@\n`,
      "b.bin": Buffer.from([0, 9, 2, 10, 0x40, 0x40, 0x20]),
    });
    expect((await historyOf(repo).changes(RANGE)).map(told)).toEqual([
      "added .gitattributes 1-2 -0",
      "modified a.ts 4-5 -0",
      "modified b.bin 1-2 -1",
      "type-changed link.ts 1-1 -1 no file",
      "added order 1-1 -0",
    ]);
  });

  it("are the same whatever the checkout's own settings say", async () => {
    await using repo = repository();
    const part = (name: string): string => `function ${name}() {\n\n  return "${name}";\n}\n\n`;
    repo.commit("begin", {
      "src/ü.ts": lines(1, 9),
      "src/parts.ts": part("one") + part("two") + part("three"),
      "src/old.ts": lines(1, 30),
      ".gitattributes": "*.ts diff=by-kind\n",
    });
    repo.git("checkout", "-qb", "topic");
    repo.write({
      "src/ü.ts": `${lines(1, 2)}new 3\n${lines(4, 6)}new 7\n${lines(8, 9)}`,
      "src/parts.ts": part("three") + part("four") + part("one"),
      "src/new.ts": `${lines(1, 30)}more\n`,
      "src/old.ts": undefined,
      "other/a.ts": "a\n",
    });
    repo.git("add", "-A");
    repo.git("update-index", "--add", "--cacheinfo", `160000,${repo.git("rev-parse", "main")},lib`);
    repo.git("commit", "-qm", "change ü");
    const seen = async (): Promise<unknown> => {
      const history = historyOf(repo, "src");
      return [(await history.changes(RANGE)).map(told), await history.commits(RANGE)];
    };
    const expected = await seen();
    expect(expected).toMatchObject([
      expect.arrayContaining([
        "added lib 1-1 -0 no file",
        "renamed src/new.ts from src/old.ts 31-31 -0",
        "modified src/ü.ts 3-3,7-7 -2",
      ]),
      [{ message: "change ü" }],
    ]);
    for (const [key, value] of SETTINGS_OF_GIT) {
      repo.git("config", key, value);
      expect([key, value, await seen()]).toEqual([key, value, expected]);
      repo.git("config", "--unset", key);
    }
  });

  it("are an error where the checkout has not the base, and never nothing", async () => {
    await using repo = repository();
    repo.commit("begin", { "a.ts": "x\n" });
    const refusal = { code: "source.history", message: expect.stringContaining("origin/main") as unknown };
    const range = { base: "origin/main", head: "HEAD" };
    await expect(historyOf(repo).changes(range)).rejects.toMatchObject(refusal);
    await expect(historyOf(repo).commits(range)).rejects.toMatchObject(refusal);
    await expect(historyOf(repo).commit("--all")).rejects.toMatchObject({ code: "source.history" });
    repo.git("checkout", "-q", "--orphan", "other");
    repo.commit("unrelated");
    await expect(historyOf(repo).changes(RANGE)).rejects.toMatchObject({
      message: expect.stringMatching(/where HEAD left main/) as unknown,
    });
  });
});

describe("commits since the base", () => {
  it("come whole and in order, whatever is in their messages", async () => {
    await using repo = repository();
    repo.commit("begin");
    repo.git("checkout", "-qb", "topic");
    const messages = ["feat: ü 🚀", 'fix!: a\r\n\r\nbody \\ "x" $(id) `id`\r\n\r\nBREAKING CHANGE: b', ""];
    const ids = messages.map((message) => repo.commit(message));
    const commits = await historyOf(repo).commits(RANGE);
    expect(commits.map(({ id }) => id)).toEqual(ids);
    expect(commits.map(({ message }) => message)).toEqual(messages);
    expect(commits[0]).toMatchObject({ author: { name: "Ada", email: "ada@example.org" } });
    expect(commits[1]!.parents).toEqual([ids[0]]);
  });

  it("say which of them are merges, and which branch is checked out", async () => {
    await using repo = repository();
    repo.commit("begin");
    repo.git("checkout", "-qb", "topic");
    repo.commit("feat: a", { a: "1" });
    repo.git("checkout", "-q", "main");
    repo.commit("fix: b", { b: "1" });
    repo.git("checkout", "-q", "topic");
    repo.git("merge", "-q", "--no-edit", "main");
    const commits = await historyOf(repo).commits(RANGE);
    expect(commits.map(({ parents, message }) => [parents.length, message])).toEqual([
      [1, "feat: a"],
      [2, "Merge branch 'main' into topic"],
    ]);
    expect(await historyOf(repo).branch()).toBe("topic");
    expect(await historyOf(repo).isDirty()).toBe(false);
    repo.write({ a: "2" });
    expect(await historyOf(repo).isDirty()).toBe(true);
    repo.git("checkout", "-qf", "--detach");
    expect(await historyOf(repo).branch()).toBeUndefined();
  });
});

it("a branch has not what it has taken back, unless it has made it again", async () => {
  await using repo = repository();
  repo.commit("begin", { a: "1\n", b: "1\n" });
  repo.git("branch", "develop");
  repo.git("checkout", "-qb", "hotfix");
  repo.commit("fix: a", { a: "2\n" });
  repo.commit("fix: b", { b: "2\n" });
  const lacking = async (): Promise<string[]> =>
    (await historyOf(repo, ".").lacking({ base: "main", head: "hotfix" }, "develop")).map(
      (each) => each.message,
    );
  repo.git("checkout", "-q", "develop");
  repo.git("merge", "-q", "--no-ff", "--no-edit", "hotfix");
  expect(await lacking()).toEqual([]);
  repo.git("revert", "--no-edit", "hotfix~1");
  expect(await lacking()).toEqual(["fix: a"]);
  repo.git("revert", "--no-edit", "HEAD");
  expect(await lacking()).toEqual([]);
  repo.git("reset", "-q", "--hard", "develop~2");
  repo.git("revert", "--no-edit", "-m", "1", "HEAD");
  expect(await lacking()).toEqual(["fix: a", "fix: b"]);
  // The same of what was picked, and of a squash.
  repo.git("reset", "-q", "--hard", "main");
  repo.git("cherry-pick", "hotfix~1", "hotfix");
  repo.git("revert", "--no-edit", "HEAD");
  expect(await lacking()).toEqual(["fix: b"]);
  repo.git("reset", "-q", "--hard", "main");
  repo.commit("fix: both", { a: "2\n", b: "2\n" });
  expect(await lacking()).toEqual([]);
  repo.git("revert", "--no-edit", "HEAD");
  expect(await lacking()).toEqual(["fix: a", "fix: b"]);
});

it("what a commit says that it takes back is held against what it changes", async () => {
  await using repo = repository();
  const bytes = Buffer.from([0xff, 0, 0xe8, 10]);
  repo.commit("chore: begin", { a: "1\n2\n3\n4\n", b: bytes });
  const feature = repo.commit("feat: a", { a: "1\ntwo\n3\n4\n", b: Buffer.from([0xff, 0, 0xe9, 10]) });
  repo.commit("fix: beside", { a: "1\ntwo\nthree\n4\n" });
  const back = repo.commit("x", { a: "1\n2\nthree\n4\n", b: bytes });
  const half = repo.commit("y", { a: "1\ntwo\nthree\n4\n" });
  const nothing = repo.commit("z", { c: "1\n" });
  repo.git("checkout", "-qb", "topic", feature);
  repo.commit("feat: b", { d: "1\n" });
  repo.git("checkout", "-q", "main");
  repo.git("merge", "-q", "--no-ff", "--no-edit", "topic");
  const merge = repo.git("rev-parse", "HEAD");
  repo.git("revert", "--no-edit", "-m", "1", "HEAD");
  const unmerge = repo.git("rev-parse", "HEAD");
  // A branch that is called like the beginning of a hash is not meant.
  repo.git("branch", nothing.slice(0, 8), feature);
  const claim = (commit: string, undoes: string): { commit: string; undoes: string } => ({ commit, undoes });
  const history = historyOf(repo, ".");
  expect(
    await history.proved([
      claim(back, feature.slice(0, 9)),
      claim(half, feature),
      claim(nothing, feature),
      claim(back, nothing.slice(0, 8)),
      claim(back, "0".repeat(40)),
      claim(unmerge, merge),
    ]),
  ).toEqual([claim(back, feature), claim(unmerge, merge)]);
  expect(await history.proved([])).toEqual([]);
});

it("reads a file of a commit by its very path, and tells a missing one from a link", async () => {
  await using repo = repository();
  repo.write({ "sub/x": "1" });
  symlinkSync("/etc/passwd", join(repo.path, "link"));
  const id = repo.commit("begin", { "sub/*.yml": "star", "sub/a.yml": "a" });
  const history = historyOf(repo, "sub");
  expect((await history.file(id, "sub/*.yml"))?.toString()).toBe("star");
  expect(await history.file(id, "a.yml")).toBeUndefined();
  expect(await history.file(id, "link")).toBeUndefined();
  expect(await history.paths(id)).toEqual(["sub/*.yml", "sub/a.yml", "sub/x"]);
});

it("files are counted by their lines in one question, whatever is in them", async () => {
  await using repo = repository();
  const large = Buffer.alloc(300_001, "1234567\n");
  repo.write({
    "a b\n.txt": "1\n2\n",
    "no-end": "1\n2",
    empty: "",
    blank: "\n\n",
    large,
    binary: "\0\n\0 blob 7",
  });
  symlinkSync("a", join(repo.path, "link"));
  const commit = repo.commit("chore: begin");
  const paths = ["large", "no-end", "a b\n.txt", "empty", "blank", "binary", "link", "gone"];
  expect(Object.fromEntries(await historyOf(repo).lengths(commit, paths))).toEqual({
    "a b\n.txt": 2,
    "no-end": 2,
    empty: 0,
    blank: 2,
    large: 37_501,
    binary: 2,
  });
  expect((await historyOf(repo).lengths(commit, ["gone"])).size).toBe(0);
});

describe("commits that another branch has in another form", () => {
  const before = "def a():\n    b()\n";
  const half = "def a():\n    b()\n    c()\n";

  it.each([
    ["the same lines", half, half, {}, 0],
    ["other white space, which makes it another program", half, "def a():\n    b()\nc()\n", {}, 1],
    ["another byte, which is none of UTF-8's", Buffer.from([0xe8, 10]), Buffer.from([0xe9, 10]), {}, 1],
    ["another text, where attributes hide what it is", half, "other\n", { ".gitattributes": "* -diff\n" }, 1],
    ["a file that is called otherwise", half, half, { name: "other.py" }, 1],
  ])("by %s", async (_, mine, theirs, { name = "a.py", ...files }: Record<string, string>, lacking) => {
    await using repo = repository();
    repo.commit("begin", { "a.py": before, "other.py": before, ...files });
    repo.git("branch", "develop");
    repo.git("checkout", "-qb", "hotfix");
    repo.commit("fix: c", { "a.py": mine });
    repo.git("checkout", "-q", "develop");
    repo.commit("feat: more", { "more.py": "x\n" });
    repo.commit("fix: c, there too", { [name]: theirs });
    repo.git("checkout", "-q", "hotfix");
    expect(await historyOf(repo).lacking(RANGE, "develop")).toHaveLength(lacking);
    // Two commits here, and one there: as a squash makes it.
    repo.commit("fix: begin", { "a.py": before });
    repo.commit("fix: again", { "a.py": mine });
    repo.git("checkout", "-q", "develop");
    repo.git("reset", "-q", "--hard", "main");
    repo.commit("feat: more", { "more.py": "x\n" });
    repo.commit("fix: all of it", { [name]: theirs });
    repo.git("checkout", "-q", "hotfix");
    expect(await historyOf(repo).lacking(RANGE, "develop")).toHaveLength(lacking * 3);
  });
});

describe("what a checkout has not", () => {
  it("is told as what it is: a partial clone, two histories, or no repository", async () => {
    await using repo = repository();
    await using clone = repository();
    await using nothing = scratchFolder("nothing");
    repo.git("config", "uploadpack.allowFilter", "true");
    repo.commit("begin", { "a.ts": lines(1, 9) });
    repo.git("checkout", "-qb", "topic");
    repo.commit("change", { "a.ts": lines(2, 9) });
    clone.git("clone", "-q", "--no-checkout", "--filter=blob:none", `file://${repo.path}`, "partial");
    const partial = gitHistory({ env: process.env, folder: join(clone.path, "partial") });
    const range = { base: "origin/main", head: "origin/topic" };
    const hint = expect.stringMatching(/partial clone.*`filter`.*`git fetch --refetch --no-filter`/);
    await expect(partial.changes(range)).rejects.toMatchObject({ code: "source.history", hint });
    await expect(partial.file("origin/main", "a.ts")).rejects.toMatchObject({ hint });
    clone.git("-C", "partial", "fetch", "-q", "--refetch", "--no-filter");
    expect((await partial.changes(range)).map(told)).toEqual(["modified a.ts  -1"]);
    repo.git("checkout", "-q", "--orphan", "other");
    repo.commit("unrelated");
    await expect(historyOf(repo).mergeBase(RANGE)).rejects.toThrow(
      "where HEAD left main: no commit that is here is an ancestor of both",
    );
    await expect(gitHistory({ env: process.env, folder: nothing.path }).root()).rejects.toMatchObject({
      hint: "Run it inside of a git repository.",
    });
  });

  it("is no other object that stands in for one", async () => {
    await using repo = repository();
    const begin = repo.commit("begin", { "a.ts": "1\n" });
    repo.git("checkout", "-qb", "topic");
    const change = repo.commit("change", { "a.ts": "2\n" });
    repo.git("replace", change, repo.commit("nothing", { "a.ts": "1\n" }));
    repo.git("reset", "-q", "--hard", change);
    expect(await historyOf(repo).commit("HEAD")).toBe(change);
    expect((await historyOf(repo).commits(RANGE)).map(({ message }) => message)).toEqual(["change"]);
    expect((await historyOf(repo).changes({ base: begin, head: change })).map(told)).toEqual([
      "modified a.ts 1-1 -1",
    ]);
  });
});
