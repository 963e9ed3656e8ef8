import type { ReleaseType } from "../../ports/release-calculation.ts";

interface Commit {
  readonly hash: string;
  readonly message: string;
}

/** What commits ask for together; a commit and its revert cancel each other. */
type Analyze = (commits: readonly Commit[]) => Promise<ReleaseType | null>;

const BLOCK = 200;
const REVERT = /This reverts commit \w/i;

/**
 * The first commit that asks for as much as all of them do. Blocks are asked before single ones: the last of
 * thousands may be the only one.
 *
 * @param commits the newest first
 */
export async function causeOf(
  commits: readonly Commit[],
  type: ReleaseType,
  analyze: Analyze,
): Promise<string | undefined> {
  for (let end = commits.length; end > 0; end -= BLOCK) {
    const from = Math.max(0, end - BLOCK);
    const block = commits.slice(from, end);
    if ((await analyze(block)) !== type) continue;
    for (let at = end - 1; at >= from; at -= 1) {
      const commit = commits[at]!;
      if ((await analyze([commit])) !== type) continue;
      const later = commits.slice(0, at).filter(({ message }) => REVERT.test(message));
      if (await isLeft(commit, later, analyze, type)) return commit.hash;
    }
  }
  // Taken back in one block and made good again in a later one.
  for (const commit of commits) {
    if ((await analyze([commit])) === type) return commit.hash;
  }
  return undefined;
}

/** A revert asks for a patch by itself, so only of greater ones the analysis tells whether they are left. */
async function isLeft(
  commit: Commit,
  later: readonly Commit[],
  analyze: Analyze,
  type: ReleaseType,
): Promise<boolean> {
  if (type === "patch") return !later.some(({ message }) => reverts(message, commit.hash));
  return (await analyze([...later, commit])) === type;
}

function reverts(message: string, hash: string): boolean {
  return [...message.matchAll(/This reverts commit ([0-9a-f]{7,64})/gi)].some(([, named]) =>
    hash.startsWith(named!.toLowerCase()),
  );
}
