import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { lstat, mkdtemp, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import { HoldfastError } from "../../kernel/errors.ts";
import { isLfsPointer, LFS_POINTER_BYTES_MAX } from "../../kernel/lfs-pointer.ts";
import { printableLine } from "../../kernel/printable.ts";

/** A package on the disk, ready to be sent; disposing removes what was made for it. */
export interface Package extends AsyncDisposable {
  readonly path: string;
  readonly bytes: number;
  /** Links of the folder that the zip has not. */
  readonly leftOut: number;
}

/** The first time that a zip can hold, and how many of its steps of two seconds are used. */
const EPOCH = new Date(1980, 0, 1);
const STEPS = 60 * 365 * 24 * 1800;
const ZIP_MAGIC = 0x04034b50;

/**
 * A zip as it is, or a folder zipped into a folder for temporary files.
 *
 * @throws package.unusable, the signal's reason
 */
export async function packageOf(path: string, temporary: string, signal: AbortSignal): Promise<Package> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unusable(path, "it cannot be read", cause);
  });
  if (found.isDirectory()) return await zipped(path, temporary, signal);
  if (!(await isZip(path))) throw unusable(path, "it is neither a zip nor a folder");
  return { path, bytes: found.size, leftOut: 0, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function zipped(folder: string, temporary: string, signal: AbortSignal): Promise<Package> {
  const made = await mkdtemp(join(temporary, "holdfast-package-"));
  const dispose = (): Promise<void> => rm(made, { recursive: true, force: true });
  try {
    const path = join(made, "package.zip");
    const zip = new ZipFile();
    const { files, leftOut } = await filesOf(folder);
    if (files.length === 0) throw unusable(folder, "the folder is empty");
    for (const file of files) {
      const { mode, size } = await stat(join(folder, file));
      const mayBePointer = size <= LFS_POINTER_BYTES_MAX && !isOfPackages(file);
      if (mayBePointer && isLfsPointer(await readFile(join(folder, file)))) {
        throw unusable(
          folder,
          `${file} is a pointer of Git LFS, and not the file (check out with lfs: true)`,
        );
      }
      zip.addFile(join(folder, file), file, {
        mtime: await timeOf(join(folder, file), signal),
        mode: (mode & 0o100) === 0 ? 0o100644 : 0o100755,
      });
    }
    const failed = new Promise<never>((_, reject) => {
      (zip as unknown as NodeJS.EventEmitter).once("error", reject);
    });
    failed.catch(() => undefined);
    zip.end();
    await Promise.race([pipeline(zip.outputStream, createWriteStream(path), { signal }), failed]);
    return { path, bytes: (await stat(path)).size, leftOut, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    signal.throwIfAborted();
    if (error instanceof HoldfastError) throw error;
    throw unusable(folder, "it could not be zipped", error);
  }
}

/**
 * A time for a file, by its content: the same files are the same zip, and a file that has changed has another
 * time. Kudu leaves alone what has the time that is there already, whatever it holds:
 * https://github.com/projectkudu/kudu/issues/3287
 */
async function timeOf(path: string, signal: AbortSignal): Promise<Date> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer);
  const step = hash.digest().readUInt32BE(0) % STEPS;
  // As it is written: zips have local times, without a zone.
  return new Date(EPOCH.getFullYear(), 0, 1, 0, 0, 2 * step);
}

/** Whether others have published it: a package's tests may well hold a pointer, which is no mistake here. */
function isOfPackages(file: string): boolean {
  return file.split("/").includes("node_modules");
}

/** A link that npm makes for a program of a package. */
const PROGRAM = /(?:^|\/)node_modules\/\.bin\/[^/]+$/;

/**
 * Paths of the files below a folder, in one order everywhere. Links may lead out of it and are refused, but
 * for those of programs, which an app that is run by node does without: they are counted.
 */
async function filesOf(
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly leftOut: number }> {
  const files: string[] = [];
  const links: string[] = [];
  let leftOut = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).replaceAll("\\", "/");
    const kind = await lstat(path);
    if (kind.isDirectory()) continue;
    if (kind.isSymbolicLink()) {
      if (PROGRAM.test(name)) leftOut += 1;
      else links.push(name);
    }
    if (kind.isFile()) files.push(name);
  }
  if (links.length > 0) throw linked(folder, links.sort());
  return { files: files.sort(), leftOut };
}

async function isZip(path: string): Promise<boolean> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  return bytesRead === 4 && buffer.readUInt32LE(0) === ZIP_MAGIC;
}

function linked(folder: string, [first, ...more]: readonly string[]): HoldfastError {
  const others = more.length === 0 ? "" : `, as ${more.length === 1 ? "is" : "are"} ${more.length} more`;
  return unusable(
    folder,
    `${first!} is a symbolic link${others}`,
    undefined,
    "Give a folder without links, such as a copy of it by 'cp -RL', which has what they stand for; or a zip.",
  );
}

function unusable(
  path: string,
  why: string,
  cause?: unknown,
  hint = "Give a zip of the built app, or the folder that it would be of.",
): HoldfastError {
  return new HoldfastError("package.unusable", `${path} is no package: ${printableLine(why)}`, {
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
