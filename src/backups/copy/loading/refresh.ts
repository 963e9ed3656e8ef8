import { isHoldfastError } from "../../../kernel/errors.ts";
import { displayName } from "../../../postgres/display-name.ts";
import { qualifiedName } from "../../../postgres/quoting.ts";
import type { ContentRecord, TableRecord } from "../../../nouns/content/record.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { LoadProblem } from "../../../ports/dump-tools.ts";
import { serverWords } from "../../../postgres/server-words.ts";

/** What a server may say to a refresh; everything else ends the restore. */
const REFUSALS = [
  "database.query",
  "database.permission",
  "database.row-security",
  "database.changing",
] as const;

/** Begins the entry of a problem with a view's refresh, as in an archive's table of contents. */
export const REFRESH_ENTRY = "MATERIALIZED VIEW DATA ";

/** Carries out one refresh; rejects with what the server says. */
export type RunRefresh = (sql: string) => Promise<unknown>;

/**
 * Fills the materialized views that were filled at the source. It is done here and not by pg_restore, so that
 * it happens before there are event triggers, and because archives of the schema and of the data alone hold
 * no refresh.
 *
 * One materialized view may read another, so those that fail are tried again as long as any succeeds. Each is
 * tried with the safe search path first and then with the ones under which it may have been written:
 * functions that do not say the schemas of their tables work only there, until PostgreSQL 17, which pins the
 * path itself (release notes of 17, "safe search_path during maintenance operations").
 *
 * @param session whose search path is safe; it is so again afterwards
 * @param ownPaths search paths that applications have or had in this database
 * @param run how a refresh is carried out in that session, where it is not as it is
 * @returns those that stay empty, and why
 */
export async function refreshMaterializedViews(
  session: DatabaseSession,
  source: ContentRecord,
  ownPaths: readonly string[] = [],
  run: RunRefresh = (sql) => session.query(sql),
): Promise<readonly LoadProblem[]> {
  let waiting = source.tables.filter((table) => table.kind === "matview" && table.populated === true);
  let problems: LoadProblem[] = [];
  let tried = Number.POSITIVE_INFINITY;
  while (waiting.length > 0 && waiting.length < tried) {
    tried = waiting.length;
    problems = [];
    const failed: TableRecord[] = [];
    for (const view of waiting) {
      const problem = await refresh(session, view, ownPaths, run);
      if (problem === undefined) continue;
      failed.push(view);
      problems.push({ entry: `${REFRESH_ENTRY}${displayName(view)}`, message: problem });
    }
    waiting = failed;
  }
  return problems;
}

/** Why a view cannot be filled, in the server's words for the first path; undefined when it is. */
async function refresh(
  session: DatabaseSession,
  view: TableRecord,
  paths: readonly string[],
  run: RunRefresh,
): Promise<string | undefined> {
  const first = await tryOnce(run, view);
  if (first === undefined) return undefined;
  try {
    for (const path of new Set(paths)) {
      await session.query("SELECT pg_catalog.set_config('search_path', $1, false)", [path]);
      if ((await tryOnce(run, view)) === undefined) return undefined;
    }
  } finally {
    await session.query("SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)");
  }
  return first;
}

async function tryOnce(run: RunRefresh, { schema, name }: TableRecord): Promise<string | undefined> {
  try {
    await run(`REFRESH MATERIALIZED VIEW ${qualifiedName(schema, name)}`);
    return undefined;
  } catch (error) {
    if (!isHoldfastError(error, ...REFUSALS)) throw error;
    return serverWords(error);
  }
}

/** The search path that a session of this role has in this database, left to itself. */
export async function ownSearchPath(bare: DatabaseSession): Promise<string> {
  const [row] = await bare.query<{ path: string }>(
    "SELECT pg_catalog.current_setting('search_path') AS path",
  );
  return row?.path ?? "";
}
