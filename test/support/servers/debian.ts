import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { PinnedFile } from "./packages.ts";
import { runProgram } from "./program.ts";

const BRIEF = ["-q", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20"];

/**
 * Downloads a Debian package into `folder` and returns the path of the file. The machine's own package lists are asked first; a machine
 * that has none, or old ones, is not changed: newer lists are fetched into `folder`, which takes no rights.
 */
export async function downloadDebian(file: PinnedFile, folder: string): Promise<string> {
  const words = ["download", `${file.name}=${file.version}`];
  await runProgram("apt-get", [...BRIEF, ...words], folder).catch(async () => {
    const own = ownLists(folder);
    await runProgram("apt-get", [...BRIEF, ...own, "update"], folder);
    await runProgram("apt-get", [...BRIEF, ...own, ...words], folder);
  });
  return join(folder, `${file.name}_${file.version}_amd64.deb`);
}

function ownLists(folder: string): string[] {
  const [lists, cache] = [join(folder, "lists"), join(folder, "cache")];
  for (const each of [lists, cache]) mkdirSync(each, { recursive: true });
  return ["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`];
}

export async function unpackDebian(path: string, folder: string): Promise<void> {
  await runProgram("dpkg-deb", ["-x", path, folder]);
}
