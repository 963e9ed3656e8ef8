import { link, mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "../../kernel/errors.ts";
import { once } from "../../kernel/streams.ts";
import type { Random } from "../../ports/clock.ts";
import { writeDurably } from "./durable.ts";
import { errnoOf } from "./file-errors.ts";
import { TEMPORARY } from "./file-listing.ts";

/**
 * Temporary files older than this are left-overs of killed runs; Azure forgets uncommitted blocks after
 * the same time.
 */
const LEFTOVER_MS = 7 * 24 * 3_600_000;
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** The store's folder for files in the making: same file system, so that link(2) and rename(2) work. */
export class TemporaryFiles {
  readonly folder: string;
  readonly #random: Pick<Random, "hex">;

  constructor(root: string, random: Pick<Random, "hex">) {
    this.folder = join(root, TEMPORARY);
    this.#random = random;
  }

  /** A path that nobody else uses; the file is not made. */
  fresh(): string {
    return join(this.folder, `part-${this.#random.hex(12)}`);
  }

  /** True when the folder was not there before. */
  async makeFolder(): Promise<boolean> {
    try {
      // Not recursively: the store's folder is there or it is an error, and Node would say of a read-only
      // file system that it is not there (https://github.com/nodejs/node/issues/47098).
      await mkdir(this.folder, { mode: 0o700 });
      return true;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      return false;
    }
  }

  /** Failing to tidy up must not hide why a put failed; a left-over is invisible and harmless. */
  async discard(path: string): Promise<void> {
    await rm(path, { force: true }).catch(() => undefined);
  }

  /**
   * Does once what every put does, clears away what killed runs have left, and leaves nothing.
   *
   * @throws store.read-only when the file system has no hard links
   */
  async probe(storeUrl: string): Promise<void> {
    const isNew = await this.makeFolder();
    const path = this.fresh();
    const linked = `${path}-linked`;
    try {
      await writeDurably(path, once(Buffer.from("holdfast")), `writing to ${storeUrl}`);
      await link(path, linked).catch((error: unknown) => {
        if (!NO_LINKS.includes(errnoOf(error) ?? "")) throw error;
        throw new HoldfastError(
          "store.read-only",
          `the file system of ${storeUrl} has no hard links, without which no put can be create-only`,
          {
            hint: "Use a file system with hard links (ext4, xfs, btrfs, zfs, apfs, nfs), not FAT or exFAT.",
            cause: error,
          },
        );
      });
      await this.#removeLeftovers((await stat(path)).mtimeMs);
    } finally {
      await this.discard(linked);
      await this.discard(path);
      if (isNew) await rmdir(this.folder).catch(() => undefined);
    }
  }

  async #removeLeftovers(nowMs: number): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const leftover = join(this.folder, name);
      const made = await stat(leftover).catch(() => undefined);
      if (made !== undefined && nowMs - made.mtimeMs > LEFTOVER_MS) await this.discard(leftover);
    }
  }
}
