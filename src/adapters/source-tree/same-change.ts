import { createHash } from "node:crypto";
import { SAME_EVERYWHERE } from "./same-everywhere.ts";

/** Asks git, or throws; what it prints is bytes, since files have no encoding of their own. */
export type AskBytes = (args: readonly string[], input?: string) => Promise<Buffer>;

/** Of more paths no command line is made; then only single commits are compared. */
const SQUASHED_PATHS = 200;

/** As text, also what attributes call binary: of that git tells no more than that it differs. */
const PLAIN = [...SAME_EVERYWHERE, "--unified=3", "--no-renames", "--text", "--full-index"];

const COMMIT = "--format=commit %H";
const NEWLINE = 0x0a;

/**
 * Whether a commit of `there` makes the same change as all from `parted` to `to` together, as a squash does.
 *
 * @throws whatever `need` throws
 */
export async function isSquashed(
  { parted, to, there }: { readonly [K in "parted" | "to" | "there"]: string },
  need: AskBytes,
): Promise<boolean> {
  const listed = (await need(["diff", ...PLAIN, "--name-only", "-z", parted, to])).toString("utf8");
  const paths = listed.split("\0").slice(0, -1);
  if (paths.length === 0 || paths.length > SQUASHED_PATHS) return false;
  const all = changesOf(await need(["diff", ...PLAIN, parted, to])).get("");
  if (all === undefined) return false;
  const where = paths.map((path) => `:(top,literal)${path}`);
  const shown = ["log", "-p", "--no-merges", "--full-diff", COMMIT, ...PLAIN];
  return [...changesOf(await need([...shown, there, `^${to}`, "--", ...where])).values()].includes(all);
}

/**
 * Hashes of the commits of the right side that make the same change as one of the left side, byte for byte.
 * What git itself takes for the same (`--cherry-mark`, `git patch-id`) may differ in white space, which in
 * some languages is another program; so those alone are looked at.
 *
 * @param sides `there...here`, and whatever else git is to be told of which commits are meant
 * @throws whatever `need` throws
 */
export async function withTwins(sides: readonly string[], need: AskBytes): Promise<ReadonlySet<string>> {
  const alike = async (side: string): Promise<string[]> =>
    (await need(["rev-list", "--cherry-mark", side, ...sides]))
      .toString("latin1")
      .split("\n")
      .flatMap((line) => (line.startsWith("=") ? [line.slice(1)] : []));
  const [mine, others] = [await alike("--right-only"), await alike("--left-only")];
  if (mine.length === 0 || others.length === 0) return new Set();
  const ids = [...mine, ...others].map((id) => `${id}\n`).join("");
  const shown = ["log", "-p", "--no-walk=unsorted", COMMIT, ...PLAIN, "--stdin"];
  const changes = changesOf(await need(shown, ids));
  const theirs = new Set(others.map((id) => changes.get(id)));
  return new Set(mine.filter((id) => changes.has(id) && theirs.has(changes.get(id))));
}

/**
 * Commit → digest of its change: the patch without the places and the ids of what it was made on. What comes
 * before the first commit is of the commit `""`. Lines of files begin with a mark, and so are no headers.
 */
function changesOf(patches: Buffer): Map<string, string> {
  const changes = new Map<string, string>();
  let [commit, digest, isEmpty] = ["", createHash("sha256"), true];
  const end = (): void => {
    if (!isEmpty) changes.set(commit, digest.digest("hex"));
  };
  for (let at = 0; at < patches.length;) {
    const found = patches.indexOf(NEWLINE, at);
    const next = found === -1 ? patches.length : found + 1;
    const line = patches.subarray(at, next);
    at = next;
    if (begins(line, "commit ")) {
      end();
      [commit, digest, isEmpty] = [line.toString("latin1", 7).trim(), createHash("sha256"), true];
    } else if (begins(line, "@@ ")) {
      digest.update("@@\n");
    } else if (!begins(line, "index ") && line.length > 1) {
      digest.update(line);
      isEmpty = false;
    }
  }
  end();
  return changes;
}

function begins(line: Buffer, words: string): boolean {
  return line.length >= words.length && line.toString("latin1", 0, words.length) === words;
}
