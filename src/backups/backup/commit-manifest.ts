import { HoldfastError, isHoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import { Catalog } from "../../nouns/catalog/catalog.ts";
import type { Manifest } from "../../nouns/catalog/manifest.ts";
import type { BlobStore } from "../../ports/blob-store.ts";

/** After these, where no answer was lost before, there is no manifest of ours. */
const NOT_WRITTEN: readonly ErrorCode[] = [
  "input.conflict",
  "run.cancelled",
  "store.denied",
  "store.exists",
  "store.full",
  "store.missing",
  "store.read-only",
];

/**
 * Writes the manifest, by which the backup exists.
 *
 * @returns its SHA-256
 * @throws what the store said; where an answer to that write was lost, saying that the backup may exist
 */
export async function commitManifest(store: BlobStore, manifest: Manifest): Promise<string> {
  try {
    return await new Catalog(store).commit(manifest);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    if (!error.outcomeUnknown && NOT_WRITTEN.includes(error.code)) throw error;
    const known = "See by holdfast list once the store answers; a backup that is listed is whole.";
    throw new HoldfastError(
      error.code,
      `whether backup ${manifest.id} was committed is not known: ${error.message}`,
      {
        hint: error.hint === undefined ? known : `${known} ${error.hint}`,
        cause: error,
        outcomeUnknown: true,
      },
    );
  }
}
