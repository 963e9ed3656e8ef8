import { HoldfastError } from "../../../kernel/errors.ts";
import { ageMs } from "../../../kernel/duration.ts";
import { listed } from "../../../kernel/listed.ts";
import type { Backup, Catalog } from "../../../nouns/catalog/catalog.ts";
import { concernsOneDocument } from "../../../nouns/store/one-document.ts";
import { selectKeys } from "../../../nouns/catalog/selection.ts";
import { readStanding, type Standing } from "../../../nouns/catalog/standing.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { Losing } from "./live-objects.ts";

/** What the store has. */
export interface Protection {
  /** The backup that holds each of the objects, in the same order; undefined where none does. */
  readonly by: readonly (string | undefined)[];
  /** The newest that was proved and holds rows, of whatever age. */
  readonly newest: { readonly id: string; readonly ageMs: number } | undefined;
  /** How many backups of the source there are. */
  readonly count: number;
}

/** Which backups count. */
interface Wanted {
  readonly source: string | undefined;
  /** The database's own name: a source of the same name may have been another one's. */
  readonly database: string;
  readonly maxAgeMs: number;
}

/** Clocks of the server and of the machine that ran a backup may differ by so much. */
const CLOCKS_MS = 3_600_000;

/**
 * Looks for verified backups that hold the objects' rows, with a snapshot that is young enough; the newest
 * counts. Several may protect together, such as those of each schema alone.
 *
 * @throws store.*, where the store cannot be asked; input.conflict where it holds several sources and none
 *   was named
 */
export async function findProtection(
  catalog: Catalog,
  objects: readonly Losing[],
  { source, database, maxAgeMs }: Wanted,
  { clock, log }: Pick<Ports, "clock" | "log">,
): Promise<Protection> {
  await catalog.store.check(false);
  const keys = selectKeys({ by: "latest-verified" }, await catalog.keys({ source }));
  const sources = [...new Set(keys.map((key) => key.source))];
  if (sources.length > 1) {
    throw new HoldfastError(
      "input.conflict",
      `the store holds backups of several sources: ${sources.join(", ")}`,
      { hint: "Name the one you mean with --source." },
    );
  }
  const receipts = await catalog.receiptPaths();
  const by: (string | undefined)[] = objects.map(() => undefined);
  let newest: Protection["newest"];
  for (const key of keys) {
    if (newest !== undefined && (by.every(Boolean) || ageMs(key.time, clock) > maxAgeMs + CLOCKS_MS)) break;
    let backup: Backup;
    try {
      backup = await catalog.read(key);
    } catch (error) {
      if (!concernsOneDocument(error)) throw error;
      log.warn(`backup ${key.id} is passed over: ${error.message}`);
      continue;
    }
    const { server } = backup.manifest;
    if (server.database !== database) {
      log.warn(
        `backup ${key.id} is passed over: it is of database ${server.database} on ${server.host}, ` +
          `and this one is ${database}`,
      );
      continue;
    }
    const standing = await readStanding(catalog, key, receipts.get(key.id) ?? [], backup.sha256);
    if (standing.state !== "verified" || !holdsRows(backup)) continue;
    const [unread] = standing.unreadReceipts ?? [];
    if (unread !== undefined || standing.damagedReceipts.length > 0) {
      // It may say that the backup has failed since.
      log.warn(
        `backup ${key.id} is passed over: a receipt of it cannot be read, and may say that it failed: ` +
          (unread?.message ?? listed(standing.damagedReceipts)),
      );
      continue;
    }
    const age = ageMs(new Date(backup.manifest.snapshotAt), clock);
    if (newest === undefined || age < newest.ageMs) newest = { id: key.id, ageMs: age };
    if (age > maxAgeMs) continue;
    objects.forEach((object, index) => {
      if (by[index] === undefined && protects(backup, standing, object)) by[index] = key.id;
    });
  }
  return { by, newest, count: keys.length };
}

function holdsRows({ manifest }: Backup): boolean {
  return manifest.artifacts.some(({ kind }) => kind !== "schema");
}

/** It holds the table, and nothing of the table was left out of it. */
function protects({ manifest }: Backup, { accepted = [] }: Standing, object: Losing): boolean {
  const table = manifest.content.tables.find(
    ({ schema, name }) => schema === object.schema && name === object.name,
  );
  if (table === undefined || (table.kind !== "table" && table.kind !== "partitioned")) return false;
  const written = `${object.schema}.${object.name}`;
  const isLeftOut = [...accepted, ...(manifest.gaps ?? [])].some(
    ({ about, name }) => about === "table" && name.replaceAll('"', "") === written,
  );
  if (isLeftOut) return false;
  // A column that is younger than the backup is not in it.
  return (
    object.column === undefined ||
    table.columns === undefined ||
    table.columns.some(([name]) => name === object.column) ||
    table.computed?.includes(object.column) === true
  );
}
