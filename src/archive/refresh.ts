import { isHoldfastError } from "../kernel/errors.ts";
import { qualifiedName } from "../kernel/sql.ts";
import type { ContentRecord } from "../content/record.ts";
import type { DatabaseSession } from "../ports/database.ts";

/**
 * Fills the materialized views that were filled at the source. A full archive does this itself; one of schema and one of data do not, because pg_dump puts the
 * refresh into neither.
 *
 * One materialized view may read another, so those that fail are tried again as long as any succeeds; what remains empty is found by the comparison.
 */
export async function refreshMaterializedViews(session: DatabaseSession, source: ContentRecord): Promise<void> {
  let waiting = source.tables.filter((table) => table.kind === "matview" && table.populated === true);
  while (waiting.length > 0) {
    const failed: typeof waiting = [];
    for (const view of waiting) {
      try {
        await session.query(`REFRESH MATERIALIZED VIEW ${qualifiedName(view.schema, view.name)}`);
      } catch (error) {
        if (!isHoldfastError(error, "database.query", "database.permission")) throw error;
        failed.push(view);
      }
    }
    if (failed.length === waiting.length) return;
    waiting = failed;
  }
}
