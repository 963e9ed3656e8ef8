import { isHoldfastError } from "../../../kernel/errors.ts";
import { listed } from "../../../kernel/listed.ts";
import type { Backup, Catalog } from "../../../nouns/catalog/catalog.ts";
import { manifestPath } from "../../../nouns/catalog/paths.ts";
import {
  DAMAGED,
  readStanding,
  type KnownStandings,
  type Standing,
} from "../../../nouns/catalog/standing.ts";

/** What is known of the backup that was chosen: whoever restores it must see what its validations found. */
export interface ToldStanding {
  /** Absent where the receipts could not be read. */
  readonly standing: Standing | undefined;
  readonly warnings: readonly string[];
}

/**
 * Reads what the receipts say of a backup. That they cannot be read stops nobody from restoring.
 *
 * @param known what was read already, to choose it
 */
export async function tellStanding(
  catalog: Catalog,
  { key, sha256 }: Backup,
  known: KnownStandings,
): Promise<ToldStanding> {
  const before = known.get(manifestPath(key));
  try {
    const standing =
      before === undefined || before === DAMAGED
        ? await readStanding(catalog, key, (await catalog.receiptPaths()).get(key.id) ?? [], sha256)
        : before;
    return { standing, warnings: failedWarnings(standing) };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return {
      standing: undefined,
      warnings: [`whether the backup was validated is not known: ${error.message}`],
    };
  }
}

/** In a few words, for the line of the backup. */
export function standingWords(standing: Standing | undefined): string {
  if (standing === undefined) return "validated or not: unknown";
  if (standing.state === "verified") return `verified ${standing.at ?? ""}`.trim();
  return standing.state === "failed verification"
    ? "FAILED verification"
    : `not verified (${standing.reason ?? "never validated"})`;
}

function failedWarnings(standing: Standing): string[] {
  const { state, at = "", reason = "", damagedReceipts, unreadReceipts = [] } = standing;
  const unknown = [...damagedReceipts, ...unreadReceipts.map(({ message }) => message)];
  const damaged =
    unknown.length === 0
      ? []
      : [
          `of its receipts, ${unknown.length} cannot be read, so more or less may be known ` +
            `of it: ${listed(unknown)}`,
        ];
  if (state !== "failed verification") return damaged;
  return [
    ...damaged,
    `this backup FAILED its validation of ${at}: ${reason}. --backup latest-verified takes the newest ` +
      "that was proved",
  ];
}
