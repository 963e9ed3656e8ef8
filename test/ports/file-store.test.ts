import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "@jest/globals";
import { rm } from "node:fs/promises";
import { openFileStore } from "../../src/adapters/file-store/file-store.ts";
import { systemRandom } from "../../src/adapters/system/random.ts";
import { killWriter } from "../support/kill-writer.ts";
import { mountDamageable, mountReadOnly, whyNot } from "../support/mounts.ts";
import { run, temporaryFolder } from "../support/tools.ts";
import { bytes, codeOf, describeBlobStoreLaws, listed, pattern, text } from "./blob-store.laws.ts";

const folder = temporaryFolder("file-store");
afterAll(() => rm(folder, { recursive: true, force: true }));

function open(path: string) {
  return openFileStore(pathToFileURL(path).href, { random: systemRandom, limits: { silenceMs: 120_000 } });
}

function fresh(): string {
  return join(folder, systemRandom.hex(6));
}

describeBlobStoreLaws("the file store", async () => {
  const path = join(fresh());
  await open(path).check(true);
  return {
    store: open(path),
    again: async () => open(path),
    missing: open(join(folder, "missing")),
    close: async () => undefined,
  };
});

describe("the file store", () => {
  it("makes its folder for writing, but not the folders above it, and not for reading", async () => {
    const path = fresh();
    expect(await codeOf(open(path).check(false))).toBe("store.missing");
    expect(await codeOf(open(join(path, "deeper")).check(true))).toBe("store.missing");
    await open(path).check(true);
    expect(readdirSync(path)).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it("keeps everything to its own user: folders 0700, files 0600", async () => {
    const path = fresh();
    await open(path).check(true);
    await open(path).put("a/b/c", bytes("x"));
    expect(["a", "a/b"].map((name) => statSync(join(path, name)).mode & 0o777)).toEqual([0o700, 0o700]);
    expect(statSync(join(path, "a/b/c")).mode & 0o777).toBe(0o600);
  });

  it("leaves no temporary file behind, and no empty folder after the last blob is removed", async () => {
    const path = fresh();
    await open(path).check(true);
    await open(path).put("a/b/c", bytes("x"));
    await expect(
      open(path).put(
        "a/b/d",
        (async function* () {
          yield Buffer.from("x");
          throw new Error("own");
        })(),
      ),
    ).rejects.toThrow("own");
    expect(readdirSync(join(path, ".holdfast-tmp"))).toEqual([]);
    await open(path).remove("a/b/c");
    expect(readdirSync(path)).toEqual([".holdfast-tmp"]);
  });

  it("shows nothing of a writer that was killed with SIGKILL, and the path stays free", async () => {
    const path = fresh();
    await open(path).check(true);
    await killWriter(pathToFileURL(path).href, 20);
    expect(readdirSync(join(path, ".holdfast-tmp"))).toHaveLength(1);
    expect(await listed(open(path), "")).toEqual([]);
    expect(await open(path).stat("killed/blob")).toBeNull();
    await open(path).put("killed/blob", bytes("whole"));
    expect(await text(open(path), "killed/blob")).toBe("whole");
  });

  it("clears away left-overs after a week, and not before", async () => {
    const path = fresh();
    mkdirSync(join(path, ".holdfast-tmp"), { recursive: true });
    for (const [name, days] of [
      ["part-old", 8],
      ["part-new", 6],
    ] as const) {
      writeFileSync(join(path, ".holdfast-tmp", name), "left");
      const then = Date.now() / 1000 - days * 86_400;
      utimesSync(join(path, ".holdfast-tmp", name), then, then);
    }
    await open(path).check(true);
    expect(readdirSync(join(path, ".holdfast-tmp"))).toEqual(["part-new"]);
  });

  it("is store.full when the file may not grow any more, and shows nothing", async () => {
    const path = fresh();
    await open(path).check(true);
    const module = new URL("../../src/adapters/file-store/file-store.ts", import.meta.url).href;
    const script = `
      const { openFileStore } = await import(${JSON.stringify(module)});
      const around = { random: { hex: () => "abc" }, limits: { silenceMs: 120000 } };
      const store = openFileStore(process.argv[1], around);
      const endless = (async function* () { for (;;) yield Buffer.alloc(65536); })();
      await store.put("big", endless).catch((error) => console.log(error.code));`;
    // ulimit -f counts blocks of 512 or 1024 bytes; a writer without end reaches either.
    const { stdout } = await run(
      "sh",
      [
        "-c",
        'ulimit -f 2048; exec "$@"',
        "sh",
        process.execPath,
        "--input-type=module",
        "-e",
        script,
        pathToFileURL(path).href,
      ],
      {
        env: { ...process.env, NODE_OPTIONS: "" },
      },
    );
    expect(stdout.trim()).toBe("store.full");
    expect(await listed(open(path), "")).toEqual([]);
    expect(readdirSync(join(path, ".holdfast-tmp"))).toEqual([]);
  });

  const notRun = whyNot(() => mountReadOnly(fresh()));
  (notRun === "" ? it : it.skip)(`is store.read-only on a read-only mount${notRun}`, async () => {
    using mount = mountReadOnly(fresh());
    expect(await codeOf(open(mount.path).check(false))).toBe("no error");
    for (const path of [mount.path, join(mount.path, "new")]) {
      expect(await codeOf(open(path).check(true))).toBe("store.read-only");
    }
    expect(await codeOf(open(mount.path).put("a", bytes("x")))).toBe("store.read-only");
  });

  const notDamaged = whyNot(() => mountDamageable(fresh()));
  (notDamaged === "" ? it : it.skip)(`lists a file with a bad inode, by its name${notDamaged}`, async () => {
    using disk = mountDamageable(fresh());
    const store = open(disk.path);
    for (const name of ["a", "b", "c"]) await store.put(`x/${name}`, bytes(name));
    disk.damage("x/b");
    const seen = await listed(store, "x/");
    expect(seen.map(({ path, size }) => [path, size])).toEqual([
      ["x/a", 1],
      ["x/b", 0],
      ["x/c", 1],
    ]);
    expect(seen[1]!.modifiedAt.getTime()).toBe(0);
    expect(await codeOf(text(store, "x/b"))).toBe("store.unreadable");
    expect(await text(store, "x/c")).toBe("c");
  });

  it("does not follow a link out of the store", async () => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(folder, "outside"), "secret");
    symlinkSync(join(folder, "outside"), join(path, "link"));
    symlinkSync("/nowhere", join(path, "dangling"));
    expect((await listed(open(path), "")).map((blob) => [blob.path, blob.size])).toEqual([
      ["dangling", 0],
      ["link", 0],
    ]);
    for (const link of ["link", "dangling"]) {
      expect(await codeOf(open(path).stat(link))).toBe("store.unreadable");
      expect(await codeOf(open(path).get(link))).toBe("store.unreadable");
      expect(await codeOf(open(path).put(link, bytes("x")))).toBe("store.exists");
    }
  });

  it("takes nothing behind a link for absent", async () => {
    const path = fresh();
    mkdirSync(join(path, "manifests"), { recursive: true });
    mkdirSync(join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(path, "manifests/shop"));
    expect(await codeOf(listed(open(path), "manifests/"))).toBe("store.unreadable");
    // What lies beside is nobody's.
    symlinkSync(join(folder, "elsewhere"), join(path, "notes"));
    expect(await listed(open(path), "database/")).toEqual([]);
    await open(path).check(false);
  });

  it("keeps its own folder to itself", async () => {
    const path = fresh();
    await open(path).check(true);
    await open(path).put("x", bytes("x"));
    writeFileSync(join(path, ".holdfast-tmp", "part"), "left");
    expect(await codeOf(open(path).get(".holdfast-tmp/part"))).toBe("input.malformed");
    expect(await listed(open(path), ".holdfast-tmp/")).toEqual([]);
    expect((await listed(open(path), "")).map((blob) => blob.path)).toEqual(["x"]);
  });

  it("says store.changed when a file is cut or exchanged while it is being read", async () => {
    const path = fresh();
    await open(path).check(true);
    await open(path).put("x", pattern(2_000_000));
    const { content } = await open(path).get("x");
    writeFileSync(join(path, "x"), "short");
    expect(
      await codeOf(
        (async () => {
          for await (const chunk of content) void chunk;
        })(),
      ),
    ).toBe("store.changed");
  });

  it("breaks a claim that a dead process left on a version, after a minute", async () => {
    const path = fresh();
    await open(path).check(true);
    const { etag } = await open(path).put("lock", bytes("one"));
    const { sha256 } = await import("../../src/kernel/streams.ts");
    const claim = join(path, ".holdfast-tmp", `claim-${sha256(`lock\n${etag}`).slice(0, 32)}`);
    writeFileSync(claim, "");
    utimesSync(claim, Date.now() / 1000 - 61, Date.now() / 1000 - 61);
    expect(await open(path).replace("lock", Buffer.from("two"), etag)).toMatchObject({ size: 3 });
    expect(existsSync(claim)).toBe(false);
  });

  it("names what stands in the way when a part of the path is a file, or the name too long", async () => {
    const path = fresh();
    await open(path).check(true);
    await open(path).put("a", bytes("x"));
    expect(await codeOf(open(path).put("a/b", bytes("x")))).toBe("input.conflict");
    expect(await codeOf(open(path).put("n".repeat(300), bytes("x")))).toBe("input.malformed");
    expect(await open(path).stat("a/b")).toBeNull();
    chmodSync(path, 0o700);
  });
});
