import { COMMIT } from "./patch-digests.ts";
import { SAME_EVERYWHERE } from "./same-everywhere.ts";

/** What is asked of git here: both throw where it does not answer. */
export interface Asked {
  /** What it prints; bytes, since names of files have no encoding of their own. */
  bytes(args: readonly string[], input?: string): Promise<Buffer>;
  /** Digests of the patches that it prints, by commit. */
  digests(args: readonly string[], input?: string): Promise<ReadonlyMap<string, string>>;
}

/** Of more paths no command line is made; then only single commits are compared. */
const SQUASHED_PATHS = 200;

/** As text, also what attributes call binary: of that git tells no more than that it differs. */
const PLAIN = [...SAME_EVERYWHERE, "--unified=3", "--no-renames", "--text", "--full-index"];

/**
 * Whether a commit of `there` makes the same change as all from `parted` to `to` together, as a squash does.
 *
 * @throws whatever asking git throws
 */
export async function isSquashed(
  { parted, to, there }: { readonly [K in "parted" | "to" | "there"]: string },
  git: Asked,
): Promise<boolean> {
  const listed = (await git.bytes(["diff", ...PLAIN, "--name-only", "-z", parted, to])).toString("utf8");
  const paths = listed.split("\0").slice(0, -1);
  if (paths.length === 0 || paths.length > SQUASHED_PATHS) return false;
  const all = (await git.digests(["diff", ...PLAIN, parted, to])).get("");
  if (all === undefined) return false;
  const where = paths.map((path) => `:(top,literal)${path}`);
  const shown = ["log", "-p", "--no-merges", "--full-diff", COMMIT, ...PLAIN];
  return [...(await git.digests([...shown, there, `^${to}`, "--", ...where])).values()].includes(all);
}

/**
 * Hashes of the commits of the right side that make the same change as one of the left side, byte for byte.
 * What git itself takes for the same (`--cherry-mark`, `git patch-id`) may differ in white space, which in
 * some languages is another program; so those alone are looked at.
 *
 * @param sides `there...here`, and whatever else git is to be told of which commits are meant
 * @throws whatever asking git throws
 */
export async function withTwins(sides: readonly string[], git: Asked): Promise<ReadonlySet<string>> {
  const alike = async (side: string): Promise<string[]> =>
    (await git.bytes(["rev-list", "--cherry-mark", side, ...sides]))
      .toString("latin1")
      .split("\n")
      .flatMap((line) => (line.startsWith("=") ? [line.slice(1)] : []));
  const [mine, others] = [await alike("--right-only"), await alike("--left-only")];
  if (mine.length === 0 || others.length === 0) return new Set();
  const ids = [...mine, ...others].map((id) => `${id}\n`).join("");
  const shown = ["log", "-p", "--no-walk=unsorted", COMMIT, ...PLAIN, "--stdin"];
  const changes = await git.digests(shown, ids);
  const theirs = new Set(others.map((id) => changes.get(id)));
  return new Set(mine.filter((id) => changes.has(id) && theirs.has(changes.get(id))));
}
