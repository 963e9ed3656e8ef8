import { expect } from "@jest/globals";
import type { Project, SupabaseServer } from "../../../support/supabase/supabase.ts";
import { said, type Vault } from "../../../support/vault.ts";

/** Five people and one table: enough for what is not about an application. */
const SMALL = `
  INSERT INTO auth.users (id, email)
    SELECT gen_random_uuid(), 'p' || n || '@example.org'
      FROM generate_series(1, 5) n;
  CREATE TABLE public.notes (id int PRIMARY KEY);
  INSERT INTO public.notes VALUES (1)
`;

/** What is put into a project, and by whom. */
export interface More {
  readonly query?: string;
  readonly admin?: string;
}

/** A small project with more in it, the platform's things first, backed up under a name of its own. */
export async function smallProject(
  supabase: SupabaseServer,
  vault: Vault,
  name: string,
  { query, admin }: More,
): Promise<Project> {
  const project = await supabase.project();
  if (admin !== undefined) await project.admin(admin);
  await project.query(SMALL);
  if (query !== undefined) await project.query(query);
  expect((await vault.backup(project.url, { source: name })).exit).toBe(0);
  return project;
}

/** Restores and says what came of it. */
export async function outcome(
  vault: Vault,
  project: Project,
  source: string,
  choice = {},
): Promise<{ readonly exit: number; readonly said: string }> {
  const restored = await vault.restore(project.url, { source, safetyBackup: false, ...choice });
  return { exit: restored.exit, said: said(restored) };
}

/** Everything came back, which nothing that was left out or differs may say. */
export const WHOLE = { exit: 0, said: expect.stringContaining("everything as it was") };
