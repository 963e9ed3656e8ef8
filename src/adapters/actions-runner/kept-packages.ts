import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../../kernel/streams.ts";

/**
 * Packages that a cache gave back. Whoever may write to the cache of a repository, as a workflow on a branch
 * can, could have put anything there, apt takes a package that lies in its folder by its name and size, and
 * what is installed runs as root. So only those stay that apt's own lists name with this hash; the lists were
 * fetched just now, and signed by whom the machine trusts: https://wiki.debian.org/SecureApt
 */
export interface KeptPackages {
  /** Those that are as the lists say. */
  readonly kept: readonly string[];
  /** Those of a name on the lists whose bytes are others. */
  readonly forged: readonly string[];
}

/** One line of `apt-get --print-uris`: address, file, size and hash. */
const LISTED = /^'[^']+' (\S+\.deb) \d+ SHA256:([0-9a-f]{64})$/;

/** What would be downloaded, by its file's name. */
export function listedHashes(output: string): ReadonlyMap<string, string> {
  return new Map(
    output
      .split("\n")
      .map((line) => LISTED.exec(line.trim()))
      .filter((found) => found !== null)
      .map(([, name, hash]) => [name!, hash!]),
  );
}

/** Removes from the folder whatever is not on the list as it is. */
export async function keepListed(folder: string, listed: ReadonlyMap<string, string>): Promise<KeptPackages> {
  const kept: string[] = [];
  const forged: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const wanted = entry.isFile() ? listed.get(entry.name) : undefined;
    if (wanted !== undefined && sha256(await readFile(path)) === wanted) {
      kept.push(entry.name);
      continue;
    }
    if (listed.has(entry.name)) forged.push(entry.name);
    await rm(path, { recursive: true, force: true });
  }
  return { kept, forged };
}
