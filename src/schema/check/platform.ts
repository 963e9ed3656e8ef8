import { platformOf as platformOfFolder, preludeFor, type Platform } from "../shadow/platform.ts";
import type { CheckPlan } from "./plan.ts";

/** Asked for, or told by the folder. */
export function platformOf(plan: Pick<CheckPlan, "request" | "migrations">): Platform | undefined {
  const { platform, folder } = plan.request;
  if (platform === "none") return undefined;
  if (platform === "supabase") return "supabase";
  return platformOfFolder(
    folder,
    plan.migrations.map(({ migration }) => migration.forward.text),
  );
}

/** SQL that makes what the platform has before the first migration, or undefined. */
export function preludeOf(plan: CheckPlan): string | undefined {
  return preludeFor(platformOf(plan));
}
