import type { Outcome } from "../../kernel/outcome.ts";

/** How a database is taken back: by the scripts of its migrations, or by a restore. */
export type Way =
  | { readonly kind: "scripts"; readonly to: string }
  | { readonly kind: "backup"; readonly backup: string };

/** How a database stands. */
export interface DatabaseNow {
  /** Versions that are applied, or begun, in the order in which they were. */
  readonly versions: readonly string[];
  /** Whether the schema is what the newest of them has left; null where the history does not tell. */
  readonly isAsLeft: boolean | null;
  /** What was taken back in it so far, the oldest first. */
  readonly rollbacks: readonly {
    /** As it was given. */
    readonly reason: string;
    /** By a restore; else by scripts. */
    readonly isRestore: boolean;
    readonly hasEnded: boolean;
    /** The safety backup that was made before; null where there was none. */
    readonly backup: string | null;
  }[];
}

/**
 * What a rollback needs of the database's wings. The command makes it of them, because taking back, restoring
 * and deploying are of three.
 */
export interface DatabaseRoad {
  /** Without a password: `db.example.com:5432/shop`. */
  readonly name: string;
  /** @throws what asking the database throws */
  now(signal: AbortSignal): Promise<DatabaseNow>;
  /** What going back would do: plan, losses, and why it would be refused; changes nothing. */
  plan(way: Way, reason: string): Promise<Outcome>;
  /** Does it, after a safety backup. @param planHash of that plan: any other is refused */
  goBack(way: Way, reason: string, planHash: string): Promise<Outcome>;
}
