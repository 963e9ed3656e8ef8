import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseDatabaseUrl } from "../../../src/postgres/database-url.ts";
import type { Manifest } from "../../../src/nouns/catalog/manifest.ts";
import { whoseIs, type OwnedKind } from "../../../src/nouns/platform/whose.ts";
import { query } from "../../support/postgres.ts";
import { LIVE, requireWord, type LiveProjects } from "../../support/live-supabase.ts";
import { findings, output, said, Vault } from "../../support/vault.ts";

/** A real project is far away and may be large. */
const PATIENCE_MS = 3_600_000;

/** Rows of the platform's that are people's: every one of the backup's has to be in the target. */
const PEOPLES = ["auth.users", "auth.identities", "storage.buckets", "storage.objects"];

/** Kinds of which everything of the user's has to be there again, by its name. */
const DEFINITIONS = [
  "table",
  "view",
  "materialized-view",
  "function",
  "trigger",
  "policy",
  "index",
  "constraint",
  "sequence",
] as const;

/**
 * The story of a project, told of two that are there: backup, proof, plan, and, where it was allowed by name,
 * restore and comparison. It needs no knowledge of the application. Backups, the safety backup among them,
 * are kept in a temporary folder until the end.
 *
 * @param projects is asked when the first test runs
 * @param notRestored why nothing is restored; undefined where it is
 */
export function describeLiveStory(
  title: string,
  projects: () => LiveProjects,
  notRestored: string | undefined,
): void {
  describe(title, () => {
    let vault: Vault;
    let manifest: Manifest;

    beforeAll(async () => {
      const { source, target } = projects();
      // Two addresses may lead to one database: through the pooler and past it.
      expect(await identityOf(target)).not.toEqual(await identityOf(source));
      vault = await Vault.make();
    }, PATIENCE_MS);
    afterAll(() => vault?.[Symbol.asyncDispose]());

    it(
      "the source is backed up as a project of Supabase's",
      async () => {
        const taken = await vault.backup(projects().source, { source: "live" });
        tell(said(taken));
        expect(taken.exit).toBe(0);
        manifest = await vault.manifest(output(taken, "id"));
        expect(manifest.platform?.name).toBe("supabase");
      },
      PATIENCE_MS,
    );

    it(
      "the backup is proved, but for what this machine cannot have, which is named",
      async () => {
        const proved = await vault.validate({ depth: "restored" });
        tell(said(proved));
        // Extensions that only the platform has are gaps here; a difference is never right.
        expect(findings(proved).filter(({ severity }) => severity === "difference")).toEqual([]);
        expect([0, 3]).toContain(proved.exit);
      },
      PATIENCE_MS,
    );

    it(
      "the plan for the target is made, and refuses nothing",
      async () => {
        const planned = await vault.restore(projects().target, {
          dryRun: true,
          confirm: databaseOf(projects().target),
        });
        tell(said(planned));
        expect(planned.exit).toBe(0);
        expect(planned.outputs["plan"]).toMatchObject({ mode: "project", project: { refusals: [] } });
      },
      PATIENCE_MS,
    );

    const restored = "the backup is restored into the target, which then holds all that is the user's";
    if (notRestored !== undefined) {
      it.skip(`${restored} (NOT RUN: ${notRestored})`, () => undefined);
      return;
    }
    it(
      restored,
      async () => {
        const { target } = projects();
        requireWord(projects());
        const done = await vault.restore(target, { confirm: databaseOf(target) });
        tell(said(done));
        expect([0, 3]).toContain(done.exit);
        expect(done.outputs["verdict"]).not.toBe("failed");
        const again = await vault.backup(target, { source: "live-target" });
        const now = await vault.manifest(output(again, "id"));
        expect(usersRows(now)).toEqual(usersRows(manifest));
        for (const name of PEOPLES) {
          expect([name, rowsOf(now, name) >= rowsOf(manifest, name)]).toEqual([name, true]);
        }
        const [before, after] = [usersDefinitions(manifest), new Set(usersDefinitions(now))];
        expect(before.filter((definition) => !after.has(definition))).toEqual([]);
      },
      PATIENCE_MS,
    );
  });
}

/** Real projects differ, so what was found is told in full. */
function tell(text: string): void {
  if ((process.env[LIVE.source] ?? "") !== "") process.stderr.write(`${text}\n\n`);
}

/** The same for two addresses exactly where they lead to one database. */
async function identityOf(url: string): Promise<Record<string, unknown>> {
  const [row] = await query(
    url,
    `
      select system_identifier::text as server, current_database()::text as database
        from pg_catalog.pg_control_system()
    `,
  );
  return row!;
}

function databaseOf(url: string): string {
  return parseDatabaseUrl(url, LIVE.target).database;
}

/** Every table of the user's with its rows and their fingerprint. */
function usersRows({ content, platform }: Manifest): unknown[] {
  const tables = content.tables.filter(
    ({ schema, name }) => whoseIs(platform!, "table", `${schema}.${name}`) === "user",
  );
  return tables
    .map(({ schema, name, rows, fingerprint }) => ({ name: `${schema}.${name}`, rows, fingerprint }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

function rowsOf({ content }: Manifest, wanted: string): number {
  return content.tables.find(({ schema, name }) => `${schema}.${name}` === wanted)?.rows ?? 0;
}

function usersDefinitions({ content, platform }: Manifest): string[] {
  return DEFINITIONS.flatMap((kind) =>
    Object.keys(content.objects[kind] ?? {})
      .filter((identity) => whoseIs(platform!, kind as OwnedKind, identity) === "user")
      .map((identity) => `${kind} ${identity}`),
  );
}
