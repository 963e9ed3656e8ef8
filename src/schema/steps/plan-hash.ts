import { HoldfastError } from "../../kernel/errors.ts";
import { quantity } from "../../kernel/quantity.ts";
import { sha256 } from "../../kernel/streams.ts";

/**
 * What a plan would do and what it stands on, so that an approval of one is no approval of another. What
 * changes by the minute and is nobody's decision (numbers of rows, times) is no part of it.
 */
export interface HashedPlan {
  readonly doing: "migrate" | "migrate-rollback";
  /** Server and database, without the user: who plans may only read. */
  readonly database: string;
  /** What will be carried out, in its order: version, script, and how far it is already. */
  readonly scripts: readonly (readonly [version: string, text: string, done: number])[];
  /** What it stands on, and what else is decided with it. */
  readonly given: readonly string[];
}

/** SHA-256 in hex. Line endings do not count: git changes them between two checkouts. */
export function planHash({ doing, database, scripts, given }: HashedPlan): string {
  const written = scripts.map(([version, text, done]) => [
    version,
    sha256(text.replaceAll("\r\n", "\n")),
    done,
  ]);
  return sha256(JSON.stringify([1, doing, database, written, given]));
}

/**
 * Holds a plan against the one that was approved.
 *
 * @param files what would be carried out now, in its order
 * @throws refused.unsafe
 */
export function requireApproved(approved: string | undefined, hash: string, files: readonly string[]): void {
  if (approved === undefined || approved === hash) return;
  const which = files.length === 0 ? "" : `, from ${files[0]} to ${files.at(-1)}`;
  throw new HoldfastError(
    "refused.unsafe",
    `this is not the plan with the hash ${approved}: the files or the database have changed since ` +
      `it was made. Now: ${quantity(files.length, "migration")}${which}`,
    { hint: `Look at the plan anew with --dry-run, and approve that one (${hash}).` },
  );
}

/** @throws input.malformed */
export function parsePlanHash(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{64}$/.test(text)) return text;
  throw new HoldfastError("input.malformed", `plan-hash is '${text}', which is no hash of a plan`, {
    hint: "Give the output plan-hash of a dry run: 64 digits and letters.",
  });
}
