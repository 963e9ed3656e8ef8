import { isHoldfastError } from "../../../kernel/errors.ts";
import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { measureContent, type MeasureOptions } from "../../../nouns/content/rows/measure.ts";
import type { ContentScope, MeasuredContent } from "../../../nouns/content/record.ts";
import type { Database } from "../../../ports/database.ts";

/** A measured copy, and what of it could not be measured. */
export interface MeasuredCopy {
  readonly actual: MeasuredContent;
  readonly gaps: readonly Finding[];
}

/**
 * Measures a restored copy. Where row-level security is forced on its owner, who restored it, the rows are
 * there and cannot be read: that is no failure of the restore, but a gap, and everything else is compared.
 */
export async function measureCopy(
  database: Database,
  scope: ContentScope,
  options: MeasureOptions,
): Promise<MeasuredCopy> {
  try {
    return { actual: await measureContent(database, scope, options), gaps: [] };
  } catch (error) {
    if (!isHoldfastError(error, "database.row-security")) throw error;
    const message =
      `of rows could not be compared: ${error.message}; use a role with BYPASSRLS, or look ` +
      "at the rows by hand";
    return {
      actual: await measureContent(database, scope, { ...options, proof: "none" }),
      gaps: [{ severity: "gap", about: "database", name: "content", message }],
    };
  }
}
