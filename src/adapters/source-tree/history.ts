import { HoldfastError } from "../../kernel/errors.ts";
import type { SourceChange, SourceCommit, SourceHistory, SourceRange } from "../../ports/source-history.ts";
import { blobsOf, listedFiles, listedLinks } from "./blobs.ts";
import { BlobLines } from "./blob-lines.ts";
import { runGit, type Environment, type GitAnswer } from "./git.ts";
import { PatchDigests } from "./patch-digests.ts";
import { PatchLines } from "./patch-lines.ts";
import { resolveCommit } from "./revision.ts";
import { SAME_EVERYWHERE } from "./same-everywhere.ts";
import { isSquashed, withTwins, type Asked } from "./same-change.ts";
import { proved, takenBack } from "./undone.ts";
import { whyUnknown } from "./unknown-name.ts";
import { wayOut } from "./way-out.ts";

/** The history of the repository that the folder is in, by the `git` program. */
export function gitHistory({
  env,
  folder,
}: {
  readonly env: Environment;
  readonly folder: string;
}): SourceHistory {
  const ask = (args: readonly string[], input?: string): Promise<GitAnswer> =>
    runGit(env, folder, args, input);
  const need = async (what: string, args: readonly string[], input?: string): Promise<string> => {
    const answer = await ask(args, input);
    if (answer.ok) return answer.out.toString("utf8");
    throw noHistory(what, answer.why, env);
  };
  const history: SourceHistory = {
    async commit(revision) {
      const answer = await resolveCommit(ask, revision);
      if (answer.ok) return answer.out.toString("utf8").trim();
      throw noHistory(`what ${revision} is`, await whyUnknown(ask, revision, answer.why), env);
    },
    async parted({ base, head }) {
      const both = [await history.commit(base), await history.commit(head)];
      const answer = await ask(["merge-base", ...both]);
      if (answer.ok) return answer.out.toString("utf8").trim();
      // Without a word, and with 1, it says that there is none.
      if (answer.why === "git ended with 1") return undefined;
      throw noHistory(`where ${head} left ${base}`, answer.why, env);
    },
    async mergeBase(range) {
      const found = await history.parted(range);
      if (found !== undefined) return found;
      const what = `where ${range.head} left ${range.base}`;
      throw noHistory(what, "no commit that is here is an ancestor of both", env);
    },
    async commits({ base, head }) {
      const range = `${await history.commit(base)}..${await history.commit(head)}`;
      return commitsOf(
        await need(`what ${head} has and ${base} has not`, ["log", "-z", "--reverse", LOG, range]),
      );
    },
    async lacking({ base, head }, other) {
      const what = `what ${head} has and ${other} has not`;
      const [from, to, there] = [
        await history.commit(base),
        await history.commit(head),
        await history.commit(other),
      ];
      const parted = await history.mergeBase({ base, head });
      return await lackingBetween({ from, parted, to, there }, asked(what, env, folder));
    },
    proved: (claims) => proved(claims, asked("what is taken back", env, folder)),
    changes: async (range) => {
      const from = await history.mergeBase(range);
      return await changesBetween({ base: from, head: await history.commit(range.head) }, env, folder);
    },
    async file(commit, path) {
      const { mode, id, what } = await entryAt(commit, path, need);
      if (id === undefined || !mode.startsWith("100")) return undefined;
      const answer = await ask(["cat-file", "blob", id]);
      if (!answer.ok) throw noHistory(what, answer.why, env);
      return answer.out;
    },
    async kindOf(commit, path) {
      const { mode, id } = await entryAt(commit, path, need);
      if (id === undefined) return undefined;
      if (mode === "100755") return "executable";
      return mode.startsWith("100") ? "file" : mode === "040000" ? "folder" : "other";
    },
    files: (commit, wanted) => filesIn(commit, wanted, asked(`what files of ${commit} hold`, env, folder)),
    lengths: (commit, paths) => lengthsOf(commit, paths, env, folder),
    paths: async (commit) => listedFiles(await listingOf(commit, need)).map(({ path }) => path),
    links: async (commit) => listedLinks(await listingOf(commit, need)),
    async branch() {
      // Its short name is another where a tag is called so too.
      const answer = await ask(["symbolic-ref", "--quiet", "HEAD"]);
      const name = answer.ok
        ? answer.out
            .toString("utf8")
            .trim()
            .replace(/^refs\/heads\//, "")
        : "";
      return name === "" ? undefined : name;
    },
    async isDirty() {
      const words = ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all"];
      return (await need("what is changed here", words)) !== "";
    },
    root: async () =>
      (await need("where the repository begins", ["rev-parse", "--show-toplevel"])).replace(/\n$/, ""),
  };
  return history;
}

type Need = (what: string, args: readonly string[]) => Promise<string>;

const listingOf = (commit: string, need: Need): Promise<string> =>
  need(`what ${commit} has`, ["ls-tree", "-r", "-z", "--full-tree", commit]);

/** From the root, whatever folder this runs in; the path means itself, whatever characters it has. */
async function entryAt(
  commit: string,
  path: string,
  need: Need,
): Promise<{ readonly what: string; readonly mode: string; readonly id: string | undefined }> {
  const what = `what ${commit} has at ${path}`;
  const words = ["ls-tree", "-z", "--full-tree", commit, "--", `:(top,literal)${path}`];
  const [, mode = "", id] = /^(\d+) \w+ ([0-9a-f]+)\t/.exec(await need(what, words)) ?? [];
  return { what, mode, id };
}

interface Failing {
  /** The same error, where what git said is not what was asked for. */
  failed(why: string): HoldfastError;
}

/** Questions whose errors say what was asked. */
function asked(what: string, env: Environment, folder: string): Asked & Failing {
  const heard = async (
    [args, input]: Parameters<Asked["bytes"]>,
    hear?: (bytes: Buffer) => void,
  ): Promise<Buffer> => {
    const answer = await runGit(env, folder, args, input, hear);
    if (answer.ok) return answer.out;
    throw noHistory(what, answer.why, env);
  };
  return {
    failed: (why) => noHistory(what, why, env),
    bytes: (...words) => heard(words),
    async digests(...words) {
      const digests = new PatchDigests();
      await heard(words, (bytes) => digests.hear(bytes));
      return digests.end();
    },
  };
}

async function lackingBetween(
  { from, parted, to, there }: { readonly [K in "from" | "parted" | "to" | "there"]: string },
  git: Asked,
): Promise<SourceCommit[]> {
  const sides = ["--no-merges", `${there}...${to}`, `^${from}`];
  const logged = async (...words: readonly string[]): Promise<SourceCommit[]> =>
    commitsOf((await git.bytes(["log", "-z", "--reverse", LOG, ...words])).toString("utf8"));
  const here = await logged("--right-only", ...sides);
  const twins = await withTwins(sides, git);
  const found = here.filter(({ id }) => !twins.has(id));
  const isOne = found.length > 0 && here.length > 1 && (await isSquashed({ parted, to, there }, git));
  const lacked = new Set(isOne ? [] : found.map(({ id }) => id));
  const all = await logged("--no-merges", `${from}..${to}`);
  const own = all.map(({ id }) => id).filter((id) => !lacked.has(id));
  const gone = await takenBack({ own, parted, to, there }, git);
  return all.filter(({ id }) => gone.includes(id) || lacked.has(id));
}

/**
 * Hash, parents, author, message, a line each but the last:
 * https://git-scm.com/docs/git-log#_pretty_formats
 */
const LOG = "--format=%H%n%P%n%an%n%ae%n%B";

function commitsOf(log: string): SourceCommit[] {
  return log
    .split("\0")
    .filter((record) => record !== "")
    .map(commitOf);
}

function commitOf(record: string): SourceCommit {
  const rest = { at: 0 };
  const next = (): string => {
    const end = record.indexOf("\n", rest.at);
    const line = record.slice(rest.at, end === -1 ? record.length : end);
    rest.at = end === -1 ? record.length : end + 1;
    return line;
  };
  const [id, parents, name, email] = [next(), next(), next(), next()];
  return {
    id,
    parents: parents.split(" ").filter((parent) => parent !== ""),
    author: { name, email },
    message: shortened(record, rest.at),
  };
}

/** Nobody writes as much; of more the header and the footers are enough, and the memory is not. */
const MESSAGE_MAX = 200_000;

function shortened(record: string, from: number): string {
  let end = record.length;
  while (end > from && record[end - 1] === "\n") end -= 1;
  if (end - from <= MESSAGE_MAX) return record.slice(from, end);
  const half = MESSAGE_MAX / 2;
  return `${record.slice(from, from + half)}\n${record.slice(end - half, end)}`;
}

const DIFF = ["diff", ...SAME_EVERYWHERE, "-M50%"];

async function changesBetween(
  { base, head }: SourceRange,
  env: Environment,
  folder: string,
): Promise<readonly SourceChange[]> {
  const what = `what changed from ${base} to ${head}`;
  const listing = await runGit(env, folder, [...DIFF, "--raw", "-z", "--no-abbrev", base, head]);
  if (!listing.ok) throw noHistory(what, listing.why, env);
  const entries = entriesOf(listing.out.toString("utf8"));
  const patch = new PatchLines();
  const text = ["--text", "--unified=0", "--patch", "--full-index"];
  const told = await runGit(env, folder, [...DIFF, ...text, base, head], undefined, (bytes) => {
    patch.hear(bytes);
  });
  if (!told.ok) throw noHistory(what, told.why, env);
  const files = patch.end();
  // A path that becomes a link, or a file again, is told twice: as it goes and as it comes.
  const expected = entries.reduce((sum, { kind }) => sum + (kind === "type-changed" ? 2 : 1), 0);
  if (files.length !== expected) {
    throw noHistory(what, `${files.length} files have a patch, and ${expected} were to have one`, env);
  }
  let at = 0;
  return entries.map((entry) => {
    const parts = files.slice(at, (at += entry.kind === "type-changed" ? 2 : 1));
    return {
      ...entry,
      lines: parts.flatMap(({ lines }) => lines),
      removed: parts.reduce((sum, { removed }) => sum + removed, 0),
    };
  });
}

const KINDS: Readonly<Record<string, SourceChange["kind"]>> = {
  A: "added",
  M: "modified",
  D: "deleted",
  R: "renamed",
  C: "copied",
  T: "type-changed",
};

async function filesIn(
  commit: string,
  wanted: (path: string) => boolean,
  git: Asked & Failing,
): Promise<ReadonlyMap<string, Buffer>> {
  const listed = await git.bytes(["ls-tree", "-r", "-z", "--full-tree", commit]);
  const found = listedFiles(listed.toString("utf8")).filter(({ path }) => wanted(path));
  const contents = await blobsOf(
    (...words) => git.bytes(...words),
    found.map(({ id }) => id),
    (id) => git.failed(`object ${id} is not in this checkout`),
  );
  return new Map(found.map(({ path }, at) => [path, contents[at]!]));
}

async function lengthsOf(
  commit: string,
  paths: readonly string[],
  env: Environment,
  folder: string,
): Promise<ReadonlyMap<string, number>> {
  const what = `how long files of ${commit} are`;
  const listing = await runGit(env, folder, ["ls-tree", "-r", "-z", "--full-tree", commit]);
  if (!listing.ok) throw noHistory(what, listing.why, env);
  const wanted = new Set(paths);
  const found = listedFiles(listing.out.toString("utf8")).filter(({ path }) => wanted.has(path));
  if (found.length === 0) return new Map();
  const lines = new BlobLines();
  const ids = found.map(({ id }) => `${id}\n`).join("");
  const answer = await runGit(env, folder, ["cat-file", "--batch"], ids, (bytes) => {
    lines.hear(bytes);
  });
  if (!answer.ok) throw noHistory(what, answer.why, env);
  const counts = lines.end();
  if (counts.length !== found.length) {
    throw noHistory(what, `${found.length} files were asked for, and ${counts.length} came`, env);
  }
  return new Map(found.map(({ path }, at) => [path, counts[at]!]));
}

/** `:<mode> <mode> <id> <id> <letter><score>`, then one path, or two of a rename; each ends with NUL. */
function entriesOf(raw: string): Omit<SourceChange, "lines" | "removed">[] {
  const words = raw.split("\0");
  const entries: Omit<SourceChange, "lines" | "removed">[] = [];
  for (let at = 0; at < words.length - 1;) {
    const [, was, is, letter] = /^:(\d+) (\d+) \S+ \S+ ([A-Z])/.exec(words[at]!) ?? [];
    const kind = KINDS[letter ?? ""] ?? "modified";
    const isMoved = kind === "renamed" || kind === "copied";
    const [one = "", other = ""] = words.slice(at + 1, at + 3);
    entries.push({
      path: isMoved ? other : one,
      before: isMoved ? one : undefined,
      kind,
      isFile: (kind === "deleted" ? was! : is!).startsWith("100"),
    });
    at += isMoved ? 3 : 2;
  }
  return entries;
}

function noHistory(what: string, why: string, env: Environment): HoldfastError {
  return new HoldfastError("source.history", `git could not say ${what}: ${why}`, {
    hint: wayOut(why, env, "name another revision"),
  });
}
