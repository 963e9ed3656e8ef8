import type { Compared } from "./compare/compared.ts";
import type { SafetyBackup } from "./safety/safety-backup.ts";

/** What a restore did. */
export interface Restored extends Compared {
  /** Absent where none was made. */
  readonly safetyBackup: SafetyBackup | undefined;
  /** Mode beside: the name the previous database has now; empty otherwise. */
  readonly oldDatabase: string;
  /** False when the restored content was wrong and the target was left as it was (mode beside). */
  readonly replaced: boolean;
}
