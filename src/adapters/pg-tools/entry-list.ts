import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import type { Disk } from "../../ports/disk.ts";
import type { TocEntry } from "../../ports/dump-tools.ts";
import { diskTrouble } from "../../kernel/disk-trouble.ts";
import { once } from "../../kernel/streams.ts";

/** Where lists lie while a program reads them. */
export type PrivateFiles = Pick<Disk, "privateFolder" | "write">;

/** The entries in a file only this user may read; pg_restore takes them no other way. */
export async function listFile(
  entries: readonly TocEntry[] | undefined,
  disk: PrivateFiles,
): Promise<AsyncDisposable & { path: string | undefined }> {
  if (entries === undefined) return { path: undefined, [Symbol.asyncDispose]: async () => undefined };
  const folder = await disk.privateFolder("list");
  const path = join(folder.path, "entries");
  try {
    await disk.write(path, once(Buffer.from(entries.map((entry) => `${entry.line}\n`).join(""))));
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/**
 * Where no disk was given: a folder that nobody sweeps up after a `kill -9`. Lists hold names, never rows.
 */
export const privateFiles: PrivateFiles = {
  async privateFolder(label) {
    try {
      const path = await mkdtemp(join(tmpdir(), `holdfast-${label}-`));
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    } catch (error) {
      throw diskTrouble(error, `making a folder for ${label}`);
    }
  },
  async write(path, content) {
    await writeFile(path, content, { mode: 0o600 }).catch((error: unknown) => {
      throw diskTrouble(error, "writing the list of entries");
    });
  },
};
