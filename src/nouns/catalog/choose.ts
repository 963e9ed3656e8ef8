import { HoldfastError, withHint } from "../../kernel/errors.ts";
import { nearest } from "../../kernel/suggest.ts";
import { openAfterComparing } from "../content/omissions/open.ts";
import type { Backup, Catalog } from "./catalog.ts";
import type { CatalogTier, Manifest } from "./manifest.ts";
import { manifestPath, type BackupKey } from "./paths.ts";
import { concernsOneDocument } from "../store/one-document.ts";
import { selectKeys, type Selection } from "./selection.ts";
import { DAMAGED, readStanding, type KnownStandings, type Standing } from "./standing.ts";

/** Narrows a selection to a source and a tier. */
export interface ChoiceFilter {
  readonly source?: string | undefined;
  readonly tier?: CatalogTier | undefined;
}

/** How one backup is chosen among several. */
export interface ChoiceOptions {
  /** Whether a backup can give what is wanted; every backup can when absent. */
  readonly suits?: (manifest: Manifest) => boolean;
  /**
   * Hears of each backup that was passed over, and why, and of gaps that were accepted for the one
   * that is chosen.
   */
  readonly warn?: (text: string) => void;
  /**
   * Is told the standing of each backup that was asked for it: to explain why none was taken, none
   * is read again.
   */
  readonly standings?: KnownStandings;
}

/**
 * Keys that a selection means, newest first; possibly none.
 *
 * @throws input.no-such-backup when an id was named that the store, read completely, does not have
 */
export async function chooseKeys(
  catalog: Catalog,
  selection: Selection,
  filter: ChoiceFilter,
): Promise<BackupKey[]> {
  const keys = await catalog.keys(filter);
  const chosen = selectKeys(selection, keys, filter.tier);
  if (selection.by === "id" && chosen.length === 0) {
    throw new HoldfastError("input.no-such-backup", `no backup ${selection.id} in ${catalog.store.url}`, {
      hint:
        keys.length === 0
          ? "The store holds no backups here; check --store, --source and --tier."
          : otherIds(selection.id, keys),
    });
  }
  return chosen;
}

/** A safety backup is newest after every restore, and is not what somebody misses. */
function otherIds(id: string, keys: readonly BackupKey[]): string {
  const near = nearest(
    id,
    keys.map((key) => key.id),
  );
  const newest = keys.find(({ tier }) => tier !== "safety") ?? keys[0];
  return (
    `${near === undefined ? "" : `Did you mean ${near}? `}See \`holdfast list\`; ` +
    `the newest is ${newest?.id ?? ""}.`
  );
}

/**
 * The one backup a restore means. `latest` and an id mean exactly one, whatever it holds; `latest-verified`
 * and `before` pass over those that cannot give what is wanted, unless no other fits. Only `latest-verified`
 * passes over one that is damaged or cannot be read: whoever asked for the newest, or for a point in time,
 * must not get older data without having said so.
 *
 * @returns `undefined` when the selection matches nothing
 * @throws input.conflict when the store holds several sources and none was named; catalog.damaged,
 *   catalog.unknown-format
 */
export async function chooseOne(
  catalog: Catalog,
  selection: Selection,
  filter: ChoiceFilter,
  options: ChoiceOptions = {},
): Promise<Backup | undefined> {
  const keys = await chooseKeys(
    catalog,
    selection.by === "before" ? { by: "before", before: END_OF_TIME } : selection,
    filter,
  );
  const sources = [...new Set(keys.map((key) => key.source))];
  if (sources.length > 1) {
    throw new HoldfastError(
      "input.conflict",
      `the store holds backups of several sources: ${sources.join(", ")}`,
      {
        hint: "Name the one you mean with --source.",
      },
    );
  }
  if (selection.by === "latest-verified") {
    return newestVerified(catalog, keys, selection.before ?? END_OF_TIME, options);
  }
  if (selection.by === "before") return newestUpTo(selection.before, catalog, keys, options);
  return keys[0] && readOrHint(catalog, keys[0]);
}

