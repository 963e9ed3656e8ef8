import { describe, expect, it } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { hookScript } from "../../../src/configuration/init/hook-script.ts";
import { defaultRules, lintMessage } from "../../../src/governance/commits/lint.ts";
import { policy } from "../../../src/governance/pr-policy/settings.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { scratchFolder } from "../../support/tools.ts";
import { became, init, PLAIN } from "./support.ts";
import { casesInTurn } from "../../support/sampling.ts";

const { types } = policy.parse({}).commits;
const SHELLS = ["dash", "bash"].filter((shell) => spawnSync(shell, ["-c", ":"]).status === 0);

interface Said {
  readonly status: number | null;
  readonly stderr: string;
}

async function run(
  shell: string,
  script: string,
  message: string | Buffer,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Said> {
  await using folder = scratchFolder("hook");
  const [hook, file] = [join(folder.path, "hook"), join(folder.path, "message")];
  writeFileSync(hook, script);
  writeFileSync(file, message);
  return spawnSync(shell, [hook, file], { encoding: "utf8", env: { PATH: process.env["PATH"], ...env } });
}

/** A commit through the hook that `init` has installed; the message by standard input, as git takes it. */
function commit(repo: Repository, message: string, ...words: readonly string[]): Said {
  const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
  return spawnSync("git", ["-C", repo.path, ...identity, "commit", "--allow-empty", "-F", "-", ...words], {
    encoding: "utf8",
    input: message,
    env: PLAIN,
  });
}

/** A commit whose message an editor writes: what it is, below what git has put there. */
function edited(repo: Repository, message: string, ...words: readonly string[]): Said {
  writeFileSync(join(repo.path, ".git/typed"), message);
  const editor = `sh -c 'cat .git/typed "$1" > .git/both; cp .git/both "$1"' x`;
  return spawnSync("git", ["-C", repo.path, "-c", "user.name=A", "-c", "user.email=a@b.c", ...words], {
    encoding: "utf8",
    env: { ...PLAIN, GIT_EDITOR: editor },
  });
}

describe("the commit-msg hook", () => {
  it.each(casesInTurn("shells of the hook", SHELLS, { every: 2 }))(
    "says of a header what pr-policy says of it, in %s",
    async (shell) => {
      const headers = [
        "fix: x",
        "feat(cart): keep items after a reload",
        "feat(cart)!: keep items",
        "feat!: keep items",
        "refactor!: drop Node 20",
        "fix(a/b): x",
        "fix(a b): x",
        "fix(a(b)): x",
        "fix(a): (b): x",
        "fix(a)!: (b)!: x",
        "fix(a):",
        "fix(a):x",
        "fix()x: y",
        "fix: x (#12)",
        "fix: ✨ keep items",
        "fix: über alles",
        "fix: Ärger mit Öl",
        "fix: ärger",
        "fix: Żółw",
        "fix: Привет",
        "fix: привет",
        "fix: Ấn",
        "fix: 你好",
        "fix: ßa",
        "fix: wait...",
        "fix: `Keep` x",
        "feat( cart ): x",
        "feat(): x",
        "feat( ): x",
        "feat(cart):  two blanks",
        "feat(Ärger): x",
        "fix: 3 things",
        "fix: `rm -rf $HOME` $(id) ${{ x }} \"quoted\" 'too' \\n %s",
        "fix: a: b",
        "fix: keep *",
        `fix: ${"x".repeat(95)}`,
        `fix: ${"é".repeat(95)}`,
        `fix: ${"x".repeat(96)}`,
        "Did things",
        "wip",
        "wip: x",
        "Fix: x",
        "FIX: x",
        "fix x",
        "fix:x",
        "fix:",
        "fix: ",
        "fix : x",
        "fix (a): x",
        "fix(a) : x",
        "fix(a: x",
        "fix!!: x",
        "fix:  x",
        "fix: x ",
        "fix: x.",
        "fix: Keep items",
        "✨ fix: x",
        "fixes: x",
        "feat(a)x: y",
        ": x",
        "(a): x",
        "[x] fix: y",
        "Merge things",
        "Reverts x",
        "fixup: x",
      ];
      const said: unknown[] = [];
      const wanted: unknown[] = [];
      for (const header of headers) {
        const errors = (await lintMessage(header, defaultRules(types, undefined))).filter(
          ({ level }) => level === "error",
        );
        wanted.push([header, errors.length === 0]);
        const { status } = await run(shell, hookScript({ types }), `${header}\n`);
        said.push([header, status === 0]);
      }
      expect(said).toEqual(wanted);
      expect(SHELLS).toContain("dash");
      // Where scopes are declared.
      const scopes = ["cart", "my-shop"];
      const ofScopes = [
        "",
        "cart",
        " cart ",
        " ",
        "cart,my-shop",
        "cart, my-shop",
        "cart/my-shop",
        "cart\\cart",
      ];
      ofScopes.push(
        "cart,other",
        "cart,,cart",
        "cart,",
        "/cart",
        "cart ,my-shop",
        "cart my-shop",
        "Cart",
        "shop",
      );
      ofScopes.push("cart,  cart", "cart/ cart", "*", "cart,*");
      for (const scope of ofScopes) {
        const header = `feat(${scope}): x`;
        const problems = await lintMessage(header, defaultRules(types, scopes));
        const { status } = await run(shell, hookScript({ types, scopes }), `${header}\n`);
        expect([header, status === 0]).toEqual([header, problems.length === 0]);
      }
    },
  );

  it("starts no other program for a message that is as it should be", async () => {
    const script = hookScript({ types });
    const alone = { PATH: "/nonexistent" };
    expect(await run("/bin/sh", script, "fix(cart): keep items\n\nbody\n", alone)).toMatchObject({
      status: 0,
    });
  });

  it("takes types and scopes from the settings", async () => {
    const script = hookScript({ types: ["feat", "task"], scopes: ["cart", "other"] });
    const status = async (message: string): Promise<number | null> =>
      (await run("/bin/sh", script, message)).status;
    expect(await Promise.all(["task: x", "feat(cart): x", "feat(cart,other): x"].map(status))).toEqual([
      0, 0, 0,
    ]);
    expect(await Promise.all(["fix: x", "feat(shop): x"].map(status))).toEqual([1, 1]);
    // What no shell can ask for is pr-policy's alone.
    const odd = hookScript({ types: ["feat"], scopes: ["my cart", "x'; rm -rf /; '"] });
    expect(odd).not.toContain("rm -rf");
    expect((await run("/bin/sh", odd, "feat(my cart): x")).status).toBe(0);
  });

  it("says what is wrong, what would be right, and that the message is kept", async () => {
    const { stderr } = await run("/bin/sh", hookScript({ types }), "Did `things` %s\n");
    expect(stderr).toMatch(/^commit-msg: Did `things` %s\n {2}it begins with no type of: build chore/);
    expect(stderr).toContain("as it should be: fix(cart): keep items after a reload");
    expect(stderr).toContain("the message is kept: say git commit again as you did, without -m, and with\n");
    expect(stderr).toMatch(/\n {2}-e -F \/.*HOLDFAST_EDITMSG\n$/);
    // The type is right there, and what stands behind it is not.
    for (const header of ["chore : x", "fix x", "fix! : x", "fix:x"]) {
      const told = await run("/bin/sh", hookScript({ types }), `${header}\n`);
      expect(told.stderr).toContain(`${header}\n  after its type come a colon and one space\n`);
    }
  });

  it("lets real commits through, and refuses real ones", async () => {
    await using repo = repository();
    await init(repo.path);
    const status = (message: string, ...words: string[]): number | null =>
      commit(repo, message, ...words).status;
    expect(status("chore: begin\n")).toBe(0);
    expect(status("Did things\n")).toBe(1);
    expect(status("Did things\n", "--no-verify")).toBe(0);
    expect(status("fix!: x\n\nBREAKING CHANGE: y\n")).toBe(0);
    expect(status("fix: ✨ x\r\n\r\nbody\r\n", "--cleanup=verbatim")).toBe(0);
    expect(status("fix: x.\r\n", "--cleanup=verbatim")).toBe(1);
    expect(status("\n\n  \nfix: after blank lines\n")).toBe(0);
    expect(status("# 12 fix: x\n", "--cleanup=whitespace")).toBe(1);
    expect(readFileSync(join(repo.path, ".git/HOLDFAST_EDITMSG"), "utf8")).toBe("# 12 fix: x\n");
    expect(status("#12 things\n", "--cleanup=whitespace")).toBe(1);
    expect(status("fixup! chore: begin\n")).toBe(0);
    expect(status("squash! chore: begin\n")).toBe(0);
    expect(status("fix: without a line end")).toBe(0);
    // Git's own messages: a merge, a revert, and the revert of that.
    repo.git("branch", "-q", "other", "HEAD~1");
    repo.git("checkout", "-q", "other");
    expect(status("feat: elsewhere\n")).toBe(0);
    expect(repo.git("merge", "--no-edit", "main")).toContain("Merge made");
    repo.write({ a: "1\n" });
    repo.git("add", "a");
    expect(status("feat: a\n")).toBe(0);
    for (const header of ['Revert "feat: a"', /^(?:Revert "Revert "feat: a""|Reapply "feat: a")$/]) {
      repo.git("revert", "--no-edit", "HEAD");
      expect(repo.git("log", "-1", "--format=%s")).toMatch(header);
    }
  }, 30_000);

  it("knows an editor's comments, by whatever character, and what --verbose shows below them", async () => {
    await using repo = repository();
    await init(repo.path);
    repo.write({ a: "Did things\n" });
    repo.git("add", "a");
    const odd = (words: readonly string[]): string[] => [...words, "commit", "--allow-empty", "--verbose"];
    for (const config of [[], ["-c", "core.commentChar=;"], ["-c", "core.commentChar=auto"]]) {
      expect(edited(repo, "fix: typed\n", ...odd(config))).toMatchObject({ status: 0 });
      expect(edited(repo, "Typed\n", ...odd(config))).toMatchObject({
        status: 1,
        stderr: expect.stringContaining("commit-msg: Typed") as unknown,
      });
      // Comments of git's own come first when commits are squashed.
      const mark = config.length === 0 ? "#" : ";";
      expect(edited(repo, `${mark} This is the 1st commit:\n\nfix: x\n`, ...odd(config)).status).toBe(0);
      // Nothing but comments and the difference: git ends that itself.
      expect(edited(repo, "", ...odd(config)).stderr).toContain(
        "Aborting commit due to empty commit message",
      );
    }
    expect(edited(repo, "; Typed\n", "commit", "--allow-empty").stderr).toContain("commit-msg: ; Typed");
  }, 30_000);
});

describe("a message that the hook has refused", () => {
  /** As a person would: the words that were said, taken by a shell, in the folder that they are in. */
  const again = (repo: Repository, said: Said, words: string, folder = "."): void => {
    const [, kept = ""] = /^ {2}(-e -F .*)$/m.exec(said.stderr) ?? [];
    const line = `git -c user.name=A -c user.email=a@b.c commit ${words} ${kept}`;
    const env = { ...PLAIN, GIT_EDITOR: "sed -i '1s/^Did/fix: do/'" };
    const done = spawnSync("sh", ["-c", line], { cwd: join(repo.path, folder), encoding: "utf8", env });
    expect([done.stderr, done.status]).toEqual(["", 0]);
  };
  const message = (repo: Repository): string => repo.git("log", "-1", "--format=%B").trimEnd();

  it.each(["", "-c commit.verbose=true", "-c core.commentChar=auto", "-c core.commentChar=;"])(
    "is kept without the difference and comments that git had put below it: %j",
    async (words) => {
      const config = words.split(" ").filter((word) => word !== "");
      await using repo = repository();
      await init(repo.path);
      repo.write({ a: "1\n" });
      repo.git("add", "a");
      const body = "Did things\n\nBecause.\n";
      const said = edited(repo, body, ...config, "commit", "--verbose");
      expect(readFileSync(join(repo.path, ".git/COMMIT_EDITMSG"), "utf8")).toContain("diff --git");
      expect(readFileSync(join(repo.path, ".git/HOLDFAST_EDITMSG"), "utf8").trimEnd()).toBe(body.trimEnd());
      again(repo, said, "--verbose");
      expect(message(repo)).toBe("fix: do things\n\nBecause.");
    },
  );

  it("is taken up by the words that are said: below the root, of all files, as the same commit", async () => {
    await using repo = repository();
    await init(repo.path);
    repo.commit("chore: begin", { "it's below/a": "1\n" });
    repo.write({ "it's below/a": "2\n" });
    again(repo, commit(repo, "Did a\n", "-a"), "-a", "it's below");
    expect(message(repo)).toBe("fix: do a");
    expect(repo.git("status", "--porcelain", "--", "it's below").trim()).toBe("");
    const count = repo.git("rev-list", "--count", "HEAD");
    again(repo, edited(repo, "Did b\n", "commit", "--amend"), "--amend", "it's below");
    expect([message(repo).split("\n")[0], repo.git("rev-list", "--count", "HEAD")]).toEqual([
      "fix: do b",
      count,
    ]);
    // A linked work tree has a folder of its own, and a path may hold anything.
    await using elsewhere = scratchFolder("it's $HOME");
    const linked = join(elsewhere.path, "a b");
    repo.git("worktree", "add", "-q", "-b", "linked", linked);
    const there = { ...repo, path: linked };
    again(there, commit(there, "Did c\n"), "--allow-empty");
    expect(spawnSync("git", ["-C", linked, "log", "-1", "--format=%s"]).stdout.toString()).toBe(
      "fix: do c\n",
    );
  });
});

/** What husky 9 installs as .husky/_/commit-msg: https://github.com/typicode/husky/blob/main/husky */
const HUSKY = `#!/usr/bin/env sh
n=$(basename "$0")
s=$(dirname "$(dirname "$0")")/$n
[ ! -f "$s" ] && exit 0
sh -e "$s" "$@"
c=$?
[ $c != 0 ] && echo "husky - $n script failed (code $c)"
exit $c
`;

function withHusky(repo: Repository): void {
  mkdirSync(join(repo.path, ".husky/_"), { recursive: true });
  writeFileSync(join(repo.path, ".husky/_/commit-msg"), HUSKY);
  chmodSync(join(repo.path, ".husky/_/commit-msg"), 0o755);
  repo.git("config", "core.hooksPath", ".husky/_");
}

describe("where husky runs the hooks", () => {
  it("is a script of husky's, and of no other place", async () => {
    await using repo = repository();
    withHusky(repo);
    expect(became(await init(repo.path))).toMatchObject({ ".husky/commit-msg": "make" });
    expect(commit(repo, "Did things\n").status).toBe(1);
    expect(commit(repo, "fix: x\n").status).toBe(0);
    expect(became(await init(repo.path))[".husky/commit-msg"]).toBe("same");
  });

  it("is found below the root too, where a monorepo has it", async () => {
    await using repo = repository();
    repo.git("config", "core.hooksPath", "web/.husky/_");
    expect(became(await init(repo.path))).toMatchObject({ "web/.husky/commit-msg": "make" });
  });

  it("joins what is there, before and after its own lines", async () => {
    await using repo = repository();
    withHusky(repo);
    const own = 'echo "mine: $1" >> ran\n';
    repo.write({ ".husky/commit-msg": own });
    expect(became(await init(repo.path))[".husky/commit-msg"]).toBe("join");
    const text = readFileSync(join(repo.path, ".husky/commit-msg"), "utf8");
    expect(text.startsWith(own)).toBe(true);
    writeFileSync(join(repo.path, ".husky/commit-msg"), `${text}echo after >> ran\n`);
    expect(became(await init(repo.path))[".husky/commit-msg"]).toBe("same");
    expect([commit(repo, "fix: x\n").status, commit(repo, "Did\n").status]).toEqual([0, 1]);
    expect(readFileSync(join(repo.path, "ran"), "utf8")).toBe(
      "mine: .git/COMMIT_EDITMSG\nafter\nmine: .git/COMMIT_EDITMSG\n",
    );
    repo.write({ ".github/holdfast.yml": "policy: { commits: { types: [task] } }\n" });
    expect(became(await init(repo.path))[".husky/commit-msg"]).toBe("update");
    expect([commit(repo, "task: x\n").status, commit(repo, "fix: x\n").status]).toEqual([0, 1]);
    const last = readFileSync(join(repo.path, ".husky/commit-msg"), "utf8");
    expect([last.startsWith(own), last.endsWith("echo after >> ran\n")]).toEqual([true, true]);
    writeFileSync(join(repo.path, ".husky/commit-msg"), last.replace("task", "task wip"));
    expect(became(await init(repo.path))[".husky/commit-msg"]).toBe(
      "leave: our lines in it were changed by hand",
    );
  });

  it.each(["exit 0\n", "npx commitlint --edit $1\nexec true\n", "#!/usr/bin/env node\n", "true\r\n"])(
    "leaves a script after whose last line nothing may run: %j",
    async (script) => {
      await using repo = repository();
      withHusky(repo);
      repo.write({ ".husky/commit-msg": script });
      expect(became(await init(repo.path))[".husky/commit-msg"]).toMatch(/^leave: .*call the check from it/);
      expect(readFileSync(join(repo.path, ".husky/commit-msg"), "utf8")).toBe(script);
    },
  );
});

describe("where lefthook runs the hooks", () => {
  const SCRIPT = ".lefthook/holdfast-commit-msg.sh";

  /** What lefthook does with its file: each command of the hook, `{1}` filled in. */
  const asLefthook = (repo: Repository, message: string): number | null => {
    const config = parse(readFileSync(join(repo.path, "lefthook.yml"), "utf8")) as {
      "commit-msg": { commands: { holdfast: { run: string } } };
    };
    writeFileSync(join(repo.path, ".git/typed"), message);
    const line = config["commit-msg"].commands.holdfast.run.replace("{1}", ".git/typed");
    return spawnSync("sh", ["-c", line], { cwd: repo.path }).status;
  };

  it.each([
    "pre-commit:\n  commands:\n    lint: { run: npm run lint }\n",
    "",
    "# nothing yet",
    "colors: false",
  ])("adds a command to its file, and touches nothing else of it: %j", async (own) => {
    await using repo = repository();
    repo.write({ "lefthook.yml": own });
    const outcome = await init(repo.path);
    expect(became(outcome)).toMatchObject({ [SCRIPT]: "make", "lefthook.yml": "join" });
    expect(became(outcome)).not.toHaveProperty([".git/hooks/commit-msg"]);
    const text = readFileSync(join(repo.path, "lefthook.yml"), "utf8");
    expect(text.startsWith(own)).toBe(true);
    const { "commit-msg": _, ...others } = parse(text) as Record<string, unknown>;
    expect(others).toEqual(parse(own) ?? {});
    expect([asLefthook(repo, "fix: x\n"), asLefthook(repo, "Did\n")]).toEqual([0, 1]);
    expect(became(await init(repo.path))).toMatchObject({ [SCRIPT]: "same", "lefthook.yml": "same" });
  });

  it.each([
    "commit-msg:\n  commands: {}\n",
    "- 1\n",
    "a: 1\n---\nb: 2\n",
    "a: [\n",
    "a: 1\n...\n",
    "a: 1\r\n",
  ])("leaves a file that it cannot add to, and says what to add: %j", async (own) => {
    await using repo = repository();
    repo.write({ "lefthook.yml": own });
    expect(became(await init(repo.path))["lefthook.yml"]).toMatch(
      /^leave: .*add to commit-msg by hand: run: sh \.lefthook\/holdfast-commit-msg\.sh \{1\}$/,
    );
    expect(readFileSync(join(repo.path, "lefthook.yml"), "utf8")).toBe(own);
  });
});
