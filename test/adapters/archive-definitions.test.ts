import { beforeAll, describe, expect, it } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { withDefinitions, withNames } from "../../src/adapters/pg-tools/archive-definitions.ts";
import { HoldfastError } from "../../src/kernel/errors.ts";
import { collect, once, type ByteStream } from "../../src/kernel/streams.ts";
import { createDatabase, findServer, newestInstallation, type TestDatabase } from "../support/postgres.ts";

/** Archives of every pg_dump at hand, all of one database of the shared server's. */
const PROGRAMS = [
  newestInstallation(),
  ...(["15.20", "16.2", "17.10", "18.6"] as const).flatMap((version) => {
    const found = findServer(version);
    return "installation" in found ? [found.installation] : [];
  }),
].map(({ version, binDir }) => [version, binDir] as const);

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({
    sql: `
      CREATE TABLE t (a int, b text DEFAULT 'x');
      INSERT INTO t SELECT g, repeat('y', 1000) FROM generate_series(1, 500) g;
      CREATE VIEW v AS SELECT a FROM t;
      SELECT lo_from_bytea(0, 'large')
    `,
  });
});

const archive = (binDir: string): Buffer =>
  execFileSync(join(binDir, "pg_dump"), ["-Fc", "-Z0", database.url], { maxBuffer: 1 << 28 });
const script = (binDir: string, bytes: Buffer): string =>
  execFileSync(join(binDir, "pg_restore"), ["-f", "-"], { input: bytes, maxBuffer: 1 << 28 })
    .toString()
    .replaceAll(/^\\(?:un)?restrict .*$/gm, "");

/** The same bytes in small pieces, as a network brings them. */
async function* pieces(bytes: Buffer, size: number): ByteStream {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

describe.each(PROGRAMS)("an archive of pg_dump %s", (_, binDir) => {
  it("stays what it is, byte for byte, where nothing is edited", async () => {
    const bytes = archive(binDir);
    for (const size of [7, 4096]) {
      expect(
        (
          await collect(
            withDefinitions(pieces(bytes, size), (_type, text) => text),
            1 << 28,
          )
        ).equals(bytes),
      ).toBe(true);
    }
  });

  it("has the edited definition and everything else, whatever its length", async () => {
    const bytes = archive(binDir);
    const types: string[] = [];
    const edited = await collect(
      withDefinitions(once(bytes), (type, text) => {
        types.push(type);
        return type === "TABLE"
          ? Buffer.from(text.toString().replace("DEFAULT 'x'", "DEFAULT 'something longer'"))
          : text;
      }),
      1 << 28,
    );
    expect(types).toEqual(expect.arrayContaining(["ENCODING", "TABLE", "VIEW"]));
    expect(script(binDir, edited)).toBe(
      script(binDir, bytes).replace("DEFAULT 'x'", "DEFAULT 'something longer'"),
    );
  });
});

describe.each(PROGRAMS)("the names in an archive of pg_dump %s", (_, binDir) => {
  it("are told field by field, whatever they hold, and the bytes stay what they are", async () => {
    await using named = await createDatabase({
      sql: `
        CREATE SCHEMA "auth stuff";
        CREATE TABLE "auth stuff"."a b" ("c d" int);
        CREATE FUNCTION "auth stuff"."f g"(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE POLICY "p q" ON "auth stuff"."a b" USING (true);
        COMMENT ON COLUMN "auth stuff"."a b"."c d" IS 'x'
      `,
    });
    const bytes = execFileSync(join(binDir, "pg_dump"), ["-Fc", "-Z0", named.url], { maxBuffer: 1 << 28 });
    for (const size of [7, 4096]) {
      const heard: string[] = [];
      const same = await collect(
        withNames(
          pieces(bytes, size),
          (_id, { schema, tag, owner }) => void heard.push([schema, tag, owner].join("|")),
        ),
        1 << 28,
      );
      expect(same.equals(bytes)).toBe(true);
      expect(heard).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^auth stuff\|a b\|\w+$/),
          expect.stringMatching(/^auth stuff\|f g\(integer\)\|/),
          expect.stringMatching(/^auth stuff\|a b p q\|/),
          expect.stringMatching(/^auth stuff\|COLUMN "a b"."c d"\|/),
          expect.stringMatching(/^\|auth stuff\|/),
        ]),
      );
    }
  });
});

it("of what is no archive, ends early or is of a later version makes nothing up and fails", async () => {
  const bytes = archive(PROGRAMS[0]![1]);
  const newer = Buffer.from(bytes);
  newer[6] = 99;
  for (const each of [
    Buffer.from("not an archive at all"),
    bytes.subarray(0, 300),
    bytes.subarray(0, 3),
    newer,
  ]) {
    expect(
      (
        await collect(
          withNames(pieces(each, 7), () => undefined),
          1 << 28,
        )
      ).equals(each),
    ).toBe(true);
  }
  async function* failing(): ByteStream {
    yield await Promise.resolve(bytes.subarray(0, 300));
    throw new HoldfastError("tool.failed", "pg_dump has died");
  }
  await expect(
    collect(
      withNames(failing(), () => undefined),
      1 << 28,
    ),
  ).rejects.toThrow("pg_dump has died");
});

it("a length that damage made enormous is refused, and the listing goes on without names", async () => {
  const bytes = archive(PROGRAMS[0]![1]);
  // Behind magic, version, sizes, format, compression and seven numbers: the database's name,
  // its length first.
  const at = 5 + 3 + 3 + (bytes[6]! >= 15 ? 1 : 5) + 7 * 5;
  expect(bytes.subarray(at + 5, at + 5 + database.name.length).toString()).toBe(database.name);
  const huge = Buffer.from(bytes);
  huge.writeUInt32LE(0x7fffffff, at + 1);
  const heard: string[] = [];
  expect(
    (
      await collect(
        withNames(pieces(huge, 4096), (id) => void heard.push(id)),
        1 << 28,
      )
    ).equals(huge),
  ).toBe(true);
  expect(heard).toEqual([]);
  await expect(
    collect(
      withDefinitions(once(huge), (_type, text) => text),
      1 << 28,
    ),
  ).rejects.toThrow("a text of its table of contents has 2147483647 bytes");
  const wide = Buffer.from(bytes);
  wide[8] = 200;
  await expect(
    collect(
      withDefinitions(once(wide), (_type, text) => text),
      1 << 28,
    ),
  ).rejects.toThrow("its integers have 200 bytes");
  expect(
    (
      await collect(
        withNames(once(wide), () => undefined),
        1 << 28,
      )
    ).equals(wide),
  ).toBe(true);
});

it("what is no archive, or ends too early, is refused", async () => {
  const bytes = archive(PROGRAMS[0]![1]);
  const keep = (_type: string, text: Buffer): Buffer => text;
  await expect(
    collect(withDefinitions(once(Buffer.from("not an archive at all")), keep), 1 << 20),
  ).rejects.toThrow("cannot be edited");
  await expect(collect(withDefinitions(once(bytes.subarray(0, 300)), keep), 1 << 20)).rejects.toThrow(
    "ends within its table of contents",
  );
});

it("an archive of a version that is not known stays as it is", async () => {
  const newer = Buffer.from(archive(PROGRAMS[0]![1]));
  newer[6] = 99;
  expect(
    (
      await collect(
        withDefinitions(pieces(newer, 100), () => Buffer.from("edited")),
        1 << 28,
      )
    ).equals(newer),
  ).toBe(true);
});
