import type { ReportTable } from "../../kernel/outcome.ts";
import type { StepResult } from "./step.ts";

/** How each state of a step is told. */
const STATES: Readonly<Record<StepResult["state"], string>> = {
  was: "was so",
  done: "done",
  would: "to do",
  waits: "waits for you",
  wrong: "WRONG",
  failed: "FAILED",
  "not-reached": "not reached",
};

/** Steps as people read them, in their order. */
export function stepsTable(of: string, steps: readonly StepResult[]): ReportTable {
  return {
    columns: [of, "", ""],
    rows: steps.map(({ name, state, what }) => [name, STATES[state], what]),
  };
}
