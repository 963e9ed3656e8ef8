import type { Ran } from "../../nouns/runbook/execute.ts";
import { failuresOf } from "../../nouns/runbook/told-run.ts";

/**
 * Steps that judge a build, beside the calls of functions; that they say no is a verdict and no failure of
 * anything.
 */
const JUDGES = new Set(["health", "tests", "soak"]);

/** Whether it was the build that was not good, and all else went as it should. */
export function isJudged(ran: Pick<Ran, "entries" | "standing" | "outcome">): boolean {
  const [failed] = failuresOf(ran);
  const isOfBuild = failed !== undefined && (JUDGES.has(failed.step) || failed.step.startsWith("call-"));
  return isOfBuild && (ran.outcome === "undone" || ran.outcome === "stopped");
}
