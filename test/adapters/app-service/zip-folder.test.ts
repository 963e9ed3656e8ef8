import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { packageOf } from "../../../src/adapters/app-service/zip-folder.ts";
import { runOk, temporaryFolder } from "../../support/tools.ts";

const signal = new AbortController().signal;

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder("to-zip");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe("a folder as a package", () => {
  test("may be the one that the command is started in", async () => {
    const folder = folderWith({ "package.json": "{}", "server.js": "" });
    const here = process.cwd();
    process.chdir(folder);
    try {
      await using one = await packageOf(".", temporaryFolder("zipped"), signal);
      expect((await runOk("unzip", ["-Z1", one.path])).split("\n")).toEqual([
        "package.json",
        "server.js",
        "",
      ]);
    } finally {
      process.chdir(here);
    }
  });

  test("is none where a file is what Git LFS commits instead of it", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n";
    const folder = folderWith({ "server.js": "", "model.bin": pointer });
    await expect(packageOf(folder, temporaryFolder("zipped"), signal)).rejects.toMatchObject({
      code: "package.unusable",
      message: expect.stringContaining("model.bin is a pointer of Git LFS"),
    });
  });

  test("may have such a pointer among the packages that others have published", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n";
    const names = ["node_modules/a/test/x.bin", "web/node_modules/b/node_modules/c/y.bin"];
    const folder = folderWith({ "server.js": "", [names[0]!]: pointer, [names[1]!]: pointer });
    await using zip = await packageOf(folder, temporaryFolder("zipped"), signal);
    expect((await runOk("unzip", ["-Z1", zip.path])).trim().split("\n")).toEqual([
      names[0],
      "server.js",
      names[1],
    ]);
    const near = folderWith({ "my_node_modules/x.bin": pointer });
    await expect(packageOf(near, temporaryFolder("zipped"), signal)).rejects.toThrow(
      "is a pointer of Git LFS",
    );
  });

  test("is a zip that others read, with the modes of its files, the same for the same files", async () => {
    const folder = folderWith({
      "b.js": "two",
      "a/deep/one.js": "one",
      "run.sh": "#!/bin/sh\n",
      ".env.x": "x",
    });
    chmodSync(join(folder, "run.sh"), 0o755);
    mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
    symlinkSync("../../b.js", join(folder, "node_modules/.bin/tool"));
    const temporary = temporaryFolder("zipped");
    await using one = await packageOf(folder, temporary, signal);
    await using other = await packageOf(folder, temporary, signal);
    expect(readFileSync(one.path).equals(readFileSync(other.path))).toBe(true);
    expect([one.leftOut, other.leftOut]).toEqual([1, 1]);
    // A file that has changed has another time: Kudu looks at nothing else.
    const times = async (path: string): Promise<string> => await runOk("unzip", ["-Z", "-T", path]);
    writeFileSync(join(folder, "b.js"), "six");
    await using changed = await packageOf(folder, temporary, signal);
    const [then, now] = [await times(one.path), await times(changed.path)].map((text) =>
      text.split("\n").filter((line) => /\.(?:js|sh|x)$/.test(line)),
    );
    expect(now!.filter((line) => !then!.includes(line)).map((line) => line.split(" ").at(-1))).toEqual([
      "b.js",
    ]);
    expect(one.bytes).toBe(readFileSync(one.path).byteLength);
    const out = temporaryFolder("unzipped");
    await runOk("unzip", ["-q", one.path, "-d", out]);
    expect(readFileSync(join(out, "a/deep/one.js"), "utf8")).toBe("one");
    expect(readFileSync(join(out, ".env.x"), "utf8")).toBe("x");
    await runOk("test", ["-x", join(out, "run.sh")]);
    expect(existsSync(join(out, "node_modules/.bin"))).toBe(false);
  });

  test("leaves nothing in the temporary folder", async () => {
    const temporary = temporaryFolder("zipped");
    const zip = await packageOf(folderWith({ "a.js": "1" }), temporary, signal);
    expect(existsSync(zip.path)).toBe(true);
    await zip[Symbol.asyncDispose]();
    expect(existsSync(dirname(zip.path))).toBe(false);
  });

  test("is refused where it is empty, or where a link may lead out of it", async () => {
    const temporary = temporaryFolder("zipped");
    const refused = (path: string) => expect(packageOf(path, temporary, signal)).rejects;
    await refused(temporaryFolder("empty")).toMatchObject({ code: "package.unusable" });
    const linked = folderWith({ "a.js": "1" });
    symlinkSync("/etc/hostname", join(linked, "hostname"));
    await refused(linked).toMatchObject({
      code: "package.unusable",
      message: expect.stringContaining("hostname is a symbolic link"),
    });
    // Only programs of packages may be missing; and all are told at once.
    for (const name of [".bin/tool", "node_modules/pkg", "node_modules/.bin-old/tool"]) {
      const other = folderWith({ "a.js": "1", "zz/b.js": "2" });
      mkdirSync(dirname(join(other, name)), { recursive: true });
      symlinkSync("a.js", join(other, name));
      symlinkSync("b.js", join(other, "zz/c.js"));
      await refused(other).toMatchObject({
        message: expect.stringContaining(`${name} is a symbolic link, as is 1 more`),
        hint: expect.stringContaining("cp -RL"),
      });
    }
    const text = folderWith({ "a.zip": "PK, but no zip" });
    await refused(join(text, "a.zip")).toMatchObject({ code: "package.unusable" });
  });
});
