import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compareContent } from "../../../src/nouns/content/compare/compare-content.ts";
import { runBackup } from "../../../src/backups/backup/run.ts";
import type { Manifest } from "../../../src/nouns/catalog/manifest.ts";
import { recoveryKit } from "../../../src/backups/keygen/recovery-kit.ts";
import { backupInputs, newKeys, SMALL_SHOP, type KeyPair } from "../adversity/support.ts";
import { measure, measureAs } from "../../nouns/content/copies.ts";
import { createDatabase, newestInstallation, type TestDatabase } from "../../support/postgres.ts";
import { testPorts } from "../../support/test-ports.ts";
import { run, runOk, scratchFolder } from "../../support/tools.ts";

const FORMATS = readFileSync(fileURLToPath(new URL("../../../docs/formats.md", import.meta.url)), "utf8");

/** A shell block of docs/formats.md, to the letter, by the mark above it. */
function block(mark: string, language = "sh"): string {
  const found = FORMATS.split(`<!-- test:${mark} -->\n\`\`\`${language}\n`);
  if (found.length !== 2) {
    throw new Error(`docs/formats.md has ${found.length - 1} blocks marked test:${mark}`);
  }
  return (found[1] ?? "").split("\n```")[0] ?? "";
}

/**
 * What a stranger has: the distribution's programs and nothing of ours. Versioned PostgreSQL folders first,
 * as the text asks for a new enough client.
 */
