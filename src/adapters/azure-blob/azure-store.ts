import type { BlobGetPropertiesResponse, ContainerClient } from "@azure/storage-blob";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { withRetry, type RetryPolicy } from "../../kernel/retry.ts";
import { severalTries } from "../../kernel/several-tries.ts";
import type { ByteStream } from "../../kernel/streams.ts";
import { assertBlobPath, assertBlobPrefix } from "../../ports/blob-path.ts";
import type { BlobFacts, BlobStore, PutOptions } from "../../ports/blob-store.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import { commitBlocks } from "./azure-commit.ts";
import { containerClient, sasExpiry, type AzureCredentials } from "./azure-credentials.ts";
import { download } from "./azure-download.ts";
import { tierFault } from "./account-tiers.ts";
import { TIER } from "./azure-codes.ts";
import { azureError, dateOfAnswer, failureFacts, type AzurePlace } from "./azure-errors.ts";
import { bareEtag, listBlobs } from "./azure-listing.ts";
import { parseAzureUrl, type AzureUrl } from "./azure-url.ts";
import { BlockBuffers } from "./block-buffers.ts";
import { sliced } from "./block-body.ts";
import { isSlow } from "./tries.ts";
import { blockId, stageBlocks, type Block } from "./block-upload.ts";
import { moved, PATIENCE, underWayMs, withDeadline, type Ends, type Patience } from "./deadline.ts";
import { Lanes } from "./lanes.ts";

/** What an Azure store needs from outside. */
export interface AzureStoreOptions {
  readonly clock: Pick<Clock, "sleep" | "elapsed">;
  readonly random: Random;
  /**
   * Blob endpoint, where it is not `https://<account>.blob.core.windows.net`. A connection string
   * brings its own.
   */
  readonly endpoint?: string | undefined;
  /** The environment, which names proxies. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Told when fewer blocks are sent at the same time from now on. */
  readonly onSlow?: ((message: string) => void) | undefined;
  /** The run is to stop, and nothing is tried again. */
  readonly cancelled?: AbortSignal | undefined;
  /** How long silence may last; minutes unless told. */
  readonly patience?: Partial<Patience>;
  /** Told of every block, commit, page or download that is tried again. */
  readonly onRetry?: ((error: unknown, attempt: number, delayMs: number) => void) | undefined;
  /** Tries per block, commit, page or download; 6 unless told. */
  readonly attempts?: number;
  /** First pause between tries in milliseconds; 500 unless told, doubling up to 20 s. */
  readonly firstDelayMs?: number;
  /** A download is taken up anew when nothing came for this many milliseconds; 60 s unless told. */
  readonly idleMs?: number;
  /** Blobs per listing request; Azure's maximum, 5000, unless told. */
  readonly pageSize?: number;
}

/** A download is taken up anew when nothing came for this many milliseconds. */
export const IDLE_MS = 60_000;
/** Tries of one block, commit, page or download end after so many silences, together; none begins later. */
const BUDGET_SILENCES = 4;

const NO_FACTS = { status: undefined, code: "", detail: "" };

/**
 * Opens `azure://<account>/<container>[/<prefix>]`; asks nothing yet ({@link BlobStore.check} does).
 *
 * @throws input.malformed, input.conflict
 */
export async function openAzureStore(
  url: string,
  credentials: AzureCredentials,
  options: AzureStoreOptions,
): Promise<BlobStore> {
  const parsed = parseAzureUrl(url);
  const container = await containerClient(parsed, credentials, options);
  const { hostname: host } = new URL(container.url);
  const place = { ...parsed, sasExpiry: sasExpiry(credentials), host, env: options.env };
  return new AzureStore(url, place, container, options);
}

class AzureStore implements BlobStore {
  readonly url: string;
  readonly #place: AzureUrl & AzurePlace;
  readonly #container: ContainerClient;
  readonly #options: AzureStoreOptions;
  readonly #retry: RetryPolicy;
  readonly #patience: Patience;
  readonly #buffers = new BlockBuffers();
  /** The line is the same for all blobs, so what was learnt of it is kept. */
  readonly #lanes: Lanes;

