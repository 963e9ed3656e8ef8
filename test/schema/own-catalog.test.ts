import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { runMigrateCheck } from "../../src/schema/check/run.ts";
import { runMigrateRollback } from "../../src/schema/rollback/run.ts";
import { createDatabase, findServer, type ServerVersion } from "../support/postgres.ts";
import { secret, testPorts } from "../support/test-ports.ts";
import { runMigrateStatus } from "../../src/schema/status/run.ts";
import { migrate, migrationsFolder, noBackups, output, rollbackInputs } from "./support.ts";

/** Holdfast's own migrations: the catalog for dashboards and history. */
const folder = { path: fileURLToPath(new URL("../../migrations", import.meta.url)) };
const VERSIONS: readonly ServerVersion[] = ["12.22", "18.6"];

describe("the catalog's migrations", () => {
  describe.each(VERSIONS)("on PostgreSQL %s", (version) => {
    const found = findServer(version);
    const here = "installation" in found;

    // What could not be had is told at the end of `npm test`.
    (here ? it : it.skip)("are proved, and nothing is found in them", async () => {
      if (!here) throw new Error("unreachable: the test is skipped");
      const outcome = await runMigrateCheck(
        {
          migrations: folder.path,
          all: true,
          base: undefined,
          serverMajor: undefined,
          shadow: undefined,
          platform: "auto",
          failOn: "warning",
        },
        testPorts({ binDir: found.installation.binDir }),
      );
      expect([outcome.exit, output(outcome, "counts")]).toMatchObject([0, { proved: 4 }]);
    });
  });

  it("are applied and taken back by the commands, and keep their promises in between", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    expect(await migrate(database, folder)).toMatchObject({ exit: 0 });
    const backup = (id: string, at: string): string => `
      INSERT INTO holdfast_catalog.backups
        VALUES ('file:///store', 'shop', 'tier2', '${id}', repeat('a', 64), '${at}', now(), '{full}', 'shop',
                '15.18', NULL, NULL, 10, true, 'me', NULL, '{}', NULL)
    `;
    await database.query(backup("20261126T020000Z-aaaaaa", "2026-11-26"));
    await database.query(backup("20261127T020000Z-bbbbbb", "2026-11-27"));
    await database.query(`
      INSERT INTO holdfast_catalog.receipts
        VALUES ('file:///store', 'shop', 'tier2', '20261126T020000Z-aaaaaa', 'restored', 'proved', now(),
                now(), 'scratch 15.18', '[]', 'me'),
               ('file:///store', 'shop', 'tier2', '20261127T020000Z-bbbbbb', 'restored', 'failed', now(),
                now(), 'scratch 15.18', '[]', 'me')
    `);
    expect(await database.query("SELECT source, tier, id FROM holdfast_catalog.newest_proved")).toEqual([
      { source: "shop", tier: "tier2", id: "20261126T020000Z-aaaaaa" },
    ]);
    await database.query(`
      INSERT INTO holdfast_catalog.audit_log (actor, command, subject, exit_code, holdfast_version)
        VALUES ('me', 'restore', 'shop', 0, '1.0.0')
    `);
    for (const sql of ["UPDATE $ SET actor = 'you'", "DELETE FROM $", "TRUNCATE $"]) {
      await expect(database.query(sql.replace("$", "holdfast_catalog.audit_log"))).rejects.toThrow(
        /of holdfast_catalog\.audit_log is refused: the audit log is added to, never changed/,
      );
    }
    await database.query(`
      INSERT INTO holdfast_catalog.configuration_changes (environment, version, actor)
        VALUES ('prod', '1', 'me')
    `);
    await expect(
      database.query(`
        INSERT INTO holdfast_catalog.configuration_change_keys
          VALUES (1, 'DB_PASSWORD', 'modified', true, '"old"', '"new"')
      `),
    ).rejects.toThrow(/configuration_change_keys_secret/);

    const back = await runMigrateRollback(
      rollbackInputs(database, { migrations: folder.path, to: "nothing" }),
      testPorts(),
      noBackups,
    );
    expect([back.exit, output(back, "restored")]).toEqual([0, true]);
    expect(await database.query("SELECT FROM pg_namespace WHERE nspname = 'holdfast_catalog'")).toEqual([]);
  });

  it("are read by a role as docs/catalog.md says, without drift, and that is taken back", async () => {
    const page = readFileSync(new URL("../../docs/catalog.md", import.meta.url), "utf8");
    await using database = await createDatabase({ owner: "postgres" });
    // Roles are of the whole server, which other tests share.
    const role = `${database.name}_dashboard`;
    const blocks = [...page.matchAll(/^```sql\n([^]*?)^```/gm)].map(([, text]) =>
      text!.replaceAll(/(?<!_)\bdashboard\b(?!\.sql)/g, role),
    );
    const own = blocks.flatMap((text) => {
      const [, file] = /^-- (\S+\.sql)\n/.exec(text) ?? [];
      return file === undefined ? [] : [[file, text] as const];
    });
    const shipped = readdirSync(folder.path).map(
      (file) => [file, readFileSync(`${folder.path}/${file}`, "utf8")] as const,
    );
    await using yours = migrationsFolder(Object.fromEntries([...shipped, ...own]));
    const byHand = blocks.filter((text) => !text.startsWith("--"));
    expect([byHand.length, own.length]).toEqual([1, 2]);
    await database.admin(byHand[0]!);
    try {
      expect(await migrate(database, yours)).toMatchObject({ exit: 0 });
      const inputs = { database: secret(database.adminUrl), migrations: yours.path };
      const status = await runMigrateStatus(inputs, testPorts());
      expect([status.exit, output(status, "drift"), output(status, "drifted")]).toEqual([0, false, []]);
      const reads = "SELECT has_table_privilege($1, 'holdfast_catalog.audit_log', 'SELECT') AS reads";
      expect(await database.query(reads.replace("$1", `'${role}'`))).toEqual([{ reads: true }]);
      const back = rollbackInputs(database, { migrations: yours.path, to: "20261127100300" });
      const outcome = await runMigrateRollback(back, testPorts(), noBackups);
      expect([outcome.exit, output(outcome, "restored")]).toEqual([0, true]);
    } finally {
      await database.admin(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});
