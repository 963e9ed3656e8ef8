import { createWriteStream } from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Disk } from "../../ports/disk.ts";
import { formatBytes } from "../../kernel/bytes.ts";
import { diskTrouble } from "../../kernel/disk-trouble.ts";
import { removeWithUs } from "./last-will.ts";
import { ownedFolder } from "./temporary-folders.ts";

/** Free bytes an ordinary user may take in the file system that holds `folder`. */
export async function freeBytes(folder: string): Promise<number> {
  const facts = await statfs(folder);
  return facts.bavail * facts.bsize;
}

/** Temporary files in the system's temporary folder, or in `root`. */
export function systemDisk(root: string = tmpdir()): Disk {
  return {
    async free() {
      try {
        return await freeBytes(root);
      } catch (error) {
        throw diskTrouble(error, "asking how much is free");
      }
    },
    async privateFolder(label) {
      try {
        const path = await ownedFolder(root, label);
        const will = removeWithUs(path);
        return {
          path,
          async [Symbol.asyncDispose]() {
            await rm(path, { recursive: true, force: true, maxRetries: 5 });
            // Only now: killed in the middle of removing, the rest still goes.
            will[Symbol.dispose]();
          },
        };
      } catch (error) {
        throw diskTrouble(error, `making a folder for ${label}`);
      }
    },
    async write(path, content) {
      try {
        await pipeline(
          Readable.from(content, { objectMode: false }),
          createWriteStream(path, { flags: "wx", mode: 0o600 }),
        );
      } catch (error) {
        const free = await freeBytes(root).then(
          (bytes) => ` (${formatBytes(bytes)} free)`,
          () => "",
        );
        throw diskTrouble(error, `writing ${basename(path)}`, free);
      }
    },
    async keep(path, bytes) {
      const file = await open(path, "wx", 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } catch (error) {
        // Half a file is worse than none: nobody would see that it is half.
        await rm(path, { force: true });
        throw error;
      } finally {
        await file.close();
      }
      await syncFolder(dirname(path));
    },
  };
}

/**
 * A new file's name lies in its folder, which has to reach the disk as well:
 * https://man7.org/linux/man-pages/man2/fsync.2.html
 */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot do this to a folder; the file itself is safe.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "ENOTSUP" && code !== "EPERM") throw error;
  } finally {
    await handle.close();
  }
}
