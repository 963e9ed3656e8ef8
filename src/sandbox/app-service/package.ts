import { on } from "node:events";
import { createWriteStream } from "node:fs";
import { chmod, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { open, type Entry, type ZipFile } from "yauzl";
import * as z from "zod";

/** How a package is started: the words of a command, and the folder it is started in. */
export interface Start {
  readonly folder: string;
  readonly command: readonly [string, ...string[]];
}

/**
 * Bytes of an unpacked package, and how many files; a zip of some kilobytes can say that it holds terabytes.
 */
const UNPACKED_BYTES_MAX = 2 * 1024 ** 3;
const FILES_MAX = 200_000;

const openFile = promisify<string, { lazyEntries: true; autoClose: true }, ZipFile>(open);

/**
 * Unpacks a zip into an empty folder. Names that would lie outside of it are refused by the library.
 *
 * @throws Error whose message says what is wrong with the package
 */
export async function unpack(zip: string, folder: string): Promise<void> {
  const archive = await openFile(zip, { lazyEntries: true, autoClose: true });
  let bytes = 0;
  let files = 0;
  // Ends with the archive, and throws what it says is wrong.
  const entries = on(archive, "entry", { close: ["end"] }) as AsyncIterable<[Entry]>;
  try {
    archive.readEntry();
    for await (const [entry] of entries) {
      bytes += entry.uncompressedSize;
      files += 1;
      if (bytes > UNPACKED_BYTES_MAX || files > FILES_MAX) throw new Error("the package is too large");
      await put(archive, entry, folder);
      archive.readEntry();
    }
  } finally {
    archive.close();
  }
}

async function put(archive: ZipFile, entry: Entry, folder: string): Promise<void> {
  const path = join(folder, entry.fileName);
  if (entry.fileName.endsWith("/")) {
    await mkdir(path, { recursive: true });
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  const stream = await promisify<Entry, NodeJS.ReadableStream>(archive.openReadStream.bind(archive))(entry);
  await pipeline(stream, createWriteStream(path));
  // The upper half of the attributes is the mode of a file of Unix, where one was written there.
  const mode = (entry.externalFileAttributes >>> 16) & 0o777;
  if ((mode & 0o100) !== 0) await chmod(path, 0o755);
}

const manifest = z.looseObject({
  main: z.string().optional(),
  scripts: z.looseObject({ start: z.string().optional() }).optional(),
});

/**
 * How a package wants to be started, as App Service's Node image looks for it: the script `start` of its
 * package.json, its `main`, then the usual names.
 * https://learn.microsoft.com/azure/app-service/configure-language-nodejs#run-with-npm-start
 *
 * @throws Error whose message says what is wrong with the package
 */
export async function startOf(folder: string, node: string): Promise<Start> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "{}");
  const { main, scripts } = manifest.parse(JSON.parse(text));
  if (scripts?.start !== undefined) {
    // As npm does: by a shell, with the package's own programs first.
    const line = `PATH="$PWD/node_modules/.bin:$PATH"; export PATH; ${scripts.start}`;
    return { folder, command: ["/bin/sh", "-c", line] };
  }
  for (const name of [main, "server.js", "index.js", "app.js", "bin/www"]) {
    if (name === undefined) continue;
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() === true) return { folder, command: [node, name] };
  }
  throw new Error(
    "the package has neither a script `start` or `main` in its package.json, nor server.js, index.js " +
      "or app.js",
  );
}
