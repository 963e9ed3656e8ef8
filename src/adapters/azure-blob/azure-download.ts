import type { Readable } from "node:stream";
import type { ContainerClient } from "@azure/storage-blob";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { tryNoMore, withRetry, type RetryPolicy } from "../../kernel/retry.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { azureError, failureFacts, type AzurePlace } from "./azure-errors.ts";
import { readWithIdleLimit, withDeadline } from "./deadline.ts";
import { transportCode } from "./transport-trouble.ts";

/** Where a download comes from, and how it is taken up again. */
export interface DownloadSource {
  readonly container: ContainerClient;
  readonly place: AzurePlace;
  /** Name in the container, prefix included. */
  readonly name: string;
  /** As the user knows it. */
  readonly path: string;
  readonly retry: RetryPolicy;
  /** Until an answer begins, and between its pieces. */
  readonly answerMs: number;
  /** Give up waiting for the next bytes after this many milliseconds. */
  readonly idleMs: number;
}

interface Answer {
  readonly size: number;
  readonly etag: string;
  readonly body: Readable;
}

/**
 * Starts a download. When the connection breaks in the middle, goes on from the byte that is missing, on
 * the condition that the blob still has the same etag. (The SDK's own resuming is off: it gives up when a
 * connection is reset, and does not wait between tries.)
 *
 * @param end exclusive; the blob's end when absent. A range beyond the blob's end is cut to what is there.
 */
export async function download(
  source: DownloadSource,
  start: number,
  end: number | undefined,
): Promise<{ size: number; content: ByteStream }> {
  const doing = `reading ${source.path}`;
  let first: Answer;
  try {
    first = await ask(source, start, end, undefined);
  } catch (error) {
    if (failureFacts(error).status === 416) return { size: 0, content: nothing() };
    throw azureError(error, doing, source.place);
  }
  return { size: first.size, content: resumed(source, first, start) };
}

async function* nothing(): ByteStream {}

async function ask(
  { container, name, path, answerMs, retry }: DownloadSource,
  start: number,
  end: number | undefined,
  etag: string | undefined,
): Promise<Answer> {
  const request = (abortSignal: AbortSignal) =>
    container.getBlobClient(name).download(start, end === undefined ? undefined : end - start, {
      maxRetryRequests: 0,
      abortSignal,
      conditions: etag === undefined ? {} : { ifMatch: etag },
    });
  const answer = await withDeadline(answerMs, `reading ${path}`, request, { stop: retry.stop });
  return {
    size: answer.contentLength ?? 0,
    etag: answer.etag ?? "",
    body: answer.readableStreamBody as Readable,
  };
}

async function* resumed(source: DownloadSource, first: Answer, start: number): ByteStream {
  const doing = `reading ${source.path}`;
  const { stop } = source.retry;
  let received = 0;
  let answer = first;
  for (let failures = 0; ;) {
    const { body } = answer;
    try {
      const giveUp = (error: Error) => body.destroy(error);
      for await (const chunk of readWithIdleLimit(body, source.idleMs, doing, giveUp, stop)) {
        received += chunk.byteLength;
        // Only progress gives the tries back.
        if (chunk.byteLength > 0) failures = 0;
        yield chunk;
      }
      if (received === first.size) return;
      throw new HoldfastError(
        "store.unreachable",
        `${doing}: ended after ${received} of ${first.size} bytes`,
      );
    } catch (error) {
      // Broken after the last byte: nothing is missing.
      if (received === first.size) return;
      if (stop?.aborted === true && error === stop.reason) throw error;
      // Whatever breaks a body is the connection: Azure's refusals come before the body.
      const broken = isHoldfastError(error)
        ? error
        : new HoldfastError(
            "store.unreachable",
            `${doing}: the connection broke after ${received} of ${first.size} bytes` +
              (transportCode(error) === undefined ? "" : ` (${transportCode(error)})`),
            { cause: error },
          );
      failures += 1;
      // More than announced cannot be cured by asking again.
      if (failures >= source.retry.attempts || received >= first.size) {
        throw tryNoMore(source.retry.tell?.(broken, failures, undefined) ?? broken);
      }
      answer = await askAgain(source, start + received, start + first.size, first.etag, failures);
    } finally {
      body.destroy();
    }
  }
}

async function askAgain(
  source: DownloadSource,
  start: number,
  end: number,
  etag: string,
  failures: number,
): Promise<Answer> {
  return await withRetry({ ...source.retry, attempts: source.retry.attempts - failures + 1 }, async () => {
    try {
      return await ask(source, start, end, etag);
    } catch (error) {
      throw azureError(error, `reading ${source.path}`, source.place);
    }
  });
}
