import { supabasePrelude } from "../shadow/supabase/supabase.ts";
import type { CheckedMigration, CheckPlan } from "./plan.ts";

/** The platform whose things stand in the database before the first migration. */
export type Platform = "supabase";

/** What only a project of Supabase's refers to. */
const SUPABASE = /\bauth"?\."?(?:uid|jwt|role|users)\b|\bstorage"?\."?(?:buckets|objects)\b/i;

/** Whoever makes the schema himself has written his own. */
const OWN_SCHEMA = /\bcreate\s+schema\s+(?:if\s+not\s+exists\s+)?"?(?:auth|storage)\b/i;

/** Asked for, or told by the folder's place, or by what the files refer to and do not make. */
export function platformOf(
  plan: Pick<CheckPlan, "request" | "migrations" | "ownedBySupabase">,
): Platform | undefined {
  const { platform } = plan.request;
  if (platform === "none") return undefined;
  if (platform === "supabase" || plan.ownedBySupabase) return "supabase";
  const texts = plan.migrations.map(({ migration }: CheckedMigration) => migration.forward.text);
  return texts.some((text) => SUPABASE.test(text)) && !texts.some((text) => OWN_SCHEMA.test(text))
    ? "supabase"
    : undefined;
}

/** SQL that makes what the platform has before the first migration, or undefined. */
export function preludeOf(plan: CheckPlan): string | undefined {
  return platformOf(plan) === undefined ? undefined : supabasePrelude();
}
