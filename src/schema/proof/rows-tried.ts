import type { ServerRefusal } from "../../ports/database.ts";
import type { PairDifference, RowsRefused } from "./verdict.ts";

/** What a pair did to rows that were there before it. */
export interface RowsTried {
  readonly differences: readonly RowDifference[];
  /** The forward script fails because a table has rows. */
  readonly forwardFailed: RowsRefused | undefined;
  /**
   * The rollback fails because a table has rows, and not because the migration took something away that it
   * would have to bring back.
   */
  readonly rollbackFailed: boolean;
  /** One of the scripts did not go through. */
  readonly stopped: boolean;
  /** The server's words then. */
  readonly why: string;
  /** What the server said then. */
  readonly refusal: ServerRefusal | undefined;
  readonly notes: readonly string[];
  /** Columns that had unusual values, as `schema.table.column`. */
  readonly unusual: readonly string[];
  /** Columns that had NULL in some rows. */
  readonly nulls: readonly string[];
}

/** A difference that is told, and whether NULLs alone may be the reason. */
export interface RowDifference extends PairDifference {
  readonly mayBeFilled?: boolean;
}