  constructor(
    url: string,
    place: AzureUrl & AzurePlace,
    container: ContainerClient,
    options: AzureStoreOptions,
  ) {
    this.url = url;
    this.#place = place;
    this.#container = container;
    this.#options = options;
    this.#patience = { ...PATIENCE, ...options.patience };
    this.#lanes = new Lanes(isSlow, (active) =>
      options.onSlow?.(
        `the line to the store, or the store, was too slow for ${active} blocks at the same time; ` +
          "they are sent one by one now, and more again as they arrive",
      ),
    );
    this.#retry = {
      budget: { ms: this.#budgetMs, elapsed: () => options.clock.elapsed() },
      tell: severalTries,
      attempts: options.attempts ?? 6,
      firstDelayMs: options.firstDelayMs ?? 500,
      delayMsMax: 20_000,
      isTransient: (error) => isHoldfastError(error, "store.unreachable"),
      stop: options.cancelled,
      sleep: (ms) => options.clock.sleep(ms),
      random: () => options.random.fraction(),
      ...(options.onRetry === undefined ? {} : { onRetry: options.onRetry }),
    };
  }

  /**
   * Lists one blob, because that is what every command needs anyway; reading the container's properties
   * would need more rights than a SAS commonly has. Whether writing is allowed is asked by committing a block
   * that does not exist: refused for lack of rights, or refused for lack of the block; in both cases nothing
   * is left behind.
   */
  async check(forWriting: boolean, { accessTier }: Pick<PutOptions, "accessTier"> = {}): Promise<void> {
    for await (const _page of listBlobs({ ...this.#listing(), pageSize: 1 }, "")) break;
    if (!forWriting) return;
    const client = this.#client(`.holdfast-check-${this.#options.random.hex(8)}`);
    const commit = (abortSignal: AbortSignal) =>
      client.commitBlockList([blockId("no-such-block", 0)], {
        abortSignal,
        conditions: { ifNoneMatch: "*" },
        ...(accessTier === undefined ? {} : { tier: accessTier }),
      });
    if (accessTier !== undefined) await this.#requireTier(accessTier);
    try {
      await this.#ask(`writing to ${this.url}`, this.#patience.answerMs, commit);
    } catch (error) {
      // InvalidBlockList: the right to write is there.
      if (!isHoldfastError(error, "store.changed")) throw error;
    }
  }

  /**
   * What kind of account it is says which tiers it has, where these credentials may ask; the commit that
   * follows may be refused for its block before its tier is looked at.
   */
  async #requireTier(accessTier: NonNullable<PutOptions["accessTier"]>): Promise<void> {
    const doing = `writing to ${this.url}`;
    let account: Awaited<ReturnType<ContainerClient["getAccountInfo"]>>;
    try {
      account = await this.#ask(doing, this.#patience.answerMs, (abortSignal) =>
        this.#container.getAccountInfo({ abortSignal }),
      );
    } catch (error) {
      // Most roles do not let it be asked; whatever else is wrong, the commit meets as well.
      if (isHoldfastError(error)) return;
      throw error;
    }
    const fault = tierFault(accessTier, account.skuName, account.accountKind);
    if (fault === undefined) return;
    throw new HoldfastError("input.conflict", `${doing}: ${fault}`, { hint: TIER[1](this.#place, NO_FACTS) });
  }

  async put(path: string, content: ByteStream, options: PutOptions = {}): Promise<BlobFacts> {
    assertBlobPath(path);
    const client = this.#client(path);
    const send = async ({ id, bytes, md5 }: Block, signal: AbortSignal): Promise<void> => {
      let waitedMs = 0;
      const graceMs = underWayMs(bytes.length, this.#patience);
      const { clock } = this.#options;
      const retry = {
        ...this.#retry,
        budget: { ms: this.#budgetMs + graceMs, elapsed: () => clock.elapsed() - waitedMs },
        sleep: (ms: number) => this.#options.clock.sleep(ms, signal),
        isTransient: (error: unknown) => !signal.aborted && this.#retry.isTransient(error),
      };
      const stage = (abortSignal: AbortSignal) =>
        client.stageBlock(
          id,
          () => sliced(bytes, (isLast) => moved(abortSignal, isLast ? graceMs : 0)),
          bytes.length,
          {
            abortSignal,
            transactionalContentMD5: md5,
          },
        );
      await withRetry(retry, async () => {
        const from = clock.elapsed();
        await this.#lanes.run(signal, async () => {
          waitedMs += clock.elapsed() - from;
          await this.#ask(`writing ${path}`, this.#patience.sendMs, stage, { outer: signal });
        });
      });
    };
    const uploadId = this.#options.random.hex(8);
    const staged = await stageBlocks(content, send, {
      uploadId,
      sizeHint: options.sizeHint,
      buffers: this.#buffers,
    });
    const [retry, patience] = [this.#retry, this.#patience];
    return await commitBlocks({ client, place: this.#place, path, staged, options, retry, patience });
  }

  async get(
    path: string,
    range: { start: number; end?: number } = { start: 0 },
  ): Promise<{ size: number; content: ByteStream }> {
    assertBlobPath(path);
    if (range.end !== undefined && range.end <= range.start) {
      if ((await this.stat(path)) === null) {
        throw new HoldfastError("store.not-found", `${path} is not in ${this.url}`);
      }
      return { size: 0, content: (async function* (): ByteStream {})() };
    }
    const source = {
      container: this.#container,
      place: this.#place,
      name: this.#place.prefix + path,
      path,
      retry: this.#retry,
      answerMs: this.#patience.answerMs,
      idleMs: this.#options.idleMs ?? IDLE_MS,
    };
    return await download(source, range.start, range.end);
  }

  async stat(path: string): Promise<BlobFacts | null> {
    assertBlobPath(path);
    let properties: BlobGetPropertiesResponse;
    try {
      properties = await this.#ask(`asking for ${path}`, this.#patience.answerMs, (abortSignal) =>
        this.#client(path).getProperties({ abortSignal }),
      );
    } catch (error) {
      if (isHoldfastError(error, "store.not-found")) return null;
      throw error;
    }
    return {
      path,
      size: properties.contentLength ?? 0,
      modifiedAt: properties.lastModified ?? new Date(0),
      etag: bareEtag(properties.etag),
      ...(properties.accessTier === undefined ? {} : { accessTier: properties.accessTier }),
    };
  }

  async *list(prefix: string): AsyncIterable<BlobFacts> {
    assertBlobPrefix(prefix);
    yield* listBlobs(this.#listing(), prefix);
  }

  async replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts> {
    assertBlobPath(path);
    const body = Buffer.from(content);
    try {
      const answer = await this.#ask(
        `replacing ${path}`,
        this.#patience.answerMs + underWayMs(body.length, this.#patience),
        (abortSignal) =>
          this.#client(path).upload(body, body.length, { abortSignal, conditions: { ifMatch: `"${etag}"` } }),
        { isChange: true },
      );
      return {
        path,
        size: body.length,
        modifiedAt: answer.lastModified ?? new Date(0),
        etag: bareEtag(answer.etag),
      };
    } catch (error) {
      if (!isHoldfastError(error, "store.not-found")) throw error;
      throw new HoldfastError("store.changed", `${path} was removed by somebody else`, { cause: error });
    }
  }

  /**
   * Asks for a blob that is not there, which needs no more rights than reading: every answer has its date.
   */
  async now(): Promise<Date> {
    const client = this.#client(`.holdfast-clock-${this.#options.random.hex(8)}`);
    const date = await this.#ask("asking for the time", this.#patience.answerMs, async (abortSignal) => {
      try {
        return (await client.getProperties({ abortSignal })).date;
      } catch (error) {
        if (failureFacts(error).code === "BlobNotFound") return dateOfAnswer(error);
        throw error;
      }
    });
    return date ?? new Date(0);
  }

  async remove(path: string): Promise<void> {
    assertBlobPath(path);
    try {
      await this.#ask(
        `removing ${path}`,
        this.#patience.answerMs,
        (abortSignal) => this.#client(path).delete({ abortSignal, deleteSnapshots: "include" }),
        { isChange: true },
      );
    } catch (error) {
      if (!isHoldfastError(error, "store.not-found")) throw error;
    }
  }

  get #budgetMs(): number {
    return BUDGET_SILENCES * this.#patience.sendMs;
  }

  #client(path: string) {
    return this.#container.getBlockBlobClient(this.#place.prefix + path);
  }

  #listing() {
    return {
      container: this.#container,
      place: this.#place,
      storePrefix: this.#place.prefix,
      retry: this.#retry,
      answerMs: this.#patience.answerMs,
      pageSize: this.#options.pageSize ?? 5000,
    };
  }

  /** One request with a deadline, its errors turned into ours. */
  async #ask<T>(
    doing: string,
    ms: number,
    request: (signal: AbortSignal) => Promise<T>,
    ends: Omit<Ends, "stop"> = {},
  ): Promise<T> {
    try {
      return await withDeadline(ms, doing, request, { ...ends, stop: this.#options.cancelled });
    } catch (error) {
      if (ends.outer?.aborted === true) throw error;
      throw azureError(error, doing, this.#place);
    }
  }
}
