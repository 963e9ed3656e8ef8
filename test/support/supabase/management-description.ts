import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ApiDescription } from "../github/description.ts";

/**
 * Supabase's public description of its Management API (Apache-2.0): its operations for functions, word for
 * word, in `supabase-management.excerpt.json`. A fake that is held against it cannot drift from the real
 * thing.
 * https://api.supabase.com/api/v1
 */
export function managementDescription(): ApiDescription {
  const path = fileURLToPath(new URL("supabase-management.excerpt.json", import.meta.url));
  return new ApiDescription(readFileSync(path, "utf8"));
}
