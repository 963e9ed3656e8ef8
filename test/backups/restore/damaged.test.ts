import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { withoutSaid } from "../../../src/entry/output/said.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import {
  expectRefusal,
  output,
  said,
  Vault,
  type BackupChoice,
  type RestoreChoice,
} from "../../support/vault.ts";
import { casesInTurn } from "../../support/sampling.ts";

/**
 * What a restore says of a backup that is damaged: at every moment what was made by then, and what was not.
 */

let source: TestDatabase;
beforeAll(async () => {
  source = await createDatabase({
    sql: "CREATE TABLE orders AS SELECT g AS id, md5(g::text) AS note FROM generate_series(1, 60000) g",
  });
});
afterAll(async () => {
  await source.drop();
});

async function damagedVault(change: (bytes: Buffer) => Buffer): Promise<Vault> {
  const vault = await Vault.make();
  await vault.backup(source.url);
  const [blob] = vault.files("database/");
  writeFileSync(vault.path(blob!), change(readFileSync(vault.path(blob!))));
  return vault;
}

/** Of the same size, so that only whoever reads to the end finds it. */
function lastByte(bytes: Buffer): Buffer {
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
}
const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length >> 1);
const header = (bytes: Buffer): Buffer => {
  bytes[100]! ^= 1;
  return bytes;
};

async function inUse(): Promise<TestDatabase> {
  return await createDatabase({
    sql: "CREATE TABLE orders (id int, note text); INSERT INTO orders VALUES (1, 'mine')",
  });
}

const safetyOf = (vault: Vault): string[] =>
  vault.files("manifests/").filter((path) => path.includes("/safety/"));

describe("a damaged backup", () => {
  it.each<[string, (bytes: Buffer) => Buffer, RestoreChoice]>(
    casesInTurn<[string, (bytes: Buffer) => Buffer, RestoreChoice]>(
      "damage found before a safety backup",
      [
        ["in place, at its very end", lastByte, { mode: "in-place" }],
        ["in place, half of it missing", half, { mode: "in-place" }],
        ["beside, half of it missing", half, { mode: "beside" }],
        ["beside, in its header", header, { mode: "beside" }],
        ["one table, half of it missing", half, { tables: ["public.orders"], what: "data" }],
      ],
      { every: 2 },
    ),
  )("is found before the safety backup is made: %s", async (_, change, choice) => {
    await using vault = await damagedVault(change);
    await using database = await inUse();
    const error = await expectRefusal(
      vault.restore(database.adminUrl, { confirm: database.name, ...choice }),
      {
        code: "artifact.damaged",
        exit: 5,
        says: "is damaged",
        hint: /Nothing was changed: the target is as it was, and no safety backup of it was made\.$/,
      },
    );
    expect(error.hint).not.toContain("incomplete");
    expect(safetyOf(vault)).toEqual([]);
    expect(await database.query("SELECT note FROM orders")).toEqual([{ note: "mine" }]);
  });

  it.each<[string, RestoreChoice]>(
    casesInTurn<[string, RestoreChoice]>(
      "damage that the last byte gives away",
      [
        ["beside", { mode: "beside" }],
        ["one table", { tables: ["public.orders"], what: "data" }],
      ],
      { every: 2 },
    ),
  )(
    "that only its last byte gives away is told with the safety backup, and no change: %s",
    async (_, choice) => {
      await using vault = await damagedVault(lastByte);
      await using database = await inUse();
      const error = await expectRefusal(
        vault.restore(database.adminUrl, { confirm: database.name, ...choice }),
        {
          code: "artifact.damaged",
          exit: 5,
          says: "is damaged",
          hint: /The safety backup \S+ of the target was made before, .* and stays in the store\.$/,
        },
      );
      expect(error.hint).not.toContain("incomplete");
      expect(safetyOf(vault)).toEqual([
        expect.stringContaining(/backup (\S+) of the target/.exec(error.hint!)![1]!),
      ]);
      expect(await database.query("SELECT note FROM orders")).toEqual([{ note: "mine" }]);
    },
  );

  it("leaves an empty target empty, and says so or how to go on with another", async () => {
    await using early = await damagedVault(header);
    await using late = await damagedVault(lastByte);
    await using database = await createDatabase();
    const untouched = await expectRefusal(early.restore(database.adminUrl), {
      code: "artifact.damaged",
      exit: 5,
      says: "is damaged",
      hint: /Nothing was changed: the target is as it was, and no safety backup of it was made\.$/,
    });
    expect(untouched.hint).not.toContain("incomplete");
    await expectRefusal(late.restore(database.adminUrl), {
      code: "artifact.damaged",
      exit: 5,
      says: "is damaged",
      hint: new RegExp(
        "The target may be incomplete: run the restore again with another backup, and with --confirm " +
          `${database.name}\\.$`,
      ),
    });
  });
});

describe("a damaged backup that is validated", () => {
  it("fails by the path of its artifact, said once, and with what to do instead", async () => {
    await using vault = await damagedVault(lastByte);
    const outcome = await vault.validate({ depth: "stored" });
    const [path] = vault.files("database/");
    expect(outcome.exit).toBe(5);
    expect(outcome.report.headline).toMatch(/^backup \S+ failed: artifact /);
    expect(outcome.report.headline.split(path!)).toEqual([
      expect.stringMatching(/artifact $/),
      " is damaged: the stored bytes have another hash",
    ]);
    const screen = withoutSaid(outcome.report, new Set());
    expect([
      outcome.report.tables.map(({ title }) => title),
      screen.tables.map(({ title }) => title),
    ]).toEqual([[undefined, "what was found"], [undefined]]);
    expect(outcome.report.notes).toEqual([expect.stringMatching(/make a new one.*--backup latest-verified/)]);
  });
});

