import type { Finding, NotCompared } from "../../nouns/catalog/manifest.ts";
import type { SafetyBackup } from "./safety/safety-backup.ts";

/** What a restore did. */
export interface Restored {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** The platform's own, which a restore into a project does not compare; absent where everything was. */
  readonly notCompared?: readonly NotCompared[];
  /** Absent where none was made. */
  readonly safetyBackup: SafetyBackup | undefined;
  /**
   * What the backup has outside the named tables and the target lacks since they were dropped; it is named
   * in a note.
   */
  readonly missingBeside?: number;
  /** Mode beside: the name the previous database has now; empty otherwise. */
  readonly oldDatabase: string;
  /** False when the restored content was wrong and the target was left as it was (mode beside). */
  readonly replaced: boolean;
  readonly tables: number;
  readonly rows: number;
}
