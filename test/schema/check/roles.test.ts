import { describe, expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createDatabase, sharedServer } from "../../support/postgres.ts";
import { secret } from "../../support/test-ports.ts";
import { eventually, scratchFolder } from "../../support/tools.ts";
import { checkFiles, writeFiles, type CheckedFolder } from "./check-folder.ts";

const brief = ({ pairs }: CheckedFolder): string[] => pairs.map(({ file, verdict }) => `${file} ${verdict}`);
const role = (name: string): string => `hf_${name}_${process.pid}`;

it("a shadow's role needs no more than to make databases", async () => {
  const name = role("maker");
  await using database = await createDatabase({ owner: "postgres" });
  await database.admin(`CREATE ROLE ${name} LOGIN CREATEDB CREATEROLE PASSWORD 'of-a-test'`);
  const url = new URL(sharedServer().adminUrl());
  [url.username, url.password] = [name, "of-a-test"];
  const files = {
    "1_t.sql": "CREATE TABLE t (id int PRIMARY KEY, name text);",
    "1_t_rollback.sql": "DROP TABLE t;",
    "2_n.sql": "ALTER TABLE t ALTER name TYPE varchar(90);",
    "2_n_rollback.sql": "ALTER TABLE t ALTER name TYPE text;",
  };
  const found = await checkFiles(files, { shadow: secret(url.href) });
  expect(brief(found)).toEqual(["1_t.sql proved", "2_n.sql proved"]);
  await database.admin(`DROP ROLE ${name}`);
});

