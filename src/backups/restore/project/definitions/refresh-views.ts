import { HoldfastError } from "../../../../kernel/errors.ts";
import { qualifiedName } from "../../../../postgres/quoting.ts";
import { serverWords } from "../../../../postgres/server-words.ts";
import type { Finding } from "../../../../nouns/catalog/manifest.ts";
import type { ContentRecord, TableRecord } from "../../../../nouns/content/record.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";

/**
 * Fills the materialized views that were filled at the source, inside the transaction; those that fail are
 * tried again as long as any succeeds, because one may read another. Each is tried with the safe search path
 * first, then with the target's own.
 *
 * @throws database.query for one that cannot be filled, unless that was allowed
 */
export async function refreshViews(
  session: DatabaseSession,
  { tables }: ContentRecord,
  searchPath: string,
  allowEmpty: boolean,
): Promise<readonly Finding[]> {
  const isThere = async (view: TableRecord): Promise<boolean> => {
    const [row] = await session.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
      qualifiedName(view.schema, view.name),
    ]);
    return row!.there;
  };
  let waiting: TableRecord[] = [];
  for (const view of tables.filter(({ kind, populated }) => kind === "matview" && populated === true)) {
    if (await isThere(view)) waiting.push(view);
  }
  for (;;) {
    const failed: { readonly view: TableRecord; readonly why: HoldfastError }[] = [];
    for (const view of waiting) {
      const why = await refresh(session, view, ["pg_catalog", searchPath]);
      if (why !== undefined) failed.push({ view, why });
    }
    if (failed.length === 0) return [];
    if (failed.length < waiting.length) {
      waiting = failed.map(({ view }) => view);
      continue;
    }
    const findings = failed.map(({ view, why }): Finding => ({
      severity: "gap",
      about: "table",
      name: `${view.schema}.${view.name}`,
      message: `stays empty, because it cannot be refreshed: ${serverWords(why)}`,
    }));
    if (allowEmpty) return findings;
    throw new HoldfastError(
      "database.query",
      `materialized view ${findings[0]!.name} ${findings[0]!.message}`,
      {
        hint: "Mend what it reads at the source, or use --allow-empty-views to leave it empty.",
      },
    );
  }
}

async function refresh(
  session: DatabaseSession,
  view: TableRecord,
  paths: readonly string[],
): Promise<HoldfastError | undefined> {
  let first: HoldfastError | undefined;
  for (const path of paths) {
    const refused = await refusal(session, async () => {
      await session.query("SELECT pg_catalog.set_config('search_path', $1, true)", [path]);
      await session.query(`REFRESH MATERIALIZED VIEW ${qualifiedName(view.schema, view.name)}`);
      await session.query("SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)");
    });
    if (refused === undefined) return undefined;
    first ??= refused;
  }
  return first;
}
