import { quantity } from "../../kernel/quantity.ts";
import { shellWord } from "../../kernel/shell-word.ts";
import { nearest } from "../../kernel/suggest.ts";
import type { Catalog } from "./catalog.ts";
import type { ChoiceFilter } from "./choose.ts";
import { manifestPath, type BackupKey } from "./paths.ts";
import { concernsOneDocument } from "../store/one-document.ts";
import { selectKeys, type Selection } from "./selection.ts";
import { DAMAGED, readStanding, type Standing } from "./standing.ts";

type ReadonlyKnown = ReadonlyMap<string, Standing | typeof DAMAGED>;

/** Why a selection means no backup, and what to do about it. */
export interface NoneFound {
  /** Completes "no backup matches: …". */
  readonly why: string;
  readonly next: readonly string[];
}

/**
 * Says why nothing was found: whoever needs a backup now must not have to find that out by trying.
 *
 * @param known standings that were read when it was chosen; what is not among them is read
 */
export async function explainNone(
  catalog: Catalog,
  selection: Selection,
  filter: ChoiceFilter,
  known: ReadonlyKnown = new Map(),
): Promise<NoneFound> {
  const keys = await catalog.keys(filter);
  if (keys.length === 0) return noneAtAll(await catalog.keys(), filter);
  if (filter.tier === undefined && keys.every(({ tier }) => tier === "safety")) {
    return {
      why: `${quantity(keys.length, "safety backup")} and no other`,
      next: ["a safety backup is what a restore's target held before; take one by its id (--backup)"],
    };
  }
  const { before } = selection as { readonly before?: Date };
  if (
    selection.by === "latest-verified" &&
    (before === undefined || keys.some(({ time }) => time <= before))
  ) {
    const candidates = selectKeys(selection, keys, filter.tier);
    return await noneVerified(
      catalog,
      candidates.filter(({ time }) => before === undefined || time <= before),
      known,
    );
  }
  const [newest] = selectKeys({ by: "latest" }, keys, filter.tier);
  const oldest = keys.filter(({ tier }) => filter.tier !== undefined || tier !== "safety").at(-1);
  return {
    why:
      `${quantity(keys.length, "backup")}, the oldest ${oldest?.id ?? ""} and the newest ` +
      `${newest?.id ?? ""}; an id begins with the time, UTC, at which it was begun`,
    next: ["`holdfast list` shows all of them, and which are verified"],
  };
}

/** What to say of a list that is empty. */
export interface EmptyList {
  /** Completes "<store> …". */
  readonly says: string;
  readonly next: readonly string[];
  /** False where somebody will have meant something else: another source, another store. */
  readonly good: boolean;
}

/**
 * Says why a list is empty: because nothing was backed up yet, or because another source or another place
 * was asked for.
 */
export async function explainEmpty(catalog: Catalog, filter: ChoiceFilter): Promise<EmptyList> {
  const all = await catalog.keys();
  const { why, next } = noneAtAll(all, filter);
  if (all.length > 0) return { says: why.replace(/^it /, ""), next, good: false };
  if (!(await catalog.isForeign())) return { says: "holds 0 backups", next, good: true };
  return { says: "holds 0 backups: nothing in it was written by Holdfast", next, good: false };
}

function noneAtAll(all: readonly BackupKey[], { source, tier }: ChoiceFilter): NoneFound {
  if (all.length === 0) {
    const next = ["check --store: the prefix behind the container or folder belongs to it"];
    return { why: "it holds no backups at all", next };
  }
  const sources = [...new Set(all.map((key) => key.source))].sort();
  const asked = Object.entries({ source, tier })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value ?? ""}`)
    .join(", ");
  const near = source === undefined || sources.includes(source) ? undefined : nearest(source, sources);
  return {
    why: `it holds ${quantity(all.length, "backup")}, and none of ${asked}`,
    next: [
      "it has backups " +
        `of ${sources.join(", ")}${near === undefined ? "" : `: did you mean --source ${near}?`}; ` +
        "`holdfast list` shows them with their tiers",
    ],
  };
}

/** Of what is not verified, what may still become so; the newest of each is the one to look at. */
async function noneVerified(
  catalog: Catalog,
  keys: readonly BackupKey[],
  known: ReadonlyKnown,
): Promise<NoneFound> {
  const isKnown = (key: BackupKey): boolean => known.has(manifestPath(key));
  const receipts = keys.every(isKnown) ? new Map<string, string[]>() : await catalog.receiptPaths();
  const found: Record<NotVerified, BackupKey[]> = {
    failed: [],
    gaps: [],
    read: [],
    never: [],
    unknown: [],
    damaged: [],
  };
  for (const key of keys) {
    found[
      whyNotVerified(
        known.get(manifestPath(key)) ?? (await standingIn(catalog, key, receipts.get(key.id) ?? [])),
      )
    ].push(key);
  }
  const { failed, gaps, read, never, unknown, damaged } = found;
  const parts = [
    [failed, "failed validation"],
    [gaps, "restored with gaps only"],
    [read, "read and not restored"],
    [never, "never validated"],
    [unknown, "with a receipt that could not be read"],
    [damaged, "with a manifest that is damaged or cannot be read"],
  ] as const;
  const counts = parts.filter(([some]) => some.length > 0).map(([some, what]) => `${some.length} ${what}`);
  const validate = (key: BackupKey, more = ""): string =>
    `\`holdfast validate --store ${shellWord(catalog.store.url)} --source ${shellWord(key.source)} ` +
    `--backup ${key.id}${more}\` (with --identity-file where it is encrypted)`;
  const [withGaps] = gaps;
  const [open] = [...never, ...read, ...unknown].sort((a, b) => (a.id < b.id ? 1 : -1));
  const ways = [
    ...(open === undefined ? [] : [`prove the newest that was not restored yet: ${validate(open)}`]),
    ...(withGaps === undefined
      ? []
      : [
          "where the gaps are known and nobody can mend them, accept " +
            `them: ${validate(withGaps, " --accept-gaps 'about name'")}`,
        ]),
    ...(open === undefined && withGaps === undefined
      ? ["make a new backup while the source still answers"]
      : []),
    "take one as it is, by its id; `holdfast list` says of each why it is not verified",
  ];
  return {
    why: `of ${quantity(keys.length, "backup")} none is verified: ${counts.join(", ")}`,
    next: ways.map((way, at) => (at === 0 ? way : `or ${way}`)),
  };
}

/** Why a backup is not verified. */
type NotVerified = "failed" | "gaps" | "read" | "never" | "unknown" | "damaged";

function whyNotVerified(standing: Standing | typeof DAMAGED): NotVerified {
  if (standing === DAMAGED) return "damaged";
  if (standing.state === "failed verification") return "failed";
  if (standing.reason === "restored with gaps") return "gaps";
  if (standing.unreadReceipts !== undefined) return "unknown";
  return standing.depth === undefined ? "never" : "read";
}

async function standingIn(
  catalog: Catalog,
  key: BackupKey,
  receipts: readonly string[],
): Promise<Standing | typeof DAMAGED> {
  try {
    return await readStanding(catalog, key, receipts, (await catalog.read(key)).sha256);
  } catch (error) {
    if (!concernsOneDocument(error)) throw error;
    return DAMAGED;
  }
}
