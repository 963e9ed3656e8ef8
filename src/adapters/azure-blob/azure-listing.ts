import type { BlobItem, ContainerClient } from "@azure/storage-blob";
import { withRetry, type RetryPolicy } from "../../kernel/retry.ts";
import type { BlobFacts } from "../../ports/blob-store.ts";
import { azureError, type AzurePlace } from "./azure-errors.ts";
import { withDeadline } from "./deadline.ts";

/** What to list, and how. */
export interface ListingSource {
  readonly container: ContainerClient;
  readonly place: AzurePlace;
  /** The store's own prefix, taken off the names again. */
  readonly storePrefix: string;
  readonly retry: RetryPolicy;
  /** Until an answer begins, and between its pieces. */
  readonly answerMs: number;
  /** Blobs per request; Azure's maximum is 5000. */
  readonly pageSize: number;
}

/**
 * Every committed blob whose path starts with `prefix`, page by page. The first page is asked for once
 * (callers retry the start); a later page that fails is asked for again with the same marker, so that one
 * lost answer does not end a long listing.
 */
export async function* listBlobs(source: ListingSource, prefix: string): AsyncIterable<BlobFacts> {
  const fullPrefix = source.storePrefix + prefix;
  let marker: string | undefined;
  do {
    const page =
      marker === undefined
        ? await listPage(source, fullPrefix, undefined)
        : await withRetry(source.retry, () => listPage(source, fullPrefix, marker));
    for (const item of page.items) {
      if (!isFolder(item)) yield factsOfItem(item, source.storePrefix);
    }
    marker = page.next;
  } while (marker !== undefined);
}

async function listPage(
  source: ListingSource,
  prefix: string,
  marker: string | undefined,
): Promise<{ items: BlobItem[]; next: string | undefined }> {
  const doing = `listing ${prefix === "" ? "the store" : prefix}`;
  try {
    const request = async (abortSignal: AbortSignal) => {
      const pages = source.container
        .listBlobsFlat({ abortSignal, includeMetadata: true, ...(prefix === "" ? {} : { prefix }) })
        .byPage({
          maxPageSize: source.pageSize,
          ...(marker === undefined ? {} : { continuationToken: marker }),
        });
      const page = await pages.next();
      if (page.done === true) return { items: [], next: undefined };
      const next = page.value.continuationToken;
      return {
        items: page.value.segment.blobItems,
        next: next === undefined || next === "" ? undefined : next,
      };
    };
    return await withDeadline(source.answerMs, doing, request, { stop: source.retry.stop });
  } catch (error) {
    throw azureError(error, doing, source.place);
  }
}

/** Accounts with a hierarchical namespace list their folders as empty blobs with a mark: no blobs of ours. */
function isFolder(item: BlobItem): boolean {
  return item.metadata?.["hdi_isfolder"] === "true";
}

function factsOfItem({ name, properties }: BlobItem, storePrefix: string): BlobFacts {
  return {
    path: name.slice(storePrefix.length),
    size: properties.contentLength ?? 0,
    modifiedAt: properties.lastModified,
    etag: bareEtag(properties.etag),
    ...(properties.accessTier === undefined ? {} : { accessTier: properties.accessTier }),
  };
}

/** Listings give etags without quotes, headers with them; we keep them without. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? "").replace(/^"(.*)"$/, "$1");
}
