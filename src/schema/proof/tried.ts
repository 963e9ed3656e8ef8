import type { PreparedScript } from "../script/prepare.ts";
import type { ScriptFailure } from "../shadow/run-script.ts";
import type { StateDifference } from "./compare-states.ts";
import type { SchemaState } from "./state.ts";

/** A forward script and the one that takes it back. */
export interface Pair {
  readonly forward: PreparedScript;
  /** Undefined where there is none. */
  readonly rollback: PreparedScript | undefined;
}

/** How forward, back and forward again went. */
export interface Tried {
  /** `well`: both scripts went through and nothing but the order of columns is different. */
  readonly went: "well" | "not";
  readonly after: SchemaState | undefined;
  readonly failed?: { readonly stage: "forward" | "rollback" | "again"; readonly failure: ScriptFailure };
  /** What is different after the rollback. */
  readonly back: readonly StateDifference[];
  /** What is different after the second forward. */
  readonly again: readonly StateDifference[];
  readonly notes: readonly string[];
}
