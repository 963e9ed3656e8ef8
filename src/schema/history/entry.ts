/** Which of a migration's two scripts. */
export type ScriptName = "forward" | "rollback";

/** A migration as the database itself remembers it. */
export interface HistoryEntry {
  /** As written in the file's name. */
  readonly version: string;
  /** The forward file's path below its folder. */
  readonly file: string;
  /** SHA-256 of the forward script, line endings made `\n`; null where another tool recorded it without. */
  readonly sha256: string | null;
  /** The script that was carried out; null where another tool recorded it without. */
  readonly forward: string | null;
  /** The script that takes it back, as it was when the migration was applied; null without one. */
  readonly rollback: string | null;
  readonly rollbackSha256: string | null;
  /** Which of the two scripts no transaction may be put around, as their tool's own mark said. */
  readonly withoutTransaction: readonly ScriptName[];
  /**
   * `applied`: whole. `applying`: a script that is no single transaction has begun, and its first
   * {@link steps} statements are done. `failed` is never written: what failed in a transaction left nothing.
   */
  readonly state: "applied" | "applying" | "rolling-back";
  /** Statements that are done, of one that is not a single transaction. */
  readonly steps: number;
  /**
   * The statement that was sent after these and is not written down as done, where one can tell by the
   * database whether it has happened; its text.
   */
  readonly attempting: string | null;
  /** Fingerprint of the schema before and after; null where it was not taken. */
  readonly fingerprintBefore: string | null;
  readonly fingerprintAfter: string | null;
  /** ISO 8601, UTC, to the second. */
  readonly appliedAt: string | null;
  readonly durationMs: number | null;
  /** Who, as the run tells: an actor's name. */
  readonly appliedBy: string;
  readonly runUrl: string | null;
  /** The tool whose history it was taken from, where that was not Holdfast. */
  readonly adoptedFrom: string | null;
}
