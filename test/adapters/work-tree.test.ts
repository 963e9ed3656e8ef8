import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout } from "node:timers/promises";
import { gitWorkTree } from "../../src/adapters/source-tree/work-tree.ts";
import { repository } from "../support/repository.ts";
import { scratchFolder } from "../support/tools.ts";

const ENV = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
const open = (folder: string, env: typeof ENV = ENV): ReturnType<typeof gitWorkTree> =>
  gitWorkTree({ env, folder });
const PLAIN = { executable: false };

describe("a checkout that is written", () => {
  it("tells what is at a path, and takes a way through a link for a link", async () => {
    await using repo = repository();
    repo.write({ "a/b": "text", c: "" });
    symlinkSync("a", join(repo.path, "link"));
    symlinkSync("nowhere", join(repo.path, "dangling"));
    repo.write({ large: "", latin: Buffer.from("caf\xe9", "latin1"), mark: "\uFEFFx" });
    truncateSync(join(repo.path, "large"), 64 * 1024 * 1024);
    const tree = await open(repo.path);
    const kinds = await Promise.all(
      ["a", "a/b", "a/b/c", "none/b", "link", "link/b", "dangling", "large", "latin", "", ".git/hooks"].map(
        async (path) => (await tree.look(path)).kind,
      ),
    );
    expect(kinds).toEqual([
      "folder",
      "file",
      "absent",
      "absent",
      "link",
      "link",
      "link",
      "other",
      "other",
      "folder",
      "folder",
    ]);
    expect(await tree.look("a/b")).toEqual({ kind: "file", text: "text", executable: false });
    expect(await tree.look("mark")).toMatchObject({ text: "\uFEFFx" });
    expect([await tree.names("a"), await tree.names("link"), await tree.names("none")]).toEqual([
      ["b"],
      [],
      [],
    ]);
  });

  it("writes a file whole with its mode, and folders on the way", async () => {
    await using repo = repository();
    const tree = await open(repo.path);
    await tree.write("x/y/z", "one", PLAIN);
    await tree.write("x/y/z", "two", { executable: true });
    expect(await tree.look("x/y/z")).toEqual({ kind: "file", text: "two", executable: true });
    expect(readdirSync(join(repo.path, "x/y"))).toEqual(["z"]);
  });

  it("never writes through a link, nor outside", async () => {
    await using repo = repository();
    await using outside = scratchFolder("outside");
    symlinkSync(outside.path, join(repo.path, "out"));
    symlinkSync(join(outside.path, "target"), join(repo.path, "file"));
    mkdirSync(join(repo.path, "folder"));
    const tree = await open(repo.path);
    for (const path of ["out/x", "out/x/y", "file", "folder"]) {
      await expect(tree.write(path, "x", PLAIN)).rejects.toMatchObject({ code: "source.unwritable" });
    }
    for (const path of ["../x", "a/../../x", ".git/../../x", "./x"]) {
      await expect(tree.write(path, "x", PLAIN)).rejects.toThrow("is no path below the checkout");
      await expect(tree.look(path)).rejects.toThrow("is no path below the checkout");
    }
    expect(readdirSync(outside.path)).toEqual([]);
    expect(lstatSync(join(repo.path, "file")).isSymbolicLink()).toBe(true);
    expect(readdirSync(repo.path).sort()).toEqual([".git", "file", "folder", "out"]);
  });

  it("says where git looks for hooks, by whatever configuration", async () => {
    await using repo = repository();
    const hooks = async (env = ENV): Promise<unknown> => (await open(repo.path, env)).hooks();
    expect(await hooks()).toEqual({ configured: undefined, path: ".git/hooks" });
    for (const [configured, path] of [
      [".husky/_", ".husky/_"],
      [join(repo.path, "tools"), "tools"],
      [".git/other", ".git/other"],
      ["../elsewhere", undefined],
      ["/etc", undefined],
    ] as const) {
      repo.git("config", "core.hooksPath", configured);
      expect(await hooks()).toEqual({ configured, path });
    }
    repo.git("config", "--unset", "core.hooksPath");
    await using home = scratchFolder("home");
    repo.git("config", "--file", join(home.path, "config"), "core.hooksPath", "~/hooks");
    const env = { ...ENV, HOME: home.path, GIT_CONFIG_GLOBAL: join(home.path, "config") };
    expect(await hooks(env)).toEqual({ configured: join(home.path, "hooks"), path: undefined });
  });

  it("leaves the old or the new text where it is killed, and the next write clears up", async () => {
    await using repo = repository();
    const tree = await open(repo.path);
    const bytes = 1024 * 1024;
    await tree.write("file", "a".repeat(bytes), PLAIN);
    const module = fileURLToPath(new URL("../../src/adapters/source-tree/work-tree.ts", import.meta.url));
    const script = `import { gitWorkTree } from ${JSON.stringify(module)};
      const tree = await gitWorkTree({ env: process.env, folder: ${JSON.stringify(repo.path)} });
      process.stdout.write("begun");
      const write = (text) => tree.write("file", text.repeat(${bytes}), { executable: false });
      for (;;) { await write("a"); await write("b"); }`;
    for (let round = 0; round < 6; round += 1) {
      const words = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
      const child = spawn(process.execPath, words, { env: ENV, stdio: ["ignore", "pipe", "inherit"] });
      await once(child.stdout, "data");
      await setTimeout(5 + round * 7);
      child.kill("SIGKILL");
      await once(child, "close");
      expect(readFileSync(join(repo.path, "file"), "utf8")).toMatch(/^(?:a+|b+)$/);
      expect(lstatSync(join(repo.path, "file")).size).toBe(bytes);
    }
    await tree.write("file", "end", PLAIN);
    expect(readdirSync(repo.path)).toEqual([".git", "file"]);
  });
});
