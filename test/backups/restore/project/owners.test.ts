import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { findServer } from "../../../support/postgres.ts";
import {
  expectProjectWorks,
  installApplication,
  startSupabase,
  type Project,
  type SupabaseOptions,
  type SupabaseServer,
} from "../../../support/supabase/supabase.ts";
import { expectRefusal, said, Vault } from "../../../support/vault.ts";
import { stateOf } from "./state.ts";
import { testInTurn } from "../../../support/cases-in-turn.ts";

/**
 * What belongs to roles of the user's comes back to them; what cannot is known before anything is touched.
 */

/** `bookkeeper` may make nothing in the schemas in which its things stand. */
const OWNED = `
  CREATE TABLE public.books (id int PRIMARY KEY, sum numeric);
  INSERT INTO public.books VALUES (1, 2.5);
  REVOKE ALL ON public.books FROM anon, authenticated;
  CREATE SCHEMA accounts AUTHORIZATION postgres;
  CREATE FUNCTION accounts.total() RETURNS numeric LANGUAGE sql SECURITY DEFINER AS
    'SELECT sum(sum) FROM public.books';
  CREATE TYPE public."kind of (book)" AS ENUM ('a');
  CREATE VIEW public.sums AS SELECT sum FROM public.books;
  ALTER TABLE public.books OWNER TO bookkeeper;
  ALTER FUNCTION accounts.total() OWNER TO bookkeeper;
  ALTER TYPE public."kind of (book)" OWNER TO bookkeeper;
  ALTER VIEW public.sums OWNER TO bookkeeper;
  GRANT SELECT ON public.sums TO anon
`;

const owners = (project: Project): Promise<unknown> =>
  project.admin(`
    SELECT (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'public.books'::regclass) AS table,
           (SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'total') AS function,
           (SELECT relowner::regrole::text FROM pg_class WHERE oid = 'public.sums'::regclass) AS view,
           pg_has_role('postgres', 'bookkeeper', 'USAGE') AS member,
           has_schema_privilege('bookkeeper', 'public', 'CREATE') AS may
  `);

const SERVERS: readonly SupabaseOptions[] = [{ major: "15" }, { major: "17" }];

describe.each(SERVERS)("owners on %j", (options) => {
  const found = findServer("17.10");
  if (options.major === "17" && "reason" in found) {
    it.skip(`come back (NOT RUN: ${found.reason})`, () => undefined);
    return;
  }
  const inOne = testInTurn(`owners, on ${options.major}`, 2, options.major === "15" ? 0 : 1);
  let supabase: SupabaseServer;
  let vault: Vault;
  let tools: { readonly binDir: string };

  beforeAll(async () => {
    supabase = await startSupabase(options);
    tools = { binDir: supabase.cluster.facts.binDir };
    vault = await Vault.make();
    const source = await supabase.project();
    await installApplication(source);
    await source.query("CREATE ROLE bookkeeper");
    await source.admin(OWNED);
    await vault.backup(source.url, { source: "books" }, tools);
    await source.admin(`
      ALTER VIEW public.sums OWNER TO supabase_admin;
      ALTER FUNCTION accounts.total() OWNER TO supabase_admin
    `);
    await vault.backup(source.url, { source: "beyond" }, tools);
  });
  afterAll(async () => {
    await supabase[Symbol.asyncDispose]();
    await vault[Symbol.asyncDispose]();
  });

  inOne(
    "of the user's get what is theirs, without staying what the restore made of itself for it",
    async () => {
      await using other = await startSupabase(options);
      await using project = await other.project();
      for (const choice of [{}, { confirm: project.name, safetyBackup: false }]) {
        const restored = await vault.restore(project.url, { source: "books", ...choice }, tools);
        expect({ exit: restored.exit, said: said(restored) }).toEqual({
          exit: 0,
          said: expect.stringContaining("everything as it was"),
        });
        expect(await owners(project)).toEqual([
          { table: "bookkeeper", function: "bookkeeper", view: "bookkeeper", member: false, may: false },
        ]);
        await expectProjectWorks(project);
      }
    },
  );

  inOne("whom the role cannot become are named beforehand; --allow-gaps keeps theirs, says so", async () => {
    await using project = await supabase.project();
    const empty = await stateOf(project);
    const refusal = await expectRefusal(vault.restore(project.url, { source: "beyond" }, tools), {
      code: "refused.misfit",
      exit: 7,
      says: /may not give (?:FUNCTION accounts total\(\)|VIEW public sums) to its owner supabase_admin/,
      hint: /--allow-gaps/,
    });
    expect(refusal.message).toContain("VIEW public sums");
    expect(await stateOf(project)).toEqual(empty);
    const restored = await vault.restore(project.url, { source: "beyond", allowGaps: true }, tools);
    expect({ exit: restored.exit, said: said(restored) }).toEqual({
      exit: 3,
      said: expect.stringContaining("VIEW public sums | gap: belongs to postgres and not to supabase_admin"),
    });
    expect(said(restored)).not.toContain("differs");
    await using another = await supabase.project();
    const all = await vault.restore(another.url, { source: "beyond", noOwner: true }, tools);
    expect(said(all)).not.toContain("belongs to postgres");
  });
});
