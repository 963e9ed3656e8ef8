import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { applyRestore } from "../../../../src/backups/restore/apply.ts";
import { planRestore } from "../../../../src/backups/restore/plan.ts";
import type { RestorePlan } from "../../../../src/backups/restore/restore-plan.ts";
import { parseRestoreRequest } from "../../../../src/backups/restore/request/request.ts";
import { isHoldfastError } from "../../../../src/kernel/errors.ts";
import { FaultyDatabases, type DatabaseFault } from "../../../fakes/faulty-database.ts";
import { isOfKeeping } from "../../../scenarios/adversity/places.ts";
import { restoreInputs } from "../../../scenarios/adversity/support.ts";
import { startSupabase, type Project, type SupabaseServer } from "../../../support/supabase/supabase.ts";
import { testPorts } from "../../../support/test-ports.ts";
import { eventually, scratchFolder } from "../../../support/tools.ts";
import { Vault } from "../../../support/vault.ts";
import { sampled } from "../../../support/sampling.ts";
import { stateOf } from "./state.ts";

/** A restore into a project that is cut off: the target is as it was, or it is complete. */

/**
 * Something of every step: rows of both sides, a trigger on the platform's ground, rights, a view with rows,
 * a publication.
 */
const SMALL = `
  CREATE TABLE public.notes (id serial PRIMARY KEY, author uuid REFERENCES auth.users, body text);
  CREATE FUNCTION public.welcome() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS
    $$ BEGIN INSERT INTO public.notes (author, body) VALUES (new.id, 'welcome'); RETURN new; END $$;
  CREATE TRIGGER welcome AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.welcome();
  INSERT INTO auth.users (id, email)
    SELECT gen_random_uuid(), 'p' || n || '@example.org'
      FROM generate_series(1, 5) n;
  ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON public.notes USING (author = auth.uid());
  CREATE MATERIALIZED VIEW public.counted AS SELECT count(*) AS n FROM public.notes;
  ALTER PUBLICATION supabase_realtime ADD TABLE public.notes; REVOKE ALL ON public.notes FROM anon;
`;

/** What was there before, and is not in the backup. */
const BEFORE = `
  CREATE TABLE public.before (id int PRIMARY KEY);
  INSERT INTO public.before VALUES (1);
  CREATE POLICY before ON storage.objects FOR SELECT TO anon USING (false);
  INSERT INTO auth.users (id, email) VALUES ('11111111-0000-4000-8000-000000000001', 'before@example.net')
`;

let supabase: SupabaseServer;
let source: Project;
let vault: Vault;

beforeAll(async () => {
  supabase = await startSupabase();
  source = await supabase.project();
  await source.query(SMALL);
  vault = await Vault.make();
  await vault.backup(source.url);
});
afterAll(async () => {
  await supabase[Symbol.asyncDispose]();
  await vault[Symbol.asyncDispose]();
});

async function used(): Promise<Project> {
  const project = await supabase.project();
  await project.query(BEFORE);
  return project;
}

/** What is the user's there, in one line: cheap enough to be asked after every statement of a sweep. */
async function standOf(project: Project): Promise<string> {
  const [row] = await project.admin(`
    SELECT concat_ws(' ',
                     (SELECT string_agg(c.oid::regclass::text, ',' ORDER BY 1)
                        FROM pg_class c
                       WHERE c.relnamespace = 'public'::regnamespace),
                     (SELECT string_agg(tgname, ',' ORDER BY 1)
                        FROM pg_trigger
                       WHERE NOT tgisinternal AND tgname IN ('welcome')),
                     (SELECT string_agg(polname, ',' ORDER BY 1) FROM pg_policy),
                     (SELECT string_agg(email, ',' ORDER BY email) FROM auth.users),
                     (SELECT string_agg(relacl::text, ',' ORDER BY relname)
                        FROM pg_class
                       WHERE relname IN ('before', 'notes')),
                     (SELECT count(*) FROM pg_publication_rel),
                     to_regclass('public.notes') IS NOT NULL) AS stand
  `);
  return String(row!["stand"]);
}

const complete = async (project: Project): Promise<string> => {
  const [row] = await project.admin(`
    SELECT (SELECT count(*)::int FROM public.notes) || ' ' || (SELECT n FROM public.counted) || ' '
      || (SELECT count(*) FROM auth.users) || ' '
        || (SELECT count(*) FROM pg_trigger WHERE tgname = 'welcome') || ' '
          || has_table_privilege('anon', 'public.notes', 'SELECT') AS all
  `);
  return String(row!["all"]);
};
const COMPLETE = "5 5 6 1 false";

async function planned(project: Project): Promise<RestorePlan> {
  const inputs = {
    ...restoreInputs(project.url, vault.identity, { confirm: project.name, into: "project" }),
    store: vault.url,
  };
  return (await planRestore(await parseRestoreRequest(inputs, testPorts()), testPorts()))!;
}

/** Carries the plan out with a fault in the one session that changes the project. */
async function applyWith(
  plan: RestorePlan,
  fault: DatabaseFault,
): Promise<{ faults: FaultyDatabases; error: unknown }> {
  const faults = new FaultyDatabases(fault);
  const { target } = plan.request;
  const faulty = faults.around(target);
  const around = {
    address: target.address,
    connect: (options: Parameters<typeof target.connect>[0]) =>
      (options.purpose === "restore" ? faulty : target).connect(options),
  };
  const work = applyRestore(
    { ...plan, request: { ...plan.request, target: around } },
    () =>
      Promise.resolve({ id: "20260101T000000Z-000000", snapshotAt: "2026-01-01T00:00:00.000Z", tables: [] }),
    testPorts(),
  );
  return await work.then(
    () => ({ faults, error: undefined }),
    (error: unknown) => ({ faults, error }),
  );
}