async function newestVerified(
  catalog: Catalog,
  keys: readonly BackupKey[],
  before: Date,
  options: ChoiceOptions,
): Promise<Backup | undefined> {
  const receipts = await catalog.receiptPaths();
  let unsuited: Backup | undefined;
  for (const key of keys) {
    const backup = await readUnlessDamaged(catalog, key, options);
    if (backup === undefined) {
      options.standings?.set(manifestPath(key), DAMAGED);
      continue;
    }
    if (!isEarlyEnough(backup, before)) continue;
    const standing = await readStanding(catalog, key, receipts.get(key.id) ?? [], backup.sha256);
    options.standings?.set(manifestPath(key), standing);
    for (const why of standing.unreadReceipts ?? []) {
      options.warn?.(`a receipt of backup ${key.id} cannot be read and is not counted: ${why.message}`);
    }
    if (standing.state !== "verified") {
      tellUnprovable(backup, options);
      continue;
    }
    if (suits(backup, options)) {
      tellAccepted(backup, standing, options);
      return backup;
    }
    unsuited ??= backup;
  }
  return unsuited;
}

/** What was accepted for a proof is to be known where the backup is used. */
function tellAccepted({ key }: Backup, { accepted = [] }: Standing, options: ChoiceOptions): void {
  const [first] = accepted;
  if (first === undefined) return;
  const more = accepted.length === 1 ? "" : ` and ${accepted.length - 1} more, named in its receipt`;
  options.warn?.(
    `backup ${key.id} counts as verified because gaps were accepted for it: ` +
      `${first.about} ${first.name} ${first.message}${more}`,
  );
}

/**
 * A backup with gaps that no proof closes becomes verified only where they are accepted: whoever waits for
 * that must hear why.
 */
function tellUnprovable({ key, manifest }: Backup, options: ChoiceOptions): void {
  const [first, ...more] = openAfterComparing(manifest.gaps ?? []);
  if (first === undefined) return;
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  options.warn?.(
    `backup ${key.id} is passed over: it does not count as verified unless its gaps are accepted by name ` +
      `(validate --accept-gaps): ${first.about} ${first.name} ${first.message}${rest}. Take it by its id ` +
      "or as latest if that is acceptable. Where the role could not read something, a backup by one that " +
      "may has no such gap; what no backup can hold is accepted by name (`holdfast validate --accept-gaps`).",
  );
}

/** The last instant a Date can hold. */
const END_OF_TIME = new Date(8.64e15);

/**
 * Everything in a backup is as of its snapshot, by the server's clock. Its id was made a little earlier, by
 * the clock of the machine that ran the backup, so the snapshot of an id up to `before` may be too late, and,
 * where that clock was ahead, the snapshot of a later id early enough.
 */
async function newestUpTo(
  before: Date,
  catalog: Catalog,
  keys: readonly BackupKey[],
  options: ChoiceOptions,
): Promise<Backup | undefined> {
  let unsuited: Backup | undefined;
  const later: BackupKey[] = [];
  for (const key of keys.filter(({ time }) => time > before).reverse()) {
    const backup = await readUnlessDamaged(catalog, key, options);
    if (backup === undefined || !isEarlyEnough(backup, before)) break;
    later.unshift(key);
  }
  for (const key of [...later, ...keys.filter(({ time }) => time <= before)]) {
    const backup = await readOrHint(catalog, key);
    if (!isEarlyEnough(backup, before)) continue;
    if (suits(backup, options)) return backup;
    unsuited ??= backup;
  }
  return unsuited;
}

function isEarlyEnough({ manifest }: Backup, before: Date): boolean {
  return Date.parse(manifest.snapshotAt) <= before.getTime();
}

function suits({ key, manifest }: Backup, options: ChoiceOptions): boolean {
  if (options.suits?.(manifest) !== false) return true;
  options.warn?.(
    `backup ${key.id} is passed over: ` +
      `it holds ${manifest.artifacts.map((artifact) => artifact.kind).join(" and ")}, which does ` +
      "not give what is wanted",
  );
  return false;
}

async function readUnlessDamaged(
  catalog: Catalog,
  key: BackupKey,
  options: ChoiceOptions,
): Promise<Backup | undefined> {
  try {
    return await catalog.read(key);
  } catch (error) {
    if (!concernsOneDocument(error)) throw error;
    options.warn?.(`backup ${key.id} is passed over: ${error.message}`);
    return undefined;
  }
}

async function readOrHint(catalog: Catalog, key: BackupKey): Promise<Backup> {
  try {
    return await catalog.read(key);
  } catch (error) {
    if (!concernsOneDocument(error)) throw error;
    throw withHint(error, "To use the newest backup that was proved instead, say --backup latest-verified.");
  }
}
