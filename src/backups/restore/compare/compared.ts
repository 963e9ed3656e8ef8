import type { Finding, NotCompared } from "../../../nouns/catalog/manifest.ts";

/** What was found of a restored database. */
export interface Compared {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** The platform's own, which a restore into a project does not compare; absent where everything was. */
  readonly notCompared?: readonly NotCompared[];
  /**
   * What the backup has outside the named tables and the target lacks since they were dropped; it is named
   * in a note.
   */
  readonly missingBeside?: number;
  readonly tables: number;
  readonly rows: number;
}