/**
 * One statement of so many of a kind is cut off, and at least one; a thorough run cuts off each, which
 * takes ten minutes.
 */
const EVERY = 60;

/** `CREATE TABLE`, `ALTER TABLE`, `GRANT`, `SELECT` …: what a statement does, by its first words. */
function kindOf(statement: string): string {
  const [verb = "", what = ""] = statement.trim().toUpperCase().split(/\s+/);
  return /^(?:CREATE|ALTER|DROP|COMMENT|CONNECT)$/.test(verb) ? `${verb} ${what}` : verb;
}

describe("a fault at statements all along the way", () => {
  it.each([
    ["lost", 0],
    ["error", 1],
  ] as const)(
    "(%s) leaves the project as it was, until everything is there",
    async (how, way) => {
      await using counting = await used();
      const { faults, error } = await applyWith(await planned(counting), { failAt: 0, how });
      expect(error).toBeUndefined();
      expect(await complete(counting)).toBe(COMPLETE);
      await using project = await used();
      const before = await standOf(project);
      const plan = await planned(project);
      const completed: string[] = [];
      const all = Array.from({ length: faults.events }, (_, index) => index + 1);
      const kind = (at: number): string => kindOf(faults.log[at - 1] ?? "");
      for (const failAt of sampled(`statements of a project's restore (${how})`, all, {
        every: EVERY,
        kind,
        share: { way, ways: 2 },
      })) {
        const run = await applyWith(plan, { failAt, how });
        const stand = await standOf(project);
        if (stand === before) {
          expect([failAt, run.faults.log.at(-1), isHoldfastError(run.error)]).toEqual([
            failAt,
            expect.any(String),
            true,
          ]);
          continue;
        }
        // One statement was refused that a restore can do without or do another way, or it was the last one.
        completed.push(run.faults.log[failAt - 1]!);
        expect([failAt, run.faults.log[failAt - 1], await complete(project)]).toEqual([
          failAt,
          expect.any(String),
          COMPLETE,
        ]);
        await project.admin(`
          DROP TABLE public.notes CASCADE;
          DROP FUNCTION public.welcome CASCADE;
          DELETE FROM auth.users;
          DROP POLICY IF EXISTS before ON storage.objects
        `);
        await project.query(BEFORE);
        expect(await standOf(project)).toBe(before);
      }
      // A session that is given back has done its work: that it was lost just then costs nothing.
      const working = completed.filter((sql) => !isOfKeeping(sql));
      if (how === "lost") expect(working).toEqual([]);
    },
    1_500_000,
  );

  it("an answer to the commit that never arrives is told as not known", async () => {
    await using counting = await used();
    const { faults } = await applyWith(await planned(counting), { failAt: 0, how: "lost" });
    await using project = await used();
    const commit = faults.log.lastIndexOf("COMMIT") + 1;
    const { error } = await applyWith(await planned(project), { failAt: commit, how: "answer-lost" });
    expect(error).toMatchObject({ code: "database.lost" });
    expect(await complete(project)).toBe(COMPLETE);
  });
});

describe("killed with no chance to do anything", () => {
  it("the project is as it was, row by row, and the next run succeeds", async () => {
    await using folder = scratchFolder("killed-project");
    await using project = await used();
    const before = await stateOf(project);
    const blocker = new pg.Client({ connectionString: project.adminUrl });
    await blocker.connect();
    await blocker.query("BEGIN; LOCK TABLE auth.users IN ROW EXCLUSIVE MODE");
    const child = startRestore(project, folder.path);
    await eventually(
      "the restore to wait for the table",
      async () => (await project.admin("SELECT FROM pg_locks WHERE NOT granted")).length > 0,
      90_000,
    );
    child.kill("SIGKILL");
    await once(child, "exit");
    await blocker.end();
    await eventually(
      "its sessions to end",
      async () =>
        (
          await project.admin(`
            SELECT FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'holdfast%'
          `)
        ).length === 0,
      60_000,
    );
    expect(await stateOf(project)).toEqual(before);
    const [code] = (await once(startRestore(project, folder.path), "exit")) as [number];
    expect([code, await complete(project)]).toEqual([0, COMPLETE]);
  });
});

/** The command line, as a process of its own. */
function startRestore(project: Project, folder: string): ChildProcess {
  writeFileSync(join(folder, "target"), project.url);
  writeFileSync(join(folder, "identity"), vault.identity);
  mkdirSync(join(folder, "tmp"), { recursive: true });
  const cli = new URL("../../../../src/entry/cli/cli.ts", import.meta.url).href;
  const script =
    `const { runCli } = await import(${JSON.stringify(cli)}); ` + "await runCli(process.argv.slice(1));";
  const args = [
    "restore",
    "--store",
    vault.url,
    "--target-file",
    join(folder, "target"),
    "--identity-file",
    join(folder, "identity"),
    "--confirm",
    project.name,
    "--no-safety-backup",
    "--into",
    "project",
  ];
  return spawn(process.execPath, ["--no-warnings", "--input-type=module", "-e", script, "--", ...args], {
    env: { ...process.env, TMPDIR: join(folder, "tmp") },
    stdio: ["ignore", "ignore", "inherit"],
  });
}
