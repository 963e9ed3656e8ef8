import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { HoldfastError } from "../../kernel/errors.ts";
import { GIT_FOLDER, type Found, type HookFolder, type WorkTree } from "../../ports/work-tree.ts";
import { runGit, type Environment } from "./git.ts";

/** Nothing that is written here comes near it; more is no text that a person wrote. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

/**
 * The checkout that a folder is in, by the `git` program.
 *
 * @throws source.history
 */
export async function gitWorkTree({
  env,
  folder = ".",
}: {
  readonly env: Environment;
  readonly folder?: string;
}): Promise<WorkTree> {
  const ask = async (...words: readonly string[]): Promise<string> => {
    const answer = await runGit(env, folder, words);
    if (answer.ok) return answer.out.toString("utf8").replace(/\n$/, "");
    throw new HoldfastError("source.history", `${folder} is in no checkout of git: ${answer.why}`, {
      hint: "Run it inside of a git repository that has files checked out.",
    });
  };
  const root = await ask("rev-parse", "--show-toplevel");
  const git = resolve(folder, await ask("rev-parse", "--git-common-dir"));
  const found: Place = (path) => {
    const inGit = path === GIT_FOLDER || path.startsWith(`${GIT_FOLDER}/`);
    const base = inGit ? git : root;
    const below = inGit ? path.slice(GIT_FOLDER.length + 1) : path;
    const parts = below.split("/").filter((part) => part !== "");
    if (isAbsolute(below) || parts.some((part) => part === ".." || part === ".")) {
      throw new Error(`${path} is no path below the checkout`);
    }
    return { base, parts };
  };
  return {
    root,
    look: (path) => look(path, found),
    async names(path) {
      if ((await look(path, found)).kind !== "folder") return [];
      const { base, parts } = found(path);
      return (await readdir(join(base, ...parts))).sort();
    },
    hooks: () => hooksOf(env, folder, { root, git }),
    async branches() {
      const refs = await ask("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin");
      return new Set(refs.split("\n").map((ref) => ref.replace(/^refs\/(?:heads|remotes\/origin)\//, "")));
    },
    write: (path, text, mode) => write(path, text, mode.executable, found),
  };
}

type Place = (path: string) => { readonly base: string; readonly parts: readonly string[] };

async function look(path: string, found: Place): Promise<Found> {
  const { base, parts } = found(path);
  try {
    let at = base;
    for (const [index, part] of parts.entries()) {
      at = join(at, part);
      const about = await lstat(at);
      if (about.isSymbolicLink()) return { kind: "link" };
      if (index < parts.length - 1 && !about.isDirectory()) return { kind: "absent" };
    }
    const about = await lstat(at);
    if (about.isDirectory()) return { kind: "folder" };
    if (!about.isFile() || about.size > TEXT_BYTES_MAX) return { kind: "other" };
    const text = textOf(await readFile(at));
    if (text === undefined) return { kind: "other" };
    return { kind: "file", text, executable: (about.mode & 0o100) !== 0 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "absent" };
    throw new HoldfastError("source.unreadable", `${path} could not be read: ${messageOf(error)}`, {
      hint: "Look at its rights and at the disk.",
      cause: error,
    });
  }
}

/** Undefined for what is no UTF-8: written again it would be something else. */
function textOf(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The bytes are on the disk before the file has its name, so that no crash leaves half of it. The other name
 * is always the same: what a run that was killed has left, the next one takes away.
 */
async function write(path: string, text: string, executable: boolean, found: Place): Promise<void> {
  const { base, parts } = found(path);
  const target = join(base, ...parts);
  const other = join(dirname(target), `.${parts.at(-1)!}.holdfast-new`);
  try {
    for (let depth = 1; depth < parts.length; depth += 1) {
      await makeFolder(join(base, ...parts.slice(0, depth)));
    }
    const there = await lstat(target).catch(() => undefined);
    if (there !== undefined && !there.isFile()) throw new Error("it is no plain file");
    await rm(other, { force: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const file = await open(other, flags, executable ? 0o755 : 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(other, target);
  } catch (error) {
    await rm(other, { force: true }).catch(() => undefined);
    throw new HoldfastError("source.unwritable", `${path} could not be written: ${messageOf(error)}`, {
      hint: "Look at its rights and at the disk, and run again: what is written stays, the rest follows.",
      cause: error,
    });
  }
}

/** One folder on the way; one that is there must be a folder itself, and no link to one. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
  if (!(await lstat(path)).isDirectory()) throw new Error(`${path} is a link or a file`);
}

/**
 * Every git command here switches hooks off, and says so last: what is configured stands before it.
 * https://git-scm.com/docs/git-config#Documentation/git-config.txt-corehooksPath
 */
async function hooksOf(
  env: Environment,
  folder: string,
  { root, git }: { readonly root: string; readonly git: string },
): Promise<HookFolder> {
  const answer = await runGit(env, folder, ["config", "-z", "--type=path", "--get-all", "core.hooksPath"]);
  const all = answer.ok ? answer.out.toString("utf8").split("\0").slice(0, -1) : [];
  const configured = all.slice(0, -1).at(-1);
  if (configured === undefined || configured === "") {
    return { configured: undefined, path: `${GIT_FOLDER}/hooks` };
  }
  // A relative one is meant from where hooks run, the root of the work tree.
  const absolute = resolve(root, configured);
  const inGit = below(git, absolute);
  const inside = below(root, absolute);
  const path = inGit === undefined ? inside : join(GIT_FOLDER, inGit);
  return { configured, path: path?.replaceAll(sep, "/") };
}

function below(folder: string, path: string): string | undefined {
  const way = relative(folder, path);
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