describe("the way back from a restore", () => {
  it("is a note with the safety backup's moment and the command that brings back what was", async () => {
    await using vault = await Vault.make();
    await vault.backup(source.url);
    await using database = await inUse();
    const restored = await vault.restore(database.adminUrl, { confirm: database.name, mode: "in-place" });
    const id = output(restored, "safety-backup");
    const { snapshotAt } = await vault.manifest(id);
    expect(said(restored)).toContain(
      `what the target held before is backup ${id} (tier safety), as of ${snapshotAt}; to go back to it: ` +
        `\`holdfast restore --store ${vault.url} --backup ${id} --target-file … --identity-file … ` +
        `--confirm ${database.name} --mode in-place\``,
    );
    await vault.restore(database.adminUrl, { backup: id, confirm: database.name, mode: "in-place" });
    expect(await database.query("SELECT note FROM orders")).toEqual([{ note: "mine" }]);
  });

  it("is that of the named tables alone, and none for tables that were not there", async () => {
    await using vault = await Vault.make();
    await vault.backup(source.url);
    await using database = await inUse();
    const choice: RestoreChoice = { confirm: database.name, tables: ["public.orders"] };
    const restored = await vault.restore(database.adminUrl, choice);
    const id = output(restored, "safety-backup");
    expect(said(restored)).toMatch(
      new RegExp(`--backup ${id} .*--confirm ${database.name} --what data --tables public\\.orders\``),
    );
    await vault.restore(database.adminUrl, {
      backup: id,
      confirm: database.name,
      what: "data",
      tables: ["public.orders"],
    });
    expect(await database.query("SELECT note FROM orders")).toEqual([{ note: "mine" }]);
    await database.query("ALTER TABLE orders RENAME TO others");
    expect(said(await vault.restore(database.adminUrl, choice))).toMatch(/\(tier safety\), as of \S+Z$/m);
  });

  const APP = `
    CREATE SCHEMA app;
    CREATE TABLE app."T x" (id serial, note text);
    INSERT INTO app."T x" (note) VALUES ('saved')
  `;
  const DIVIDED = `
    CREATE TABLE app.p (a int) PARTITION BY LIST (a);
    CREATE TABLE app.p1 PARTITION OF app.p DEFAULT;
    INSERT INTO app.p VALUES (1)
  `;

  it.each<[string, BackupChoice]>(
    casesInTurn<[string, BackupChoice]>(
      "backups whose rows alone are restored",
      [
        ["some schemas", { schemas: ["app"] }],
        ["everything, made before a table was,", {}],
      ],
      { every: 2 },
    ),
  )("goes no further back than a restore of the rows of %s did", async (_, choice) => {
    await using vault = await Vault.make();
    await using database = await createDatabase({ owner: "postgres", sql: `${APP}; ${DIVIDED}` });
    await vault.backup(database.adminUrl, choice);
    await database.admin(`
      CREATE TABLE public.orders (id int, note text);
      INSERT INTO public.orders VALUES (1, 'old');
      UPDATE app."T x" SET note = 'mine'
    `);
    const inPlace: RestoreChoice = { confirm: database.name, what: "data" };
    const restored = await vault.restore(database.adminUrl, inPlace);
    const id = output(restored, "safety-backup");
    expect(said(restored)).toContain(
      `--confirm ${database.name} --what data --tables 'app."T x"' --tables app.p1\``,
    );
    await database.admin("INSERT INTO public.orders VALUES (2, 'new')");
    await vault.restore(database.adminUrl, { ...inPlace, backup: id, tables: ['app."T x"', "app.p1"] });
    expect(await database.admin('SELECT note FROM app."T x"')).toEqual([{ note: "mine" }]);
    expect(await database.admin("SELECT note FROM public.orders ORDER BY id")).toEqual([
      { note: "old" },
      { note: "new" },
    ]);
  });

  it("names no tables where all rows were restored, else says what it leaves", async () => {
    await using vault = await Vault.make();
    await using database = await createDatabase({
      owner: "postgres",
      sql: `${APP}; CREATE SEQUENCE app.alone`,
    });
    await vault.backup(database.adminUrl);
    const inPlace: RestoreChoice = { confirm: database.name, what: "data", source: "shop" };
    expect(said(await vault.restore(database.adminUrl, inPlace))).toMatch(
      new RegExp(`--confirm ${database.name} --what data\`$`, "m"),
    );
    await database.admin("CREATE TABLE public.orders (id int)");
    expect(said(await vault.restore(database.adminUrl, inPlace))).toMatch(
      /--tables 'app\."T x"'`; large objects, and sequences that belong to no table, stay/,
    );
  });

  it("says that it goes further back than a restore of some schemas did", async () => {
    await using vault = await Vault.make();
    await using database = await createDatabase({ owner: "postgres", sql: APP });
    await vault.backup(database.adminUrl, { schemas: ["app"] });
    const restored = await vault.restore(database.adminUrl, { confirm: database.name });
    expect(said(restored)).toMatch(
      new RegExp(
        `--confirm ${database.name}\`, which also sets everything outside of this backup's schemas back ` +
          "to that moment: what was written there since is lost$",
        "m",
      ),
    );
  });
});