describe("roles, which belong to the whole server,", () => {
  it("are given back on a server that others use, so that the next run finds it as it was", async () => {
    const given = { shadow: secret(sharedServer().adminUrl()) };
    const files = {
      "1_r.sql": `CREATE ROLE ${role("made")}; CREATE TABLE t (); GRANT SELECT ON t TO ${role("made")};`,
      "1_r_rollback.sql": `DROP TABLE t; DROP ROLE ${role("made")};`,
      "2_v.sql": "CREATE TABLE v (id int);\nCREATE INDEX CONCURRENTLY v_id ON v (id);",
      "2_v_rollback.sql": "DROP TABLE v;",
    };
    await using database = await createDatabase({ owner: "postgres" });
    // A part of the other name, and not that one.
    const other = `made_${process.pid}`;
    await database.admin(`CREATE ROLE ${other} NOCREATEDB`);
    const running = checkFiles(files, given);
    await database.admin(`ALTER ROLE ${other} CREATEDB`);
    await database.admin(`ALTER DATABASE ${database.name} SET work_mem = '5MB'`);
    expect(brief(await running)).toEqual(["1_r.sql proved", "2_v.sql proved"]);
    expect(brief(await checkFiles(files, given))).toEqual(["1_r.sql proved", "2_v.sql proved"]);
    expect(
      await database.query("SELECT rolname, rolcreatedb FROM pg_roles WHERE rolname = ANY ($1)", [
        [other, role("made")],
      ]),
    ).toEqual([{ rolname: other, rolcreatedb: true }]);
    await database.admin(`DROP ROLE ${other}`);
  });

  it("are swept by the next run where one was killed, unless somebody uses them by now", async () => {
    await using database = await createDatabase({ owner: "postgres" });
    await using scratch = scratchFolder("killed-check");
    const [made, given, dynamic, own] = ["killed", "given", "dynamic", "own"].map((each) => role(each));
    const [enters, entered, joined] = ["enters", "entered", "joined"].map((each) => role(each));
    const files = {
      "1_r.sql": `CREATE ROLE ${made}; CREATE ROLE ${given}; CREATE ROLE ${enters} LOGIN;
        CREATE ROLE ${entered}; CREATE ROLE ${joined}; GRANT ${made} TO ${enters};
        CREATE TABLE t (); GRANT SELECT ON t TO ${made};`,
      "1_r_rollback.sql": `DROP TABLE t; DROP ROLE ${made}, ${given}, ${enters}, ${entered}, ${joined};`,
      "2_d.sql": `-- ${dynamic}\nDO $$ BEGIN EXECUTE format('CREATE ROLE %I', '${dynamic}'); END $$;`,
      "2_d_rollback.sql": `DROP ROLE ${dynamic};`,
    };
    writeFiles(join(scratch.path, "migrations"), { ...files, "3_long.sql": "SELECT pg_sleep(3599);" });
    writeFileSync(join(scratch.path, "url"), sharedServer().adminUrl(), { mode: 0o600 });
    const main = new URL("../../../src/entry/main.ts", import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        "--disable-warning=ExperimentalWarning",
        "--input-type=module",
        "--eval",
        `await (await import("${main}")).runCli(process.argv.slice(1));`,
        ...["--", "migrate-check", "--all", "--migrations", join(scratch.path, "migrations")],
        ...["--shadow-file", join(scratch.path, "url")],
      ],
      { stdio: "ignore" },
    );
    const ended = once(child, "exit");
    const at = await eventually("the last file to be at work", async () => {
      const rows = await database.query(`
        SELECT pid, datname FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(3599)' AND state = 'active'
      `);
      return (rows as { pid: number; datname: string }[])[0];
    });
    child.kill("SIGKILL");
    await ended;
    const left = async (): Promise<unknown[]> =>
      (
        await database.query(
          "SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1) UNION ALL " +
            "SELECT datname::text FROM pg_database WHERE datname = $2 ORDER BY 1",
          [[made, given, dynamic, own, enters, entered, joined], at.datname],
        )
      ).map(({ name }) => name);
    // Somebody's own, which looks like no mark of ours; and three of ours that somebody has found a use for.
    await database.admin(`CREATE ROLE ${own}; ALTER ROLE ${own} SET application_name = 'holdfast_shadow_1'`);
    await database.admin(`GRANT CONNECT ON DATABASE ${database.name} TO ${given}`);
    await database.admin(`ALTER ROLE ${entered} LOGIN; GRANT ${joined} TO ${own}`);
    const small = { "1_t.sql": "CREATE TABLE t ();", "1_t_rollback.sql": "DROP TABLE t;" };
    // What the killed run had sent is at work still.
    expect(brief(await checkFiles(small))).toEqual(["1_t.sql proved"]);
    expect(await left()).toEqual([dynamic, given, at.datname, made, own, enters, entered, joined].sort());
    await database.query("SELECT pg_terminate_backend($1)", [at.pid]);
    await eventually("its sessions to end", async () => {
      const rows = await database.query("SELECT FROM pg_stat_activity WHERE datname = $1", [at.datname]);
      return rows.length === 0;
    });
    expect(brief(await checkFiles(small))).toEqual(["1_t.sql proved"]);
    expect(await left()).toEqual([given, own, entered, joined].sort());
    await database.admin(`REVOKE CONNECT ON DATABASE ${database.name} FROM ${given}`);
    await database.admin(`ALTER ROLE ${entered} NOLOGIN; REVOKE ${joined} FROM ${own}`);
    expect(brief(await checkFiles(files))).toEqual(["1_r.sql proved", "2_d.sql proved"]);
    expect(await left()).toEqual([own]);
    await database.admin(`DROP ROLE ${own}`);
  }, 60_000);

  it("are seen in whatever letters a script names them, and put back", async () => {
    const name = role("Loud");
    await using database = await createDatabase({ owner: "postgres" });
    await database.admin(`CREATE ROLE ${name.toLowerCase()}`);
    const files = {
      "1_up.sql": `ALTER ROLE ${name} CREATEDB;`,
      "1_up_rollback.sql": "SELECT 1;",
      "2_new.sql": `CREATE ROLE ${name}_2; CREATE TABLE t (); GRANT SELECT ON t TO ${name}_2;`,
      "2_new_rollback.sql": `DROP TABLE t; DROP ROLE ${name}_2;`,
    };
    const given = { shadow: secret(sharedServer().adminUrl()) };
    const found = [await checkFiles(files, given), await checkFiles(files, given)].map(brief);
    expect(found).toEqual(Array(2).fill(["1_up.sql differs", "2_new.sql proved"]));
    expect(
      await database.query("SELECT rolname, rolcreatedb FROM pg_roles WHERE rolname LIKE $1", [
        `${name.toLowerCase()}%`,
      ]),
    ).toEqual([{ rolname: name.toLowerCase(), rolcreatedb: false }]);
    await database.admin(`DROP ROLE ${name}`);
  });

  it("may be made, given things and dropped after a default that is another one every time", async () => {
    const files = {
      "1_frozen.sql": "CREATE TABLE t (id int, at timestamptz DEFAULT 'now()');",
      "1_frozen_rollback.sql": "DROP TABLE t;",
      "2_role.sql": "CREATE ROLE app LOGIN; CREATE TABLE o (id int); GRANT SELECT ON o TO app;",
      "2_role_rollback.sql": "DROP TABLE o; DROP ROLE app;",
      "3_more.sql": "ALTER TABLE o ADD total int;",
      "3_more_rollback.sql": "ALTER TABLE o DROP total;",
      "4_gone.sql": "REVOKE SELECT ON o FROM app; DROP ROLE app;",
      "4_gone_rollback.sql": "CREATE ROLE app LOGIN; GRANT SELECT ON o TO app;",
      "5_again.sql": "CREATE ROLE app NOLOGIN; ALTER TABLE t ALTER at SET DEFAULT 'now'::timestamptz;",
      "5_again_rollback.sql": "DROP ROLE app; ALTER TABLE t ALTER at SET DEFAULT 'now()';",
    };
    const found = await checkFiles(files, { shadow: undefined });
    expect(brief(found).filter((each) => !each.endsWith(" proved"))).toEqual([]);
    expect(found.findings).toEqual([]);
  });

  it("are put back when a script that no transaction may hold makes one and gives it on", async () => {
    const files = {
      "1_old.sql": "CREATE ROLE oldr;",
      "1_old_rollback.sql": "DROP ROLE oldr;",
      "2_new.sql": "CREATE ROLE newr;\nGRANT newr TO oldr;\nVACUUM;",
      "2_new_rollback.sql": "DROP ROLE newr;",
    };
    expect(brief(await checkFiles(files, { shadow: undefined }))).toEqual([
      "1_old.sql proved",
      "2_new.sql proved",
    ]);
  });

  it("are seen changed also where they only stand in for somebody's", async () => {
    const files = {
      "1_t.sql": "CREATE TABLE t (); GRANT SELECT ON t TO reporting;",
      "1_t_rollback.sql": "DROP TABLE t;",
      "2_more.sql": "GRANT pg_read_all_settings TO reporting;",
      "2_more_rollback.sql": "SELECT 1;",
      "3_sound.sql": "ALTER ROLE reporting CREATEDB;",
      "3_sound_rollback.sql": "ALTER ROLE reporting NOCREATEDB;",
    };
    const found = await checkFiles(files, { shadow: undefined });
    expect(brief(found)).toEqual(["1_t.sql proved", "2_more.sql differs", "3_sound.sql proved"]);
    expect(found.pairs[1]!.differences).toMatchObject([{ object: "role reporting" }]);
  });
});
