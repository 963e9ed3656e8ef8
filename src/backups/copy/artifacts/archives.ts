import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import type { ByteStream } from "../../../kernel/streams.ts";
import type { Disk } from "../../../ports/disk.ts";

/** A plain archive as pg_restore takes it: a stream for one connection, a file for several. */
export type Archive = ByteStream | { readonly path: string };

/**
 * The plain archives of one restore on the local disk. Several connections need to seek in an archive, which
 * a stream cannot: it is the one place where a restore puts plain user data there, in a folder only this user
 * may enter, removed at the end.
 */
export class Archives implements AsyncDisposable {
  readonly #disk: Disk;
  readonly #folders: AsyncDisposable[] = [];
  readonly #paths = new Map<string, string>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Where an artifact's archive lies already. */
  pathOf(artifact: ArtifactRecord): string | undefined {
    return this.#paths.get(artifact.path);
  }

  /** Writes it down. */
  async keep(artifact: ArtifactRecord, archive: ByteStream): Promise<string> {
    const folder = await this.#disk.privateFolder("archive");
    this.#folders.push(folder);
    const path = `${folder.path}/${artifact.kind}.dump`;
    await this.#disk.write(path, archive);
    this.#paths.set(artifact.path, path);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders) await folder[Symbol.asyncDispose]();
  }
}
