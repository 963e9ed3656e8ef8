import { link, mkdir, readdir, rename, rm, rmdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { once, type ByteStream } from "../../kernel/streams.ts";
import { assertBlobPath, assertBlobPrefix } from "../../ports/blob-path.ts";
import type { BlobFacts, BlobStore, CheckOptions } from "../../ports/blob-store.ts";
import type { Random } from "../../ports/clock.ts";
import { answering, type AnswerLimits } from "./answering.ts";
import { foldersUpTo, makeFolders, syncFolder, writeDurably } from "./durable.ts";
import { asking, errnoOf, fileError } from "./file-errors.ts";
import { TEMPORARY, walkFiles } from "./file-listing.ts";
import { parseFileUrl } from "./file-url.ts";
import { readFacts, readVersion, unreadFacts } from "./file-version.ts";
import { TemporaryFiles } from "./temporary-files.ts";
import { withVersionClaim, type ClaimRoom } from "./version-claim.ts";

/** What a file store needs from outside. */
export interface FileStoreOptions {
  readonly random: Pick<Random, "hex">;
  /** For how long a call is waited for: the system waits for ever. */
  readonly limits: AnswerLimits;
}

/**
 * Opens `file:///folder` as a store; touches nothing yet.
 *
 * How a put becomes atomic, create-only and durable: written to a temporary file of the same file system,
 * fsynced, then link(2)ed to its name (which fails if the name is taken, for exactly all but one of several
 * writers), then every folder on the way fsynced.
 *
 * @throws input.malformed
 */
export function openFileStore(url: string, { random, limits }: FileStoreOptions): BlobStore {
  return answering(new FileStore(url, parseFileUrl(url), random), limits);
}

class FileStore implements BlobStore {
  readonly url: string;
  readonly #root: string;
  readonly #temporary: TemporaryFiles;
  readonly #claims: ClaimRoom;

  constructor(url: string, root: string, random: Pick<Random, "hex">) {
    this.url = url;
    this.#root = root;
    this.#temporary = new TemporaryFiles(root, random);
    this.#claims = {
      folder: this.#temporary.folder,
      freshPath: () => this.#temporary.fresh(),
      sleep: (ms) => sleep(ms),
    };
  }

  async check(forWriting: boolean, { mayBeMade = false }: CheckOptions = {}): Promise<void> {
    if (forWriting) await this.#create();
    else if (mayBeMade && (await this.#couldBeMade())) return;
    await this.#assertRoot();
    await asking(`reading ${this.url}`, () => readdir(this.#root));
    if (forWriting) await asking(`writing to ${this.url}`, () => this.#temporary.probe(this.url));
  }

  async put(path: string, content: ByteStream): Promise<BlobFacts> {
    const target = this.#target(path);
    const facts = await this.#withTemporary(async (temporary) => {
      await writeDurably(temporary, content, `writing ${path}`);
      await asking(`writing ${path}`, () => this.#publish(path, temporary, target));
      // The temporary name is the same file, and nobody else can remove or replace it before we have looked.
      return await readFacts(path, temporary).catch((error: unknown) => error as Error);
    });
    if (facts === null || facts instanceof Error) {
      throw new HoldfastError(
        "store.changed",
        `${path} was written, and cannot be looked at: ` +
          (facts?.message ?? "its temporary file was removed by somebody else"),
        {
          hint: "See what else works in the store's folder, and look at the system's log (dmesg).",
          cause: facts ?? undefined,
          outcomeUnknown: true,
        },
      );
    }
    return facts;
  }

  async get(
    path: string,
    range: { start: number; end?: number } = { start: 0 },
  ): Promise<{ size: number; content: ByteStream }> {
    const target = this.#target(path);
    const seen = await this.#facts(path, target);
    if (seen === null) throw new HoldfastError("store.not-found", `${path} is not in ${this.url}`);
    const start = Math.min(range.start, seen.size);
    const end = Math.max(start, Math.min(range.end ?? seen.size, seen.size));
    return { size: end - start, content: readVersion(seen, target, start, end) };
  }

  async stat(path: string): Promise<BlobFacts | null> {
    return await this.#facts(path, this.#target(path));
  }

  async *list(prefix: string): AsyncIterable<BlobFacts> {
    assertBlobPrefix(prefix);
    await this.#assertRoot();
    try {
      for await (const path of walkFiles(this.#root, prefix)) {
        const facts = await readFacts(path, join(this.#root, path)).catch((error: unknown) => {
          // Its name is known, and it is one of many.
          if (isHoldfastError(error, "store.unreadable")) return unreadFacts(path);
          throw error;
        });
        if (facts !== null) yield facts;
      }
    } catch (error) {
      throw fileError(error, `listing ${this.url}`);
    }
    // A folder that vanished under the walk looks like an empty one; make sure that it was not
    // the whole store.
    await this.#assertRoot();
  }

  async replace(path: string, content: Uint8Array, etag: string): Promise<BlobFacts> {
    const target = this.#target(path);
    return await this.#withTemporary(async (temporary) => {
      await writeDurably(temporary, once(content), `replacing ${path}`);
      return await asking(`replacing ${path}`, () =>
        withVersionClaim(this.#claims, path, etag, async () => {
          const current = await this.#facts(path, target);
          const facts = await readFacts(path, temporary);
          if (current?.etag !== etag || facts === null) {
            throw new HoldfastError("store.changed", `${path} was changed by somebody else`);
          }
          await rename(temporary, target);
          await syncFolder(dirname(target));
          return facts;
        }),
      );
    });
  }

  /** Of a network mount it is the server's, which dates what is written. */
  async now(): Promise<Date> {
    const written = await this.#withTemporary(async (temporary) => {
      await writeDurably(temporary, once(Buffer.from("holdfast")), `asking ${this.url} for the time`);
      return await asking(`asking ${this.url} for the time`, () => stat(temporary));
    });
    return written.mtime;
  }

  async remove(path: string): Promise<void> {
    const target = this.#target(path);
    await asking(`removing ${path}`, async () => {
      for (let removed = false; !removed;) {
        const current = await this.#facts(path, target);
        if (current === null) return;
        // Under the same claim as replace: or a replacer that has looked and not yet renamed would bring
        // the blob back.
        await this.#temporary.makeFolder();
        removed = await withVersionClaim(this.#claims, path, current.etag, async () => {
          if ((await this.#facts(path, target))?.etag !== current.etag) return false;
          await rm(target, { force: true });
          await syncFolder(dirname(target));
          return true;
        });
      }
      await this.#prune(dirname(target));
    });
  }

  #target(path: string): string {
    assertBlobPath(path);
    if (path === TEMPORARY || path.startsWith(`${TEMPORARY}/`)) {
      throw new HoldfastError("input.malformed", `'${path}' lies in the folder the store keeps for itself`, {
        hint: "Choose another name.",
      });
    }
    return join(this.#root, path);
  }

  /**
   * "Not there" is an answer only if the store itself is there: an unmounted disk must not read
   * as "no backups".
   */
  async #assertRoot(): Promise<void> {
    let is = "is not a folder";
    let above = "";
    try {
      if ((await stat(this.#root)).isDirectory()) return;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" && errnoOf(error) !== "ENOTDIR") {
        throw fileError(error, `reading ${this.url}`);
      }
      if (errnoOf(error) === "ENOENT") {
        is = "is not there";
        if (!(await this.#couldBeMade())) above = ", and neither is the folder above it";
      }
    }
    throw new HoldfastError("store.missing", `${this.url} ${is}${above}`, {
      hint:
        "Check the path and that its disk is mounted. A new store's folder is made by the first run that " +
        "writes (a backup, a deployment) if the folder above it exists; for the dry run of a deployment or " +
        "a rollback before it, make the folder yourself.",
    });
  }

  /** It is not there, and the folder above it is. */
  async #couldBeMade(): Promise<boolean> {
    const isFolder = async (path: string): Promise<boolean | undefined> =>
      await stat(path).then(
        (found) => found.isDirectory(),
        (error: unknown) => (errnoOf(error) === "ENOENT" ? undefined : false),
      );
    return (await isFolder(this.#root)) === undefined && (await isFolder(dirname(this.#root))) === true;
  }

  async #create(): Promise<void> {
    try {
      await mkdir(this.#root, { mode: 0o700 });
      await syncFolder(dirname(this.#root));
    } catch (error) {
      // EEXIST is the ordinary case; ENOENT (no folder above) and ENOTDIR are told by assertRoot as
      // store.missing.
      if (!["EEXIST", "ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) {
        throw fileError(error, `making ${this.url}`);
      }
    }
  }

  async #withTemporary<T>(work: (temporary: string) => Promise<T>): Promise<T> {
    await this.#assertRoot();
    await asking(`writing to ${this.url}`, () => this.#temporary.makeFolder());
    const temporary = this.#temporary.fresh();
    try {
      return await work(temporary);
    } finally {
      await this.#temporary.discard(temporary);
    }
  }

  async #publish(path: string, temporary: string, target: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await makeFolders(this.#root, dirname(target));
        await link(temporary, target);
        break;
      } catch (error) {
        if (errnoOf(error) === "EEXIST") {
          throw new HoldfastError("store.exists", `${path} already exists in ${this.url}`);
        }
        // A remove pruned the folder between our mkdir and our link.
        if (errnoOf(error) !== "ENOENT" || attempt === 10) throw error;
      }
    }
    try {
      for (const folder of foldersUpTo(this.#root, dirname(target))) await syncFolder(folder);
    } catch (error) {
      // Not known to be durable, so it must not be visible either.
      await unlink(target).catch(() => undefined);
      throw error;
    }
  }

  /** Object stores have no folders: one that holds nothing any more goes away with its last blob. */
  async #prune(folder: string): Promise<void> {
    for (const path of foldersUpTo(this.#root, folder).slice(0, -1)) {
      try {
        await rmdir(path);
      } catch {
        // Not empty, or somebody else's: in both cases it stays, and so do the ones above it.
        return;
      }
    }
  }

  async #facts(path: string, target: string): Promise<BlobFacts | null> {
    const facts = await readFacts(path, target);
    if (facts === null) await this.#assertRoot();
    return facts;
  }
}
