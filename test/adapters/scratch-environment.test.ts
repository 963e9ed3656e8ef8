import { expect, it } from "@jest/globals";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { serverInstallations } from "../../src/adapters/pg-tools/dump-tools.ts";
import { localScratchServers } from "../../src/adapters/scratch-server/scratch-servers.ts";
import { systemDisk } from "../../src/adapters/system/disk.ts";

it("a scratch server, which runs code out of backups, never is root nor sees our environment", async () => {
  const planted = {
    HOLDFAST_DATABASE: "postgresql://u:planted-secret@h/d",
    AZURE_STORAGE_CONNECTION_STRING: "AccountKey=planted-secret",
    PLANTED: "planted-secret",
  };
  Object.assign(process.env, planted);
  try {
    const servers = localScratchServers({
      installations: () => serverInstallations({ env: process.env }),
      disk: systemDisk(),
    });
    await using server = await servers.start({ bytesNeeded: 0 });
    const folder = server.address("postgres").host;
    const pid = Number((await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n")[0]);
    const environment = (await readFile(`/proc/${pid}/environ`, "utf8"))
      .split("\0")
      .map((entry) => entry.split("=")[0])
      .filter((name) => name !== "");
    expect(environment).toEqual(expect.arrayContaining(["PATH", "HOME"]));
    // The last three are what the shell and the server itself add.
    expect(
      environment.filter(
        (name) =>
          !["PATH", "HOME", "TMPDIR", "LC_ALL", "TZ", "PWD", "OLDPWD", "_"].includes(name ?? "") &&
          !/^PG/.test(name ?? ""),
      ),
    ).toEqual([]);
    expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain("planted-secret");
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
  } finally {
    for (const name of Object.keys(planted)) Reflect.deleteProperty(process.env, name);
  }
});

it("a scratch server whose temporary folder cannot be used says so, naming TMPDIR; no bug", async () => {
  const installations = (): ReturnType<typeof serverInstallations> =>
    serverInstallations({ env: process.env });
  const trouble = { code: "disk.unusable", exitCode: 4, hint: expect.stringContaining("TMPDIR") };
  await expect(
    localScratchServers({ installations, disk: systemDisk(), root: "/nonexistent" }).start({
      bytesNeeded: 0,
    }),
  ).rejects.toMatchObject(trouble);
  await expect(
    localScratchServers({ installations, disk: systemDisk("/nonexistent") }).start({ bytesNeeded: 0 }),
  ).rejects.toMatchObject(trouble);
});
