import { HoldfastError } from "../../src/kernel/errors.ts";
import type { ByteStream } from "../../src/kernel/streams.ts";
import type { BlobFacts, BlobStore, PutOptions } from "../../src/ports/blob-store.ts";

/** When and how a {@link FaultyStore} fails. */
export interface Fault {
  /** Number of the event that fails, from 1; 0 never fails and only counts. */
  readonly failAt: number;
  /** What is thrown; a broken connection unless told. */
  readonly error?: Error;
  /** Fail from that event on, instead of once. */
  readonly forGood?: boolean;
  /**
   * Where a failing put fails: `before` nothing happened; `after` it happened and only the answer was lost,
   * the case that finds programs which believe a failed call did nothing. The same for replace and remove.
   */
  readonly moment?: "before" | "after";
}

/**
 * Counts events over all methods of a store and fails at one of them. Events are: the start of every
 * call, and within streams the middle of every put's content, every get's content and every listing
 * (each one event, after the first piece). So a sweep `failAt = 1, 2, 3 …` until nothing fails any more
 * visits every place.
 */
export class FaultyStore implements BlobStore {
  readonly url: string;
  readonly #store: BlobStore;
  readonly #fault: Fault;
  #events = 0;
  #failures = 0;
  readonly log: string[] = [];

  constructor(store: BlobStore, fault: Fault) {
    this.url = store.url;
    this.#store = store;
    this.#fault = fault;
  }

  /** Events so far; after a run with `failAt: 0` the number of places a sweep must visit. */
  get events(): number {
    return this.#events;
  }

  /** How often it failed. */
  get failures(): number {
    return this.#failures;
  }

  async check(forWriting: boolean): Promise<void> {
    this.#event("check");
    await this.#store.check(forWriting);
  }

  async put(path: string, content: ByteStream, options?: PutOptions): Promise<BlobFacts> {
    return await this.#writing(`put ${path}`, () =>
      this.#store.put(path, this.#breaking(content, `put ${path}, in its stream`), options),
    );
  }

  async get(
    path: string,
    range?: { start: number; end?: number },
  ): Promise<{ size: number; content: ByteStream }> {
    this.#event(`get ${path}`);
    const { size, content } = await this.#store.get(path, range);
    return { size, content: this.#breaking(content, `get ${path}, in its stream`) };
  }

  async stat(path: string): Promise<BlobFacts | null> {
    this.#event(`stat ${path}`);
    return await this.#store.stat(path);
  }

  async *list(prefix: string): AsyncIterable<BlobFacts> {
    this.#event(`list ${prefix}`);
    yield* this.#breaking(this.#store.list(prefix), `list ${prefix}, in its middle`);
  }

  async replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts> {
    return await this.#writing(`replace ${path}`, () => this.#store.replace(path, content, etag));
  }

  async now(): Promise<Date> {
    this.#event("now");
    return await this.#store.now();
  }

  async remove(path: string): Promise<void> {
    await this.#writing(`remove ${path}`, () => this.#store.remove(path));
  }

  async #writing<T>(what: string, work: () => Promise<T>): Promise<T> {
    const fails = this.#counts(what);
    if (fails && this.#fault.moment === "after") await work();
    if (fails) throw this.#failure(what);
    return await work();
  }

  async *#breaking<T>(source: AsyncIterable<T>, what: string): AsyncIterable<T> {
    let first = true;
    for await (const piece of source) {
      yield piece;
      if (first) this.#event(what);
      first = false;
    }
  }

  #event(what: string): void {
    if (this.#counts(what)) throw this.#failure(what);
  }

  #counts(what: string): boolean {
    this.#events += 1;
    this.log.push(what);
    const { failAt, forGood } = this.#fault;
    return failAt > 0 && (this.#events === failAt || (forGood === true && this.#events > failAt));
  }

  #failure(what: string): Error {
    this.#failures += 1;
    return (
      this.#fault.error ??
      new HoldfastError("store.unreachable", `injected fault at event ${this.#events}: ${what}`)
    );
  }
}
