import type { TableRecord } from "../../../nouns/content/record.ts";
import type { Chosen } from "../chosen/chosen.ts";
import type { TargetState } from "../target/target.ts";

/** What rows are restored, and into what. */
export interface RowsPlan extends Chosen {
  readonly target: TargetState;
  /** Tables of the backup that are restored; all of them when empty was asked for. */
  readonly tables: readonly TableRecord[];
}
