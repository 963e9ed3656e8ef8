import type { BlockBlobClient } from "@azure/storage-blob";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { withRetry, type RetryPolicy } from "../../kernel/retry.ts";
import type { BlobFacts, PutOptions } from "../../ports/blob-store.ts";
import { azureError, type AzurePlace } from "./azure-errors.ts";
import { bareEtag } from "./azure-listing.ts";
import type { StagedBlocks } from "./block-upload.ts";
import { underWayMs, withDeadline, type Patience } from "./deadline.ts";

/** What is to become a blob. */
export interface Commit {
  readonly client: BlockBlobClient;
  readonly place: AzurePlace;
  readonly path: string;
  readonly staged: StagedBlocks;
  readonly options: PutOptions;
  readonly retry: RetryPolicy;
  readonly patience: Patience;
}

const ANYTHING_THERE = { ifNoneMatch: "*" };

/**
 * Makes the staged blocks visible, all at once and only if the path is free: Put Block List with
 * `If-None-Match: *`.
 *
 * The answer to a commit can be lost. The repeated request is then told that the blob exists, and the blob
 * may be ours or somebody else's: its block ids tell, because ours have a random part that nobody else has.
 *
 * @throws store.exists only when the blob there is known to be another's; store.unreachable when it could not
 *   be found out
 */
export async function commitBlocks(commit: Commit): Promise<BlobFacts> {
  const { client, place, path, staged, options } = commit;
  const doing = `committing ${path}`;
  let mayHaveHappened = false;
  const tryOnce = async (): Promise<BlobFacts> => {
    try {
      const answer = await withDeadline(
        commit.patience.sendMs + underWayMs(staged.ids.length * 100, commit.patience),
        doing,
        (abortSignal) =>
          client.commitBlockList([...staged.ids], {
            abortSignal,
            conditions: ANYTHING_THERE,
            blobHTTPHeaders: { blobContentType: options.contentType ?? "application/octet-stream" },
            ...(options.accessTier === undefined ? {} : { tier: options.accessTier }),
          }),
        { stop: commit.retry.stop, isChange: true },
      );
      return facts(commit, answer);
    } catch (error) {
      const failure = azureError(error, doing, place);
      if (failure.code === "store.unreachable") mayHaveHappened = true;
      if (failure.code === "input.conflict") throw refusedLate(failure);
      if (failure.code !== "store.exists" && failure.code !== "store.changed") throw failure;
      return await settle(commit, failure, mayHaveHappened);
    }
  };
  try {
    return await withRetry(commit.retry, tryOnce);
  } catch (error) {
    if (!mayHaveHappened || !isHoldfastError(error) || error.code === "store.exists") throw error;
    // A right that ended, or a run that was stopped, says nothing of the try before.
    const isLost = error.code === "store.unreachable";
    throw new HoldfastError(
      "store.unreachable",
      isLost ? error.message : `${doing}: an answer was lost, and then: ${error.message}`,
      { hint: error.hint, cause: error, outcomeUnknown: true },
    );
  }
}

/** Said of what was asked for; but the bytes have gone up, so it is no matter of the input alone any more. */
function refusedLate(failure: HoldfastError): HoldfastError {
  return new HoldfastError("store.denied", `${failure.message}, after its bytes had been sent`, {
    hint: `${failure.hint ?? ""} Nothing is visible of them; Azure discards them within a week.`.trim(),
    cause: failure,
  });
}

/**
 * The path is taken, or our blocks are gone because another writer's commit discarded them: find out which.
 */
async function settle(commit: Commit, refusal: HoldfastError, mayHaveHappened: boolean): Promise<BlobFacts> {
  const { client, place, path, staged } = commit;
  const exists = (): HoldfastError =>
    new HoldfastError("store.exists", `${path} already exists in the container ${place.container}`);
  let there: Awaited<ReturnType<BlockBlobClient["getBlockList"]>>;
  try {
    there = await withDeadline(commit.patience.answerMs, `reading ${path}`, async (abortSignal) => {
      // Blocks that were sent and never committed have a list, and are no blob.
      await client.getProperties({ abortSignal });
      return await client.getBlockList("committed", { abortSignal });
    });
  } catch (error) {
    const failure = azureError(error, `reading ${path}`, place);
    if (failure.code === "store.not-found") throw discarded(path);
    // Without the right to read, a first refusal can only mean another's blob; after a lost answer
    // nothing is known.
    if (failure.code === "store.denied") {
      if (!mayHaveHappened) throw refusal.code === "store.exists" ? exists() : discarded(path);
      throw new HoldfastError(
        "store.unreachable",
        `${path}: the answer to the commit was lost, and these credentials may not read whether it happened`,
        {
          hint: "Give the SAS the read permission (r), then run again.",
          cause: failure,
        },
      );
    }
    throw failure;
  }
  const ids = (there.committedBlocks ?? []).map((block) => block.name);
  const isOurs =
    mayHaveHappened &&
    there.blobContentLength === staged.size &&
    ids.length === staged.ids.length &&
    ids.every((id, index) => id === staged.ids[index]);
  if (!isOurs) throw exists();
  return facts(commit, there);
}

function discarded(path: string): HoldfastError {
  return new HoldfastError(
    "store.changed",
    `the blocks of ${path} were discarded before they could be committed`,
    {
      hint: "Another writer wrote and removed the same path in the meantime; run again.",
    },
  );
}

function facts({ path, staged, options }: Commit, answer: { etag?: string; lastModified?: Date }): BlobFacts {
  return {
    path,
    size: staged.size,
    modifiedAt: answer.lastModified ?? new Date(0),
    etag: bareEtag(answer.etag),
    ...(options.accessTier === undefined ? {} : { accessTier: options.accessTier }),
  };
}
