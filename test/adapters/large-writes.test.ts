import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { postgresTools } from "../../src/adapters/pg-tools/dump-tools.ts";
import { largeWrites } from "../../src/adapters/pg-tools/large-writes.ts";
import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import { collect } from "../../src/kernel/streams.ts";
import type { ToolSet } from "../../src/ports/dump-tools.ts";
import { createDatabase } from "../support/postgres.ts";
import { newestInstallation } from "../support/postgres-binaries.ts";
import { temporaryFolder } from "../support/tools.ts";

/**
 * pg_dump is put behind `stdbuf` where the machine has one that works with it; else a dump is made without,
 * and nothing is said.
 */

const PREFIX = ["stdbuf", "--output=256K"];
const { major, version, binDir } = newestInstallation();
let folder: string;
let tools: ToolSet;

beforeEach(async () => {
  folder = temporaryFolder("large-writes");
  // Asked once per path of a program: each test has its own.
  tools = { binDir: join(folder, "bin"), major, version };
  await mkdir(tools.binDir);
  symlinkSync(join(binDir, "pg_dump"), join(tools.binDir, "pg_dump"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A `stdbuf` that notes how it was called, and the only program on the path. */
function stdbuf(script: string): void {
  const path = join(folder, "stdbuf");
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' "$*" >> '${folder}/asked'\n${script}\n`);
  chmodSync(path, 0o755);
}

const asked = (): string[] =>
  existsSync(join(folder, "asked")) ? readFileSync(join(folder, "asked"), "utf8").trimEnd().split("\n") : [];
const base = (): { path: string; home: undefined; tmpdir: undefined } => ({
  path: folder,
  home: undefined,
  tmpdir: undefined,
});

const WORKS = 'shift; exec "$@"';
const COMPLAINS =
  "echo \"ERROR: ld.so: object 'libstdbuf.so' from LD_PRELOAD cannot be preloaded: ignored.\" >&2; " +
  'shift; exec "$@"';

describe("the prefix for large writes", () => {
  it("is taken where stdbuf runs the program without adding to what it says; is asked once", async () => {
    stdbuf(WORKS);
    expect(
      await Promise.all([largeWrites(tools, "pg_dump", base()), largeWrites(tools, "pg_dump", base())]),
    ).toEqual([PREFIX, PREFIX]);
    expect(await largeWrites(tools, "pg_dump", base())).toEqual(PREFIX);
    expect(asked()).toEqual([`--output=256K ${join(tools.binDir, "pg_dump")} --version`]);
  });

  it.each([
    ["complains of a library that does not fit", COMPLAINS],
    ["knows no such option", "exit 125"],
    ["ends well and has not run the program", "exit 0"],
    ["never ends", "exec /bin/sleep 60"],
  ])("is left out where stdbuf %s", async (_, script) => {
    stdbuf(script);
    expect(await largeWrites(tools, "pg_dump", base())).toBeUndefined();
    expect(asked()).toHaveLength(1);
  });

  it("is left out where there is no stdbuf", async () => {
    expect(await largeWrites(tools, "pg_dump", base())).toBeUndefined();
  });
});

/** Numbers up to 100000, each with the 32 characters of its MD5, a tab and an end of line. */
const BYTES_OF_ROWS = 488_895 + 100_000 * 34;

describe("a dump", () => {
  it.each([
    ["behind stdbuf", WORKS, 2],
    ["without one that complains", COMPLAINS, 1],
    ["without any", undefined, 0],
  ])("is the whole archive: %s", async (_, script, times) => {
    if (script !== undefined) stdbuf(script);
    await using database = await createDatabase({
      sql: "CREATE TABLE t AS SELECT g AS id, md5(g::text) AS body FROM generate_series(1, 100000) g",
    });
    await using session = await postgresDatabase(database.address).connect({ purpose: "snapshot" });
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    const [row] = await session.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
    const warnings: string[] = [];
    const archive = await collect(
      postgresTools({ env: { PATH: folder } }).dump({
        tools,
        address: database.address,
        snapshot: row!.id,
        sections: "full",
        includeSchemas: [],
        excludeSchemas: [],
        lockWaitMs: 10_000,
        onWarning: (text) => void warnings.push(text),
        signal: new AbortController().signal,
      }),
      1e9,
    );
    expect(archive.subarray(0, 5).toString()).toBe("PGDMP");
    expect(archive.includes(Buffer.from("c4ca4238a0b923820dcc509a6f75849b"))).toBe(true);
    expect(archive.length).toBeGreaterThan(BYTES_OF_ROWS);
    expect(warnings).toEqual([]);
    expect(asked().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(
      ["--version", "--format=custom"]
        .slice(0, times)
        .map((first) => `--output=256K ${join(tools.binDir, "pg_dump")} ${first}`),
    );
  });
});
