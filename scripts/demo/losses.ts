import { postgresDatabase } from "../../src/adapters/postgres/database.ts";
import type { Manifest } from "../../src/nouns/catalog/manifest.ts";
import { compareContent } from "../../src/nouns/content/compare/compare-content.ts";
import { measureContent } from "../../src/nouns/content/rows/measure.ts";
import type { DatabaseAddress } from "../../src/ports/database.ts";

/** What the live database has lost against a backup. */
export interface Losses {
  /** One line a table: name, rows in the backup, rows now, what happened. */
  readonly tables: readonly (readonly [string, string, string, string])[];
  /** How many tables are not as they were. */
  readonly harmed: number;
  /** Everything else that differs, such as `view shop.revenue_by_month is missing`. */
  readonly others: readonly string[];
}

/**
 * Measures the live database as backup and validate do, and compares it with the manifest as validate does.
 */
export async function lossesSince(
  manifest: Manifest,
  address: DatabaseAddress,
  signal: AbortSignal,
): Promise<Losses> {
  const { content, scope } = manifest;
  const live = await measureContent(postgresDatabase(address), scope, {
    proof: content.proof,
    jobs: 2,
    signal,
    onTable: () => undefined,
    like: content,
  });
  const { differences } = compareContent(content, live, { rows: true, exact: true });
  const count = (rows: number | null | undefined): string => rows?.toLocaleString("en-US") ?? "–";
  const tables = content.tables.map((then): [string, string, string, string] => {
    const name = `${then.schema}.${then.name}`;
    const now = live.tables.find((table) => table.schema === then.schema && table.name === then.name);
    const found = differences.find((difference) => difference.about === "table" && difference.name === name);
    return [name, count(then.rows), count(now?.rows), found?.message ?? AS_IT_WAS];
  });
  return {
    tables,
    harmed: tables.filter(([, , , verdict]) => verdict !== AS_IT_WAS).length,
    others: differences
      .filter((difference) => difference.about !== "table")
      .map(({ about, name, message }) => `${about} ${name} ${message}`),
  };
}

const AS_IT_WAS = "as it was";
