import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { checkout } from "../../src/adapters/source-tree/checkout.ts";
import { scratchFolder } from "../support/tools.ts";

const IDENTITY = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", ["-C", folder, ...IDENTITY, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

function put(folder: string, file: string, text: string | Buffer): void {
  mkdirSync(join(folder, file, ".."), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function commit(folder: string): string {
  git(folder, "add", "-A");
  git(folder, "commit", "-qm", "x", "--allow-empty");
  return git(folder, "rev-parse", "HEAD");
}

const wanted = (path: string): boolean => path.endsWith(".sql");
const tree = (): ReturnType<typeof checkout> => checkout({ env: process.env });

/** A repository whose migrations lie below the root, in folders with names that want quoting. */
async function repository<T>(work: (root: string, folder: string) => Promise<T>): Promise<T> {
  await using scratch = scratchFolder("history");
  git(scratch.path, "init", "-q", "-b", "main");
  const folder = join(scratch.path, "back end/migrações");
  put(folder, "1_a.sql", "SELECT 1;\r\n");
  put(folder, '2_b ü".sql', Buffer.from([0x53, 0xff, 0x00, 0x0a]));
  put(scratch.path, "other/9_z.sql", "SELECT 9;");
  commit(scratch.path);
  return await work(scratch.path, folder);
}

describe("the folder as it was at the base", () => {
  it("is read byte by byte, below the root, whatever the names", async () => {
    await repository(async (root, folder) => {
      git(root, "checkout", "-qb", "topic");
      put(folder, "1_a.sql", "SELECT 2;");
      put(folder, "3_c.sql", "SELECT 3;");
      rmSync(join(folder, '2_b ü".sql'));
      commit(root);
      const { files, links } = await tree().filesAtBase(folder, "main", wanted);
      expect(links).toEqual([]);
      expect(files.map(({ path, bytes }) => [path, bytes.toString("latin1")])).toEqual([
        ["1_a.sql", "SELECT 1;\r\n"],
        ['2_b ü".sql', "S\u00ff\0\n"],
      ]);
      expect((await tree().files(folder, wanted)).files.map(({ path }) => path)).toEqual([
        "1_a.sql",
        "3_c.sql",
      ]);
    });
  });

  it("is that of where the two parted, not what the base has become", async () => {
    await repository(async (root, folder) => {
      git(root, "checkout", "-qb", "topic");
      commit(root);
      git(root, "checkout", "-q", "main");
      put(folder, "4_later.sql", "SELECT 4;");
      commit(root);
      git(root, "checkout", "-q", "topic");
      expect((await tree().filesAtBase(folder, "main", wanted)).files.map(({ path }) => path)).not.toContain(
        "4_later.sql",
      );
    });
  });

  it("is empty where the folder did not exist, and that of the root where it is the root", async () => {
    await repository(async (root) => {
      git(root, "checkout", "-qb", "topic");
      put(root, "new/1_a.sql", "SELECT 1;");
      commit(root);
      expect((await tree().filesAtBase(join(root, "new"), "main", wanted)).files).toEqual([]);
      expect((await tree().filesAtBase(root, "main", wanted)).files.map(({ path }) => path)).toContain(
        "other/9_z.sql",
      );
    });
  });

  it("does not take the characters of a folder's name for a pattern", async () => {
    await repository(async (root) => {
      put(root, "m[a]*/1_a.sql", "SELECT 1;");
      put(root, "ma/2_b.sql", "SELECT 2;");
      commit(root);
      expect(
        (await tree().filesAtBase(join(root, "m[a]*"), "HEAD", wanted)).files.map(({ path }) => path),
      ).toEqual(["1_a.sql"]);
    });
  });

  it("follows no link, here or there", async () => {
    await repository(async (root, folder) => {
      symlinkSync("/etc/passwd", join(folder, "5_e.sql"));
      symlinkSync("../../other", join(folder, "sub"));
      commit(root);
      for (const found of [
        await tree().files(folder, wanted),
        await tree().filesAtBase(folder, "main", wanted),
      ]) {
        expect(found.links).toEqual(["5_e.sql"]);
        expect(found.files.map(({ path }) => path)).toEqual(["1_a.sql", '2_b ü".sql']);
      }
    });
  });
});

describe("history that cannot be asked", () => {
  it.each([
    ["an unknown base", "nowhere", /nowhere/],
    ["a base like an option", "--upload-pack=x", /does not begin with -/],
    ["a base like a path", "../../etc", /etc/],
    ["an empty base", "", /git could not say/],
  ])("is an error and never an empty folder: %s", async (_, base, message) => {
    await repository(async (__, folder) => {
      await expect(tree().filesAtBase(folder, base, wanted)).rejects.toMatchObject({
        code: "source.history",
        message: expect.stringMatching(message),
      });
    });
  });

  it("says what to do where it runs, and which branch was meant", async () => {
    await repository(async (_, folder) => {
      const asked = (base: string, env: Readonly<Record<string, string>>): Promise<unknown> =>
        checkout({ env: { PATH: process.env["PATH"], ...env } }).filesAtBase(folder, base, wanted);
      await expect(asked("nowhere", { GITHUB_ACTIONS: "true" })).rejects.toMatchObject({
        hint: expect.stringContaining("fetch-depth: 0"),
      });
      await expect(asked("nowhere", {})).rejects.toMatchObject({
        hint: expect.stringMatching(/^Fetch it \(`git fetch`.* --all\.$/),
      });
      await expect(asked("mian", {})).rejects.toMatchObject({
        message: expect.stringMatching(/did you mean main\?$/),
        hint: expect.stringMatching(/^Correct the name/),
      });
    });
  });

  it("is an error in a shallow clone, where the two never met", async () => {
    await repository(async (root) => {
      git(root, "checkout", "-qb", "topic");
      commit(root);
      await using scratch = scratchFolder("shallow");
      const clone = join(scratch.path, "clone");
      git(root, "clone", "-q", "--depth", "1", "--branch", "topic", `file://${root}`, clone);
      git(clone, "fetch", "-q", "--depth", "1", "origin", "main:main");
      await expect(
        tree().filesAtBase(join(clone, "back end/migrações"), "main", wanted),
      ).rejects.toMatchObject({ code: "source.history" });
    });
  });

  it("is an error outside of a repository, and without git", async () => {
    await using scratch = scratchFolder("plain");
    put(scratch.path, "1_a.sql", "SELECT 1;");
    await expect(tree().filesAtBase(scratch.path, "main", wanted)).rejects.toMatchObject({
      code: "source.history",
    });
    const none = checkout({ env: { PATH: scratch.path } });
    await expect(none.filesAtBase(scratch.path, "main", wanted)).rejects.toMatchObject({
      code: "source.history",
      message: expect.stringContaining("git is not installed"),
    });
    expect(await none.defaultBase(scratch.path)).toBeUndefined();
    expect((await none.files(scratch.path, wanted)).files).toHaveLength(1);
  });
});

describe("the remote's main branch", () => {
  it("is known in a clone, and not in a repository without a remote", async () => {
    await repository(async (root) => {
      await using scratch = scratchFolder("clone");
      git(root, "clone", "-q", `file://${root}`, join(scratch.path, "clone"));
      expect(await tree().defaultBase(join(scratch.path, "clone"))).toBe("origin/main");
      expect(await tree().defaultBase(root)).toBeUndefined();
    });
  });
});
