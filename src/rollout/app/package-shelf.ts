import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { Meter, metered } from "../../kernel/streams.ts";
import { PACKAGES } from "../../nouns/store/layout.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Disk } from "../../ports/disk.ts";
import type { AppPackage } from "../../ports/slot-host.ts";
import { join } from "node:path";

/** A package that can be had when a slot needs it. */
export interface PackageSource {
  /** For people: `./shop.zip`, `the package in the store`. */
  readonly name: string;
  /** Has it on this machine until it is disposed of. */
  open(signal: AbortSignal): Promise<AsyncDisposable & { readonly path: string }>;
}

type ShelfStore = Pick<BlobStore, "put" | "get" | "stat">;

/**
 * Packages in the store, by their SHA-256: `packages/<digest>.zip`. What was deployed once can be deployed
 * again at night, whatever the slot holds by then and wherever it was built.
 */
export class PackageShelf {
  readonly #store: ShelfStore;
  readonly #disk: Pick<Disk, "privateFolder" | "write">;

  constructor(store: ShelfStore, disk: Pick<Disk, "privateFolder" | "write">) {
    this.#store = store;
    this.#disk = disk;
  }

  async has(digest: string): Promise<boolean> {
    return (await this.#store.stat(pathOf(digest))) !== null;
  }

  /** Keeps it; one that is there stays. */
  async keep({ digest, bytes, content }: Pick<AppPackage, "digest" | "bytes" | "content">): Promise<void> {
    try {
      await this.#store.put(pathOf(digest), content(), { contentType: "application/zip", sizeHint: bytes });
    } catch (error) {
      if (!isHoldfastError(error, "store.exists")) throw error;
    }
  }

  /** The package of that digest; undefined where the store has none. */
  async source(digest: string): Promise<PackageSource | undefined> {
    if (!(await this.has(digest))) return undefined;
    return { name: "the package in the store", open: () => this.#open(digest) };
  }

  async #open(digest: string): Promise<AsyncDisposable & { readonly path: string }> {
    const folder = await this.#disk.privateFolder("package");
    try {
      const path = join(folder.path, "package.zip");
      const meter = new Meter();
      await this.#disk.write(path, metered((await this.#store.get(pathOf(digest))).content, meter));
      if (meter.sha256 !== digest) throw damaged(digest, meter.sha256);
      return { path, [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose]() };
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }
}

function pathOf(digest: string): string {
  return `${PACKAGES}${digest}.zip`;
}

function damaged(digest: string, found: string): HoldfastError {
  return new HoldfastError(
    "artifact.damaged",
    `${pathOf(digest)} in the store is another package: its SHA-256 is ${found}`,
    { hint: "Give the package that the release was published with, by --package." },
  );
}
