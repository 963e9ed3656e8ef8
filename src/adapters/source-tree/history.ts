import { HoldfastError } from "../../kernel/errors.ts";
import type { SourceChange, SourceCommit, SourceHistory, SourceRange } from "../../ports/source-history.ts";
import { runGit, type Environment, type GitAnswer } from "./git.ts";
import { PatchLines } from "./patch-lines.ts";

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
  const need = async (what: string, args: readonly string[]): Promise<string> => {
    const answer = await ask(args);
    if (answer.ok) return answer.out.toString("utf8");
    throw noHistory(what, answer.why);
  };
  const history: SourceHistory = {
    commit: async (revision) =>
      (
        await need(`what ${revision} is`, [
          "rev-parse",
          "--verify",
          "--quiet",
          "--end-of-options",
          `${revision}^{commit}`,
        ])
      ).trim(),
    async mergeBase({ base, head }) {
      const both = [await history.commit(base), await history.commit(head)];
      return (await need(`where ${head} left ${base}`, ["merge-base", ...both])).trim();
    },
    async commits({ base, head }) {
      const range = `${await history.commit(base)}..${await history.commit(head)}`;
      const text = await need(`what ${head} has and ${base} has not`, ["log", "-z", "--reverse", LOG, range]);
      return text
        .split("\0")
        .filter((record) => record !== "")
        .map(commitOf);
    },
    async lacking({ base, head }, other) {
      const what = `what ${head} has and ${other} has not`;
      const [from, to, there] = [
        await history.commit(base),
        await history.commit(head),
        await history.commit(other),
      ];
      const picked = ["--no-merges", "--cherry-pick", "--right-only", `${there}...${to}`, `^${from}`];
      const text = await need(what, ["log", "-z", "--reverse", LOG, ...picked]);
      const found = text
        .split("\0")
        .filter((record) => record !== "")
        .map(commitOf);
      if (found.length < 2) return found;
      const parted = await history.mergeBase({ base, head });
      const isThere = await isSquashed({ parted, to, there, what }, ask);
      return isThere ? [] : found;
    },
    changes: async (range) => {
      const from = await history.mergeBase(range);
      return await changesBetween({ base: from, head: await history.commit(range.head) }, env, folder);
    },
    async file(commit, path) {
      const what = `what ${commit} has at ${path}`;
      // From the root, whatever folder this runs in; the path means itself, whatever characters it has.
      const listed = await need(what, [
        "ls-tree",
        "-z",
        "--full-tree",
        commit,
        "--",
        `:(top,literal)${path}`,
      ]);
      const [, mode, id] = /^(\d+) blob ([0-9a-f]+)\t/.exec(listed) ?? [];
      if (id === undefined || !mode!.startsWith("100")) return undefined;
      const answer = await ask(["cat-file", "blob", id]);
      if (!answer.ok) throw noHistory(what, answer.why);
      return answer.out;
    },
    async paths(commit) {
      const listed = await need(`what ${commit} has`, ["ls-tree", "-r", "-z", "--full-tree", commit]);
      return listed.split("\0").flatMap((line) => /^100\d+ blob [0-9a-f]+\t(.*)$/s.exec(line)?.[1] ?? []);
    },
    async branch() {
      const answer = await ask(["symbolic-ref", "--quiet", "--short", "HEAD"]);
      return answer.ok ? answer.out.toString("utf8").trim() || undefined : undefined;
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

/**
 * Hash, parents, author, message, a line each but the last:
 * https://git-scm.com/docs/git-log#_pretty_formats
 */
const LOG = "--format=%H%n%P%n%an%n%ae%n%B";

function commitOf(record: string): SourceCommit {
  const [id = "", parents = "", name = "", email = "", ...message] = record.split("\n");
  return {
    id,
    parents: parents.split(" ").filter((parent) => parent !== ""),
    author: { name, email },
    message: message.join("\n").replace(/\n+$/, ""),
  };
}

/**
 * What git compares by: neither the checkout's own settings nor attributes that a pull request brings decide
 * what counts as changed. https://git-scm.com/docs/git-diff
 */
const DIFF = ["diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M", "--ignore-submodules=none"];

async function changesBetween(
  { base, head }: SourceRange,
  env: Environment,
  folder: string,
): Promise<readonly SourceChange[]> {
  const what = `what changed from ${base} to ${head}`;
  const renames = ["-c", "diff.renameLimit=10000", "-c", "diff.orderFile=/dev/null"];
  const listing = await runGit(env, folder, [...renames, ...DIFF, "--raw", "-z", "--no-abbrev", base, head]);
  if (!listing.ok) throw noHistory(what, listing.why);
  const entries = entriesOf(listing.out.toString("utf8"));
  const patch = new PatchLines();
  const text = ["--text", "--unified=0", "--patch", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"];
  const told = await runGit(env, folder, [...renames, ...DIFF, ...text, base, head], undefined, (bytes) => {
    patch.hear(bytes);
  });
  if (!told.ok) throw noHistory(what, told.why);
  const files = patch.end();
  // A path that becomes a link, or a file again, is told twice: as it goes and as it comes.
  const expected = entries.reduce((sum, { kind }) => sum + (kind === "type-changed" ? 2 : 1), 0);
  if (files.length !== expected) {
    throw noHistory(what, `${files.length} files have a patch, and ${expected} were to have one`);
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

/** Of more paths no command line is made; then only single commits are compared. */
const SQUASHED_PATHS = 200;

/** Whether a commit of `there` makes the same change as all from `parted` to `to` together. */
async function isSquashed(
  { parted, to, there, what }: { readonly [K in "parted" | "to" | "there" | "what"]: string },
  ask: (args: readonly string[], input?: string) => Promise<GitAnswer>,
): Promise<boolean> {
  const need = async (args: readonly string[], input?: string): Promise<string> => {
    const answer = await ask(args, input);
    if (answer.ok) return answer.out.toString("utf8");
    throw noHistory(what, answer.why);
  };
  const idsOf = async (patch: string): Promise<string[]> =>
    (await need(["patch-id", "--stable"], patch)).split("\n").map((line) => line.split(" ")[0] ?? "");
  const plain = ["--no-ext-diff", "--no-textconv", "--no-color", "--no-renames"];
  const paths = (await need(["diff", ...plain, "--name-only", "-z", parted, to])).split("\0").slice(0, -1);
  if (paths.length === 0 || paths.length > SQUASHED_PATHS) return false;
  const [all = ""] = await idsOf(await need(["diff", ...plain, parted, to]));
  if (all === "") return false;
  const where = paths.map((path) => `:(top,literal)${path}`);
  const format = "--format=commit %H";
  const log = ["log", "-p", "--no-merges", "--full-diff", format, ...plain, there, `^${to}`, "--", ...where];
  return (await idsOf(await need(log))).includes(all);
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

function noHistory(what: string, why: string): HoldfastError {
  return new HoldfastError("source.history", `git could not say ${what}: ${why}`, {
    hint:
      "In a workflow check out with `fetch-depth: 0`, which brings the base too; else fetch the base, or " +
      "name another revision.",
  });
}
