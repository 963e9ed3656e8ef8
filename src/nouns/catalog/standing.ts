import type { HoldfastError } from "../../kernel/errors.ts";
import { inOrder } from "../../kernel/in-order.ts";
import type { Catalog } from "./catalog.ts";
import type { BackupKey } from "./paths.ts";
import type { Depth, Finding, Receipt } from "./manifest.ts";
import { concernsOneDocument, isDamaged } from "../store/one-document.ts";

/**
 * What the receipts say of a backup. `verified` means restored and compared; being readable is not enough.
 */
export interface Standing {
  readonly state: "verified" | "unverified" | "failed verification";
  /** The deepest check that held since the last failure, absent when there is none. */
  readonly depth?: Depth;
  /** When the deciding receipt was written. */
  readonly at?: string;
  /** Of a verified one: the gaps that were accepted for it; absent where there was none. */
  readonly accepted?: readonly Finding[];
  /** Why it is not verified, in a few words. */
  readonly reason?: string;
  /** Receipts that exist but cannot be trusted. */
  readonly damagedReceipts: readonly string[];
  /** Why receipts could not be read, one for each; absent where there is none. */
  readonly unreadReceipts?: readonly HoldfastError[];
}

/**
 * Stands for the standing of a backup whose manifest is damaged or cannot be read: receipts are about a
 * manifest.
 */
export const DAMAGED = "damaged";

/** What was read of standings already, by the path of the manifest. */
export type KnownStandings = Map<string, Standing | typeof DAMAGED>;

/**
 * Derives a backup's standing from receipts about exactly this manifest. Pure; order of `receipts` does
 * not matter. Of a failure and a proof of the same instant the failure counts. A proof for which gaps were
 * accepted counts until a later one finds any. Receipts of recoveries do not count: a restore into one
 * particular target can fail because of the target.
 */
export function standingOf(receipts: readonly Receipt[], damagedReceipts: readonly string[] = []): Standing {
  const newestFirst = receipts.filter((receipt) => receipt.kind !== "recovered").sort(byFinish);
  const failure = newestFirst.find((receipt) => receipt.verdict === "failed");
  const sinceFailure = newestFirst.filter(
    (receipt) => !failure || Date.parse(receipt.finishedAt) > Date.parse(failure.finishedAt),
  );
  const proved = (kind: Receipt["kind"]): Receipt | undefined =>
    sinceFailure.find((receipt) => receipt.kind === kind && receipt.verdict === "proved");
  // Of a backup with gaps no receipt says proved, however often it was read.
  const held = (kind: Receipt["kind"]): Receipt | undefined =>
    proved(kind) ?? sinceFailure.find((receipt) => receipt.kind === kind);
  const gaps = sinceFailure.find((receipt) => receipt.kind === "restored" && receipt.verdict === "gaps");
  // What was accepted once is no proof of what was found since: a later proof with gaps outweighs it.
  const isOutweighed = ({ accepted, finishedAt }: Receipt): boolean =>
    accepted !== undefined && gaps !== undefined && Date.parse(gaps.finishedAt) >= Date.parse(finishedAt);
  const restored = sinceFailure.find(
    (receipt) => receipt.kind === "restored" && receipt.verdict === "proved" && !isOutweighed(receipt),
  );
  if (restored) {
    return {
      state: "verified",
      depth: "restored",
      at: restored.finishedAt,
      ...(restored.accepted ? { accepted: restored.accepted } : {}),
      damagedReceipts,
    };
  }
  // Without a difference, if not without gaps, it was restored since.
  if (failure && proved("restored") === undefined) {
    return {
      state: "failed verification",
      at: failure.finishedAt,
      reason: reasonOf(failure),
      damagedReceipts,
    };
  }
  const partial = held("opened") ?? held("stored");
  return {
    state: "unverified",
    ...(partial ? { depth: partial.kind as Depth, at: partial.finishedAt } : {}),
    reason: gaps
      ? "restored with gaps"
      : partial
        ? `only ${partial.kind}${partial.verdict === "gaps" ? ", with gaps" : ""}`
        : "never validated",
    damagedReceipts,
  };
}

/** What the first finding is about and says. */
function reasonOf({ findings, kind }: Receipt): string {
  const [first] = findings;
  if (first === undefined) return `${kind} failed`;
  return first.name === "" ? first.message : `${first.about} ${first.name} ${first.message}`;
}

/**
 * Newest first. Receipts of one instant are ordered by their text, so that the result never depends on the
 * store's order.
 */
function byFinish(a: Receipt, b: Receipt): number {
  const byTime = Date.parse(b.finishedAt) - Date.parse(a.finishedAt);
  if (byTime !== 0) return byTime;
  const [one, other] = [JSON.stringify(a), JSON.stringify(b)];
  return one < other ? -1 : one > other ? 1 : 0;
}

/**
 * Receipts that are read side by side: one that is proved every night has hundreds, and a store far away
 * takes its time for each.
 */
const RECEIPTS_AT_ONCE = 16;

/** So that one that cannot be read does not end the reading of the others. */
async function settled<T>(
  path: string,
  reading: Promise<T>,
): Promise<{ readonly path: string; readonly read: () => Promise<T> }> {
  await reading.catch(() => undefined);
  return { path, read: () => reading };
}

/**
 * Reads the receipts of one backup and derives its standing.
 *
 * @param paths its receipts, from {@link Catalog.receiptPaths}
 * @param manifestSha256 receipts about another manifest (a replayed one) do not count
 */
export async function readStanding(
  catalog: Catalog,
  key: BackupKey,
  paths: readonly string[],
  manifestSha256?: string,
): Promise<Standing> {
  const receipts: Receipt[] = [];
  const damaged: string[] = [];
  const unread: HoldfastError[] = [];
  for await (const { path, read } of inOrder(paths, RECEIPTS_AT_ONCE, (path) =>
    settled(path, catalog.readReceipt(path)),
  )) {
    try {
      const { value } = await read();
      const about = value.backup === key.id && value.source === key.source && value.tier === key.tier;
      if (about && (manifestSha256 === undefined || value.manifest === manifestSha256)) receipts.push(value);
    } catch (error) {
      // A damaged receipt must not make a backup look better or worse; it is shown beside the standing.
      if (!concernsOneDocument(error)) throw error;
      if (isDamaged(error)) damaged.push(path);
      else unread.push(error);
    }
  }
  const standing = standingOf(receipts, damaged);
  if (unread.length === 0) return standing;
  // What is not known to be verified may well be.
  const reason = standing.state === "unverified" ? { reason: "a receipt could not be read" } : {};
  return { ...standing, ...reason, unreadReceipts: unread };
}
