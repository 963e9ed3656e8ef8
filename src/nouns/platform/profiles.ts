import { AMAZON_RDS, AZURE_FLEXIBLE_SERVER, GOOGLE_CLOUD_SQL } from "./managed.ts";
import type { PlatformName, PlatformProfile } from "./profile.ts";
import { SUPABASE } from "./supabase.ts";

/** Every platform that is known; a server that is none of them is treated as plain PostgreSQL. */
export const PROFILES: readonly PlatformProfile[] = [
  SUPABASE,
  AZURE_FLEXIBLE_SERVER,
  AMAZON_RDS,
  GOOGLE_CLOUD_SQL,
];

export function profileOf(name: PlatformName): PlatformProfile {
  return PROFILES.find((profile) => profile.name === name)!;
}
