import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { PinnedFile } from "./packages.ts";
import { runProgram } from "./program.ts";

const BRIEF = [
  "-q",
  "-o",
  "Acquire::Retries=1",
  "-o",
  "Acquire::http::Timeout=20",
  "-o",
  "Acquire::https::Timeout=20",
];

/**
 * Downloads a Debian package into `folder` and returns the path of the file. The machine's own package
 * lists are asked first; a machine that has none, or old ones, is not changed: newer lists are fetched into
 * `folder`, which takes no rights.
 */
export async function downloadDebian(file: PinnedFile, folder: string): Promise<string> {
  const words = ["download", `${file.name}=${file.version}`];
  await runProgram("apt-get", [...BRIEF, ...words], folder).catch(async () => {
    const { own } = await fetchLists(folder);
    await runProgram("apt-get", [...BRIEF, ...own, ...words], folder);
  });
  return join(folder, `${file.name}_${file.version}_amd64.deb`);
}

/**
 * Fetches package lists into `folder`. A third party's archive may be out of reach, which apt-get takes
 * lightly, and so does this.
 *
 * @returns options that make apt use these lists, and what could not be fetched
 * @throws Error when no list at all could be fetched
 */
async function fetchLists(folder: string): Promise<{ own: string[]; failed: string[] }> {
  const [lists, cache] = [join(folder, "lists"), join(folder, "cache")];
  for (const each of [lists, cache]) mkdirSync(each, { recursive: true });
  const own = ["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`];
  const said = await runProgram("apt-get", [...BRIEF, ...own, "update"], folder);
  const failed = said.split("\n").filter((line) => /^Err:/.test(line));
  if (!readdirSync(lists).some((name) => name.includes("Packages"))) {
    throw new Error(
      `apt-get update could not fetch any package list: ${failed[0] ?? "no archive is configured"}`,
    );
  }
  return { own, failed };
}

/**
 * Every version of a package that Debian serves for this machine's release at this moment.
 *
 * @param folder an empty one, which takes the package lists: the machine's own may be old
 */
export async function servedByDebian(name: string, folder: string): Promise<string[]> {
  const { own, failed } = await fetchLists(folder);
  // Without the security archive's list its versions would seem not to exist.
  const [lacking] = failed.filter((line) => line.includes("/debian"));
  if (lacking !== undefined) throw new Error(`a package list could not be fetched: ${lacking}`);
  const table = await runProgram("apt-cache", [...own, "madison", name], folder);
  return table.split("\n").flatMap((line) => line.split("|")[1]?.trim() ?? []);
}

export async function unpackDebian(path: string, folder: string): Promise<void> {
  await runProgram("dpkg-deb", ["-x", path, folder]);
}
