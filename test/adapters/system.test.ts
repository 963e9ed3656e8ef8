import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once as nextEvent } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { systemDisk } from "../../src/adapters/system/disk.ts";
import { endWithUs } from "../../src/adapters/system/last-will.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { ownedFolder, sweepFolders } from "../../src/adapters/system/temporary-folders.ts";
import { diskTrouble } from "../../src/kernel/disk-trouble.ts";
import { HoldfastError } from "../../src/kernel/errors.ts";
import { once, type ByteStream } from "../../src/kernel/streams.ts";
import { scratchFolder } from "../support/tools.ts";

describe("the machine's clock", () => {
  it("sleeps for the time asked, and wakes with the reason it is given", async () => {
    // A timer of Node drops the fraction, and so comes early.
    for (const ms of [30, ...Array.from({ length: 40 }, (_, nr) => 1 + nr / 13)]) {
      const end = systemClock.elapsed() + ms;
      await systemClock.sleep(ms);
      expect(systemClock.elapsed()).toBeGreaterThanOrEqual(end);
    }
    const stop = new AbortController();
    const reason = new Error("enough");
    setTimeout(() => stop.abort(reason), 10);
    await expect(systemClock.sleep(60_000, stop.signal)).rejects.toBe(reason);
    await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("the machine's randomness", () => {
  it("gives as many bytes as asked, as hex, and fractions below one", () => {
    expect(systemRandom.hex(3)).toMatch(/^[0-9a-f]{6}$/);
    expect(systemRandom.hex(16)).not.toBe(systemRandom.hex(16));
    expect(systemRandom.fraction()).toBeLessThan(1);
  });
});

describe("the machine's disk", () => {
  it("makes folders and files only this user may read, and removes them with all in them", async () => {
    const disk = systemDisk();
    expect(await disk.free()).toBeGreaterThan(0);
    let path: string;
    {
      await using folder = await disk.privateFolder("a label/with slashes");
      path = folder.path;
      expect((await stat(path)).mode & 0o777).toBe(0o700);
      const file = join(path, "file");
      await disk.write(file, once(Buffer.from("content")));
      expect(await readFile(file, "utf8")).toBe("content");
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      await expect(disk.write(file, once(Buffer.from("other")))).rejects.toMatchObject({
        code: "disk.unusable",
        exitCode: 4,
        cause: { code: "EEXIST" },
      });
    }
    expect(existsSync(path)).toBe(false);
  });

  it("says where its folders are from the machine's root, however the temporary one is given", async () => {
    await using scratch = scratchFolder("relative");
    await using folder = await systemDisk(relative(process.cwd(), scratch.path)).privateFolder("a label");
    expect(dirname(folder.path)).toBe(scratch.path);
  });

  it("passes on the failure of what it writes, and calls a full disk by its name", async () => {
    const disk = systemDisk();
    await using folder = await disk.privateFolder("full");
    const failing = (error: Error) =>
      (async function* (): ByteStream {
        yield Buffer.from("a");
        await Promise.resolve();
        throw error;
      })();
    await expect(disk.write(join(folder.path, "a"), failing(new RangeError("source broke")))).rejects.toThrow(
      new RangeError("source broke"),
    );
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    await expect(disk.write(join(folder.path, "b"), failing(full))).rejects.toMatchObject({
      code: "disk.full",
      message: expect.stringContaining("b"),
      hint: expect.stringContaining("TMPDIR"),
    });
  });

  it("tells trouble with the temporary folder as such, naming TMPDIR, and never as a bug", async () => {
    const trouble = { code: "disk.unusable", exitCode: 4, hint: expect.stringContaining("TMPDIR") };
    const disk = systemDisk("/nonexistent/tmp");
    await expect(disk.free()).rejects.toMatchObject(trouble);
    await expect(disk.privateFolder("archive")).rejects.toMatchObject({
      ...trouble,
      message: expect.stringContaining("ENOENT"),
    });
    await expect(disk.write("/nonexistent/tmp/x", once(Buffer.from("a")))).rejects.toMatchObject(trouble);
    // A device that is always full.
    expect(
      diskTrouble(await writeFile("/dev/full", "a").catch((error: unknown) => error), "writing x"),
    ).toMatchObject({ code: "disk.full", exitCode: 4 });
    const lost = new HoldfastError("store.unreachable", "gone");
    expect(diskTrouble(lost, "writing x")).toBe(lost);
    const socket = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
    expect(diskTrouble(socket, "writing x")).toBe(socket);
  });

  it("keeps a file a person asked for: complete, theirs alone, and never over another one", async () => {
    const disk = systemDisk();
    await using folder = await disk.privateFolder("keep");
    const path = join(folder.path, "identity");
    await disk.keep(path, Buffer.from("key"));
    expect([await readFile(path, "utf8"), (await stat(path)).mode & 0o777]).toEqual(["key", 0o600]);
    await expect(disk.keep(path, Buffer.from("other"))).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(path, "utf8")).toBe("key");
  });
});

describe("folders that were left behind", () => {
  it("are removed when their owner is gone; not when it lives, is elsewhere or none of ours", async () => {
    await using root = scratchFolder("sweep");
    const dead = spawn("true");
    await nextEvent(dead, "exit");
    const mine = await ownedFolder(root.path, "archive");
    const [, began = ""] = /-t(\d+)-/.exec(mine) ?? [];
    const namespace = await readFile(join(mine, ".owner"), "utf8");
    const gone = [`holdfast-archive-${dead.pid}-t5-aaaaaa`, `holdfast-list-${dead.pid}-t5-bbbbbb`];
    // The number of a living process, which began at another time.
    if (process.platform === "linux") {
      gone.push(`holdfast-archive-${process.pid}-t${Number(began) + 1}-cccccc`);
    }
    const kept = {
      [`holdfast-archive-${dead.pid}-t5-dddddd`]: "pid:[1]",
      [`holdfast-scratch-${dead.pid}-eeeeee`]: namespace,
      "holdfast-archive-old": namespace,
    };
    for (const [name, owner] of [
      ...gone.map((name) => [name, namespace] as const),
      ...Object.entries(kept),
    ]) {
      await mkdir(join(root.path, name));
      await writeFile(join(root.path, name, ".owner"), owner);
    }
    expect((await sweepFolders(root.path)).toSorted()).toEqual(
      gone.map((name) => join(root.path, name)).toSorted(),
    );
    expect((await readdir(root.path)).toSorted()).toEqual([...Object.keys(kept), basename(mine)].toSorted());
  });
});

describe("a last will", () => {
  it("is not carried out while we live, nor after it was taken back", async () => {
    const child = spawn("sleep", ["60"], { detached: true });
    const will = endWithUs(child.pid ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    will[Symbol.dispose]();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    child.kill("SIGKILL");
    expect(await nextEvent(child, "exit")).toEqual([null, "SIGKILL"]);
  });
});
