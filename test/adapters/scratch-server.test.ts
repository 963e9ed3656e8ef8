import { describe, expect, it } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { serverInstallations } from "../../src/adapters/pg-tools/dump-tools.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { ownershipOf } from "../../src/adapters/scratch-server/ownership.ts";
import { localScratchServers } from "../../src/adapters/scratch-server/scratch-servers.ts";
import { sweepScratch } from "../../src/adapters/scratch-server/sweep.ts";
import { systemDisk } from "../../src/adapters/system/disk.ts";

const servers = localScratchServers({
  installations: () => serverInstallations({ env: process.env }),
  disk: systemDisk(),
});

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200 && !(await what()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await what()).toBe(true);
}

/** A process that starts a server and then does nothing; gives the server's folder and process id. */
async function startedElsewhere(): Promise<{ owner: ChildProcess; folder: string; pid: number }> {
  const source = (path: string): string => new URL(`../../src/adapters/${path}`, import.meta.url).href;
  const script = `
    const { localScratchServers } = await import("${source("scratch-server/scratch-servers.ts")}");
    const { serverInstallations } = await import("${source("pg-tools/dump-tools.ts")}");
    const { systemDisk } = await import("${source("system/disk.ts")}");
    const installations = () => serverInstallations({ env: process.env });
    const servers = localScratchServers({ installations, disk: systemDisk() });
    const server = await servers.start({ bytesNeeded: 0 });
    console.log(server.address("postgres").host);
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(owner.stdout, "data")) as [Buffer];
  const folder = line.toString().trim();
  return {
    owner,
    folder,
    pid: Number((await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n")[0]),
  };
}

describe("a scratch server", () => {
  it("runs in a folder only its user may enter, without a network port, and leaves nothing", async () => {
    const available = await servers.available();
    const server = await servers.start({ bytesNeeded: 1_000_000 });
    expect(available).toEqual({ major: server.major });
    const folder = server.address("postgres").host;
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    {
      await using session = await postgresDatabase(server.address("postgres")).connect({ purpose: "test" });
      expect(
        await session.query(`
          SELECT current_setting('listen_addresses') AS l, current_setting('is_superuser') AS s,
                 current_setting('server_encoding') AS e
        `),
      ).toEqual([{ l: "", s: "on", e: "UTF8" }]);
      await session.query('CREATE DATABASE "other one"');
      await using other = await postgresDatabase(server.address("other one")).connect({ purpose: "test" });
      expect(await other.query("SELECT current_database() AS d")).toEqual([{ d: "other one" }]);
    }
    const pid = Number((await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n")[0]);
    await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it("is stopped and removed when its owner is killed with no chance to do anything", async () => {
    const { owner, folder, pid } = await startedElsewhere();
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    owner.kill("SIGKILL");
    await until(() => !existsSync(folder));
    await until(() => !existsSync(`/proc/${pid}`));
  });

  it("is refused where the disk is too small, no server is installed, or all are too old", async () => {
    await expect(servers.start({ bytesNeeded: 1e18 })).rejects.toMatchObject({ code: "disk.full" });
    await expect(servers.start({ bytesNeeded: 0, majorMin: 99 })).rejects.toMatchObject({
      code: "tool.too-old",
      hint: expect.stringContaining("99"),
    });
    const none = localScratchServers({ installations: () => Promise.resolve([]), disk: systemDisk() });
    await expect(none.start({ bytesNeeded: 0 })).rejects.toMatchObject({ code: "tool.missing" });
    expect(await none.available()).toEqual({
      major: undefined,
      reason: expect.stringContaining("no PostgreSQL server"),
    });
  });

  it("is of the very major asked for, else of the oldest newer one, else the newest of all", async () => {
    const installed = [18, 17, 15, 14].map((major) => ({
      major,
      version: `${major}.1`,
      binDir: `/nowhere/${major}`,
    }));
    const choice = localScratchServers({
      installations: () => Promise.resolve(installed),
      disk: systemDisk(),
    });
    // None of them can start, and each says so by its name.
    for (const [wanted, chosen] of [
      [15, 15],
      [16, 17],
      [14, 14],
      [13, 14],
      [18, 18],
      [undefined, 18],
    ] as const) {
      await expect(
        choice.start({ bytesNeeded: 0, ...(wanted === undefined ? {} : { majorMin: wanted }) }),
      ).rejects.toMatchObject({ message: expect.stringContaining(`/nowhere/${chosen}`) });
    }
  });

  it("that cannot start says why in the server's words and removes its folder", async () => {
    const root = await mkdtemp(join(tmpdir(), "scratch-"));
    const binDir = join(root, "bin");
    await mkdir(binDir);
    await writeFile(
      join(binDir, "initdb"),
      '#!/bin/sh\necho "initdb: error: the moon is full" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    const broken = localScratchServers({
      installations: () => Promise.resolve([{ major: 15, version: "15.0", binDir }]),
      disk: systemDisk(),
      root,
    });
    await expect(broken.start({ bytesNeeded: 0 })).rejects.toMatchObject({ code: "tool.failed" });
    expect(await readdir(root)).toEqual(["bin"]);
    await rm(root, { recursive: true });
  });
});

describe("sweeping leftovers", () => {
  it("removes those of dead owners, and leaves those of the living and of other containers", async () => {
    const root = await mkdtemp(join(tmpdir(), "sweep-"));
    const dead = spawn("true");
    await once(dead, "exit");
    const ownership = await ownershipOf(process.pid);
    const [namespace = "", began = ""] = ownership.trim().split(" ");
    const gone = {
      [`holdfast-scratch-${dead.pid}-a`]: ownership,
      // Of a run before it was written when the owner began.
      [`holdfast-scratch-${dead.pid}-d`]: namespace,
      // The number is another process's by now.
      [`holdfast-scratch-${process.pid}-e`]: `${namespace} ${Number(began) + 1}\n`,
    };
    const folders = {
      ...gone,
      [`holdfast-scratch-${process.pid}-b`]: ownership,
      [`holdfast-scratch-${process.pid}-f`]: namespace,
      [`holdfast-scratch-${dead.pid}-c`]: "pid:[1] 5",
      "something-else": ownership,
    };
    for (const [name, owner] of Object.entries(folders)) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, "owner"), owner);
    }
    // Not a folder, whoever made it.
    await symlink(join(root, "something-else"), join(root, `holdfast-scratch-${dead.pid}-g`));
    expect((await sweepScratch(root)).toSorted()).toEqual(
      Object.keys(gone)
        .map((name) => join(root, name))
        .toSorted(),
    );
    expect((await readdir(root)).length).toBe(5);
    await rm(root, { recursive: true });
  });

  it("ends no process that is not the server of that folder, whatever number stands there", async () => {
    const root = await mkdtemp(join(tmpdir(), "sweep-"));
    const dead = spawn("true");
    await once(dead, "exit");
    const folder = join(root, `holdfast-scratch-${dead.pid}-a`);
    const data = join(folder, "data");
    await mkdir(data, { recursive: true });
    await writeFile(join(folder, "owner"), await ownershipOf(process.pid));
    // Its command line names the folder, as an editor's or a copying program's would.
    const other = spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)", "--", join(data, "log")]);
    try {
      await writeFile(join(data, "postmaster.pid"), `${other.pid}\n${data}\n`);
      expect(await sweepScratch(root)).toEqual([folder]);
      expect(other.exitCode ?? other.signalCode).toBeNull();
      expect(existsSync(`/proc/${other.pid}`)).toBe(true);
    } finally {
      other.kill("SIGKILL");
      await rm(root, { recursive: true, force: true });
    }
  });

  it("leaves what belongs to another user, who may have put anything there", async () => {
    // Only root can make such a folder.
    const isRoot = process.getuid?.() === 0;
    const root = await mkdtemp(join(tmpdir(), "sweep-"));
    const dead = spawn("true");
    await once(dead, "exit");
    const folder = join(root, `holdfast-scratch-${dead.pid}-a`);
    await mkdir(folder);
    await writeFile(join(folder, "owner"), await ownershipOf(process.pid));
    if (isRoot) await chown(folder, 54_321, 54_321);
    expect(await sweepScratch(root)).toEqual(isRoot ? [] : [folder]);
    await rm(root, { recursive: true });
  });

  it("stops a server whose owner and watchdog are both gone", async () => {
    const { owner, folder, pid } = await startedElsewhere();
    const watchdog = Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))![1]);
    process.kill(watchdog, "SIGKILL");
    expect(await sweepScratch()).not.toContain(folder);
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    expect(await sweepScratch()).toContain(folder);
    expect(existsSync(folder)).toBe(false);
    await until(() => !existsSync(`/proc/${pid}`));
  });
});
