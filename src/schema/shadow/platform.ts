import { supabasePrelude } from "./supabase/supabase.ts";
import { withoutTrailing } from "../../kernel/cut.ts";

/** The platform whose things stand in the database before the first migration. */
export type Platform = "supabase";

/** What only a project of Supabase's refers to. */
const SUPABASE = /\bauth"?\."?(?:uid|jwt|role|users)\b|\bstorage"?\."?(?:buckets|objects)\b/i;

/** Whoever makes the schema himself has written his own. */
const OWN_SCHEMA = /\bcreate\s+schema\s+(?:if\s+not\s+exists\s+)?"?(?:auth|storage)\b/i;

/** Whether the Supabase CLI owns a folder, by its place. */
export function ownedBySupabase(folder: string): boolean {
  return /(?:^|\/)supabase\/migrations$/.test(withoutTrailing(folder, "/"));
}

/** Told by the folder's place, or by what its files refer to and do not make. */
export function platformOf(folder: string, texts: readonly string[]): Platform | undefined {
  if (ownedBySupabase(folder)) return "supabase";
  return texts.some((text) => SUPABASE.test(text)) && !texts.some((text) => OWN_SCHEMA.test(text))
    ? "supabase"
    : undefined;
}

/** SQL that makes what the platform has before the first migration, or undefined. */
export function preludeFor(platform: Platform | undefined): string | undefined {
  return platform === undefined ? undefined : supabasePrelude();
}
