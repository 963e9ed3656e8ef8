import type { Database, DatabaseSession } from "../../../ports/database.ts";
import { fingerprintLargeObjects, fingerprintTables } from "./fingerprint.ts";
import { recordedAs } from "./column-types.ts";
import { takeInventory } from "../read/inventory.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { Numbers } from "./object-numbers.ts";
import { PINNED_SETTINGS } from "../../server/pinned-settings.ts";
import type { ContentRecord, ContentScope, MeasuredContent, TableRecord } from "../record.ts";

/** How to measure. */
export interface MeasureOptions {
  readonly proof: ContentRecord["proof"];
  /** Sessions that fingerprint side by side. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly onTable: () => void;
  /** Only the rows of these tables are read. */
  readonly only?: readonly { readonly schema: string; readonly name: string }[];
  /**
   * The record it will be held against: rows are hashed and objects digested as there. Default:
   * the newest way.
   */
  readonly like?: Pick<ContentRecord, "digests" | "algorithm"> & Partial<Pick<ContentRecord, "objects">>;
  /**
   * Of a comparison that lets what is more pass: tables as recorded at the source, whose rows are hashed by
   * the columns named there alone.
   */
  readonly columnsOf?: readonly TableRecord[];
  readonly debug?: (text: string) => void;
}

/**
 * Measures a database that nobody else writes to, a restored copy, in the same way a backup measures its
 * source.
 */
export async function measureContent(
  database: Database,
  scope: ContentScope,
  options: MeasureOptions,
): Promise<MeasuredContent> {
  const open = async (): Promise<DatabaseSession> => {
    const session = await database.connect({ purpose: "compare", settings: PINNED_SETTINGS });
    await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return session;
  };
  await using session = await open();
  const whole = await takeInventory(session, scope, options);
  const wanted = options.only && new Set(options.only.map(displayName));
  const inventory = wanted
    ? { ...whole, tables: whole.tables.filter((table) => wanted.has(displayName(table))) }
    : whole;
  if (options.proof === "none") return inventory;
  const doubts = new Map<string, string>();
  const surplus = new Map<string, readonly string[]>();
  const numbers = new Map<string, Numbers>();
  const tables = await fingerprintTables(open, inventory, {
    ...options,
    ...(options.columnsOf === undefined || options.like?.objects === undefined
      ? {}
      : { recordedAs: recordedAs({ ...options.like, objects: options.like.objects }) }),
    onDoubt: (table, why) => doubts.set(displayName(table), why),
    onNumbers: (table, columns) => numbers.set(displayName(table), columns),
    onSurplus: (table, columns) => surplus.set(displayName(table), columns),
  });
  const largeObjects = wanted
    ? inventory.largeObjects
    : await fingerprintLargeObjects(open, inventory, options);
  return {
    ...inventory,
    tables,
    largeObjects,
    ...(doubts.size > 0 ? { doubts } : {}),
    ...(numbers.size > 0 ? { numbers } : {}),
    ...(surplus.size > 0 ? { surplus } : {}),
  };
}
