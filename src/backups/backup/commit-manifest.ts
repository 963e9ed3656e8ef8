import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { Catalog } from "../../nouns/catalog/catalog.ts";
import type { Manifest } from "../../nouns/catalog/manifest.ts";
import type { BlobStore } from "../../ports/blob-store.ts";

/**
 * Writes the manifest, by which the backup exists.
 *
 * @returns its SHA-256
 * @throws store.unreachable, saying that the backup may exist where every answer to that write was lost
 */
export async function commitManifest(store: BlobStore, manifest: Manifest): Promise<string> {
  try {
    return await new Catalog(store).commit(manifest);
  } catch (error) {
    if (!isHoldfastError(error, "store.unreachable")) throw error;
    const known = "See by holdfast list once the store answers; a backup that is listed is whole.";
    throw new HoldfastError(
      error.code,
      `whether backup ${manifest.id} was committed is not known: ${error.message}`,
      { hint: error.hint === undefined ? known : `${known} ${error.hint}`, cause: error },
    );
  }
}
