import type { CheckPlan } from "./plan.ts";

/** SQL that makes what the platform has before the first migration, or undefined. */
export function preludeOf(_plan: CheckPlan): string | undefined {
  return undefined;
}
