import * as z from "zod";
import type { Secret } from "../../kernel/secret.ts";

/** How a database is taken back: by the scripts of its migrations, or by a restore. */
export const way = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("scripts"), to: z.string() }),
  z.strictObject({ kind: z.literal("backup"), backup: z.string() }),
]);
export type Way = z.infer<typeof way>;

/** How a database stands. */
export interface DatabaseNow {
  /** Versions that are applied, or begun, in the order in which they were. */
  readonly versions: readonly string[];
  /** Whether that is Holdfast's own history, where every migration is an entry. */
  readonly isOwn: boolean;
  /** A file that is half applied, or half taken back. */
  readonly half: string | undefined;
  /** Whether the schema is what the newest of them has left; null where the history does not tell. */
  readonly isAsLeft: boolean | null;
  /** What was taken back in it so far, the oldest first. */
  readonly rollbacks: readonly {
    /** As it was given. */
    readonly reason: string;
    /** The backup that was restored; null where scripts took back. */
    readonly fromBackup: string | null;
    readonly hasEnded: boolean;
    /** The safety backup that was made before; null where there was none. */
    readonly backup: string | null;
  }[];
}

/** What going back would do. */
export interface PlannedWay {
  /** By which it is approved. */
  readonly hash: string;
  /** That the database would be at; empty for none. */
  readonly version: string;
  /** For people: what is taken back, and what goes with it; or why it would be refused. */
  readonly what: string;
  /** What to do about a refusal; undefined where there is none. */
  readonly refused: string | undefined;
}

/** What going back came to. */
export interface GoneBack {
  readonly isWhole: boolean;
  readonly what: string;
  /** What more there is to know of it. */
  readonly notes: readonly string[];
}

/**
 * What a rollback needs of the database's wings. The command makes it of them, because taking back, restoring
 * and deploying are of three.
 */
export interface DatabaseRoad {
  /** Without a password: `db.example.com:5432/shop`. */
  readonly name: string;
  /**
   * What protects the data on that way, or is waived, for people: an approval counts for these alone. Such as
   * `without a safety backup`, `scripts need not be proved`, and who can open the backup.
   */
  readonly safeguards: readonly string[];
  /** What no journal may hold. */
  readonly secrets: readonly Secret[];
  /** @throws what asking the database throws */
  now(signal: AbortSignal): Promise<DatabaseNow>;
  /** Tries what would be done on a server of its own; changes nothing. */
  plan(way: Way, reason: string, signal: AbortSignal): Promise<PlannedWay>;
  /** Does it, after a safety backup. @param hash of that plan: any other is refused */
  goBack(way: Way, reason: string, hash: string, signal: AbortSignal): Promise<GoneBack>;
}