function environment(folder: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: `${newestInstallation().binDir}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder,
    LC_ALL: "C.UTF-8",
    ...more,
  };
}

describe("recovery without Holdfast, following docs/formats.md to the letter", () => {
  let source: TestDatabase;
  let keys: KeyPair;

  beforeAll(async () => {
    keys = await newKeys();
    source = await createDatabase({
      sql: `${SMALL_SHOP};
        create materialized view big as select * from orders where total > 10; create schema "Ünusual";
        create table "Ünusual"."t ""1""" (j jsonb, b bytea);
        insert into "Ünusual"."t ""1""" values ('{"a": [1, null]}', '\\xdeadbeef');
        create function no() returns trigger language plpgsql as $$
          begin raise exception 'a trigger fired'; end $$;
        create trigger no before insert on orders for each row execute function no();
        create table tree (id int primary key, parent int references tree);
        insert into tree values (1, null), (2, 1), (3, 2);
        select lo_from_bytea(0, 'a large object')`,
    });
  });
  afterAll(() => source.drop());

  /**
   * Makes a real backup and lays its blobs, as somebody would who copied them out of the store,
   * into one folder.
   */
  async function blobsOf(
    folder: string,
    tier: "tier1" | "tier2",
  ): Promise<{ manifest: Manifest; names: string[] }> {
    const inputs = { ...backupInputs(source.url, keys.recipient, { tier }), store: `file://${folder}/store` };
    const outcome = await runBackup(inputs, testPorts());
    const id = String(outcome.outputs["id"]);
    const blobs = join(folder, "store/database/shop", tier, id);
    for (const name of readdirSync(blobs)) copyFileSync(join(blobs, name), join(folder, name));
    copyFileSync(join(folder, "store", String(outcome.outputs["manifest"])), join(folder, "manifest.json"));
    writeFileSync(join(folder, "identity.txt"), `# created: today\n${keys.identity}\n`);
    return {
      manifest: JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest,
      names: readdirSync(blobs),
    };
  }

  async function shell(folder: string, mark: string, env: Record<string, string> = {}): Promise<string> {
    return runOk("/bin/sh", ["-e", "-c", block(mark)], { cwd: folder, env: environment(folder, env) });
  }

  it("restores a full backup with age, zstd and pg_restore, equal to the source in everything", async () => {
    await using folder = scratchFolder("recovery");
    const { manifest, names } = await blobsOf(folder.path, "tier2");
    expect(names).toEqual(["full.dump.zst.age"]);
    await using target = await createDatabase();
    await shell(folder.path, "recover", { TARGET: target.url });

    const compared = compareContent(manifest.content, await measure(target.address), {
      rows: true,
      exact: true,
    });
    expect(compared).toEqual({ differences: [], notes: [], others: [] });
    expect(manifest.content.tables.filter((table) => table.kind === "table").length).toBe(4);
    expect(manifest.content.largeObjects?.count).toBe(1);
  });

  it("restores tier1's schema and data in three steps, past triggers, keys, and the views", async () => {
    await using folder = scratchFolder("recovery");
    const { manifest, names } = await blobsOf(folder.path, "tier1");
    expect(names.sort()).toEqual(["data.dump.zst.age", "schema.dump.zst.age"]);
    await using target = await createDatabase();
    await shell(folder.path, "recover-tier1", { TARGET: target.url });
    // "Materialized views come out empty this way: run REFRESH MATERIALIZED VIEW for those the manifest
    // calls populated."
    for (const view of manifest.content.tables.filter((table) => table.populated === true)) {
      await target.query(`refresh materialized view "${view.schema}"."${view.name}"`);
    }

    const compared = compareContent(manifest.content, await measure(target.address), {
      rows: true,
      exact: true,
    });
    expect(compared).toEqual({ differences: [], notes: [], others: [] });
  });

  it("notices a difference, if there were one", async () => {
    await using folder = scratchFolder("recovery");
    const { manifest } = await blobsOf(folder.path, "tier2");
    await using target = await createDatabase();
    await shell(folder.path, "recover", { TARGET: target.url });
    await target.query(`update customers set name = 'changed' where id = 7`);
    const { differences } = compareContent(manifest.content, await measure(target.address), {
      rows: true,
      exact: true,
    });
    expect(differences).toEqual([
      expect.objectContaining({ severity: "difference", about: "table", name: "public.customers" }),
    ]);
  });

  it("checks the manifest by head and sha256sum, and every artifact by the sums in it", async () => {
    await using folder = scratchFolder("recovery");
    const { manifest } = await blobsOf(folder.path, "tier2");
    const said = (await shell(folder.path, "check-document")).split(" ")[0];
    expect(said).toMatch(/^[0-9a-f]{64}$/);
    expect((manifest as unknown as { sha256: string }).sha256).toBe(said);

    await using target = await createDatabase();
    await shell(folder.path, "recover", { TARGET: target.url });
    const sums = (await runOk("sha256sum", ["full.dump.zst.age", "full.dump"], { cwd: folder.path }))
      .split("\n")
      .map((line) => line.split(" ")[0]);
    const [artifact] = manifest.artifacts;
    expect([basename(artifact!.path), sums.slice(0, 2)]).toEqual([
      "full.dump.zst.age",
      [artifact!.stored.sha256, artifact!.plain.sha256],
    ]);
  });

  it("gives a table's count and fingerprint by the page's SQL, under the page's settings", async () => {
    await using database = await createDatabase({
      sql: `
        create table public.orders (id integer, note text);
        insert into public.orders values (1, 'a'), (2, null), (null, 'ü')
      `,
    });
    const settings = /```sql\n(SET search_path[\s\S]*?)\n```/.exec(FORMATS)?.[1] ?? "";
    expect(settings).toMatch(/row_security/);
    const [byHand] = await database.query(`${settings} ${block("fingerprint", "sql")}`);
    const [table] = (await measure(database.address)).tables;
    expect([table?.rows, table?.fingerprint]).toEqual(
      Object.values(byHand ?? {}).map((value, index) => (index === 0 ? Number(value) : value)),
    );
    expect(table?.fingerprint).toMatch(/^-?\d{5,}$/);
    const [older] = await database.query(`${settings} ${block("fingerprint-1", "sql")}`);
    const measured = await measureAs(database.address, "rowhash-1");
    expect([measured.algorithm, measured.tables[0]?.fingerprint]).toEqual([
      "rowhash-1",
      Object.values(older ?? {})[1],
    ]);
  });

  it("gives the recovery kit's readers the same three steps", () => {
    const steps = (text: string): string[] =>
      [...text.matchAll(/^pg_restore (?:--no-owner --no-privileges )?(.*(?:schema|data)\.dump)$/gm)].map(
        (match) => match[1] ?? "",
      );
    const kit = recoveryKit({
      recipient: "age1example",
      madeAt: new Date("2026-11-23T00:00:00Z"),
      identityFile: undefined,
    });
    expect(steps(kit)).toHaveLength(3);
    expect(steps(kit)).toEqual(steps(block("recover-tier1")));
  });

  it("finds damage by these programs alone: age and zstd refuse a flipped bit and a lost tail", async () => {
    await using folder = scratchFolder("recovery");
    await blobsOf(folder.path, "tier2");
    const path = join(folder.path, "full.dump.zst.age");
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 40] = (flipped[whole.length - 40] ?? 0) ^ 1;
    for (const bytes of [flipped, whole.subarray(0, -1)]) {
      writeFileSync(path, bytes);
      const { code } = await run("/bin/sh", ["-e", "-c", block("recover")], {
        cwd: folder.path,
        env: environment(folder.path, { TARGET: "unused" }),
      });
      expect(code).not.toBe(0);
    }
  });
});
