import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { HoldfastError } from "../../kernel/errors.ts";
import type { SourceFile, SourceTree, Wanted } from "../../ports/source-tree.ts";
import { blobsOf, type Ask } from "./blobs.ts";
import { runGit, type Environment, type GitAnswer } from "./git.ts";
import { resolveCommit } from "./revision.ts";
import { whyUnknown } from "./unknown-name.ts";
import { wayOut } from "./way-out.ts";

/** No migration is as large; a dump put among them by mistake would fill the memory. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** The checkout on this machine's disk, and its history by the `git` program. */
export function checkout({ env }: { readonly env: Environment }): SourceTree {
  const git = (folder: string, args: readonly string[], input?: string): Promise<GitAnswer> =>
    runGit(env, folder, args, input);
  const need = async (
    folder: string,
    base: string,
    args: readonly string[],
    input?: string,
  ): Promise<Buffer> => {
    const answer = await git(folder, args, input);
    if (answer.ok) return answer.out;
    throw noHistory(base, answer.why, env);
  };
  return {
    async files(folder, wanted) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
        (error: unknown) => {
          throw unreadable(folder, error, "folder");
        },
      );
      const found = entries.map((entry) => ({
        entry,
        path: relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"),
      }));
      const here = found.filter(({ path }) => wanted(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
      const files: SourceFile[] = [];
      for (const { path } of here.filter(({ entry }) => entry.isFile())) {
        files.push({ path, bytes: await read(join(folder, path)) });
      }
      return { files, links: here.filter(({ entry }) => entry.isSymbolicLink()).map(({ path }) => path) };
    },
    async file(path, checkout) {
      if (checkout !== undefined) await refuseStrays(path, checkout);
      return await read(path);
    },
    async filesAtBase(folder, base, wanted) {
      const ask = (args: readonly string[]): Promise<GitAnswer> => git(folder, args);
      const failed = (why: string): HoldfastError => noHistory(base, why, env);
      if (base.startsWith("-")) throw failed("a revision does not begin with -");
      const answer = await resolveCommit(ask, base);
      if (!answer.ok) throw failed(await whyUnknown(ask, base, answer.why));
      const commit = answer.out.toString("utf8").trim();
      return await filesAtBase((args, input) => need(folder, base, args, input), commit, { wanted, failed });
    },
    async defaultBase(folder) {
      // Of a pull request; a checkout in a workflow does not know which branch is the main one.
      const target = env["GITHUB_BASE_REF"];
      if (target !== undefined && target !== "") return `origin/${target}`;
      const answer = await git(folder, ["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
      return answer.ok ? answer.out.toString("utf8").trim() || undefined : undefined;
    },
  };
}

/**
 * What lies in a checkout and leads out of it was put there by whoever wrote what is checked out. Anything
 * but a plain file can be made to never end.
 */
async function refuseStrays(path: string, checkout: string): Promise<void> {
  const refuse = (why: string): HoldfastError =>
    new HoldfastError("source.unreadable", `${path} ${why}`, {
      hint: "Have a plain file written there, by its own path.",
    });
  try {
    const root = await realpath(checkout);
    const real = await realpath(path);
    if (isBelow(root, real)) {
      const about = await stat(real);
      if (!about.isFile() && !about.isDirectory()) throw refuse("is no plain file");
    } else if (await isReachedThrough(root, resolve(path))) {
      throw refuse("is a link that leads out of the checkout, or lies behind one: it is not followed");
    }
  } catch (error) {
    throw error instanceof HoldfastError ? error : unreadable(path, error, "file");
  }
}

/** Whether the way to a place leads through a folder, by whatever names. */
async function isReachedThrough(folder: string, path: string): Promise<boolean> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const real = await realpath(dirname(at));
    if (isBelow(folder, real)) return true;
  }
  return false;
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function read(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) {
      throw new Error(`it has ${size} bytes, and at most ${FILE_BYTES_MAX} are read`);
    }
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error, "file");
  }
}

function unreadable(path: string, error: unknown, what: "file" | "folder"): HoldfastError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EISDIR") {
    return new HoldfastError("source.missing", `there is no file ${resolve(path)}: it is a folder`, {
      hint: "Give the path of a file in it.",
      cause: error,
    });
  }
  if (code === "ENOENT" || code === "ENOTDIR") {
    const place = isAbsolute(path) ? "" : `: there is no ${resolve(path)}`;
    const message =
      what === "folder"
        ? `${path} is no folder of this machine${place}`
        : `there is no file ${resolve(path)}`;
    return new HoldfastError("source.missing", message, {
      hint: `Give the ${what}'s path, from the folder you are in.`,
      cause: error,
    });
  }
  return new HoldfastError("source.unreadable", `${path} could not be read: ${message}`, {
    hint: "Look at its rights and at the disk.",
    cause: error,
  });
}

async function filesAtBase(
  need: Ask,
  base: string,
  { wanted, failed }: { readonly wanted: Wanted; readonly failed: (why: string) => HoldfastError },
): ReturnType<SourceTree["filesAtBase"]> {
  const commit = await need(["merge-base", base, "HEAD"]);
  const inside = await prefix(need);
  const listed = await need([
    "ls-tree",
    "-r",
    "-z",
    "--full-tree",
    commit.toString("utf8").trim(),
    "--",
    inside,
  ]);
  const entries = listed
    .toString("utf8")
    .split("\0")
    .flatMap((line) => {
      const [, mode, id, path] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return mode === undefined || id === undefined || path === undefined
        ? []
        : [{ mode, id, path: path.slice(inside === "." ? 0 : inside.length) }];
    })
    .filter(({ path }) => wanted(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const isLink = (mode: string): boolean => mode === "120000";
  const blobs = entries.filter(({ mode }) => mode.startsWith("100"));
  const contents = await blobsOf(
    need,
    blobs.map(({ id }) => id),
    (id) => failed(`object ${id} is not in this checkout`),
  );
  return {
    files: blobs.map(({ path }, at) => ({ path, bytes: contents[at]! })),
    links: entries.filter(({ mode }) => isLink(mode)).map(({ path }) => path),
  };
}

/** The folder's path from the repository's root, ending in `/`; `.` for the root itself. */
async function prefix(need: Ask): Promise<string> {
  const text = (await need(["rev-parse", "--show-prefix"])).toString("utf8").replace(/\n$/, "");
  return text === "" ? "." : text;
}

function noHistory(base: string, why: string, env: Environment): HoldfastError {
  return new HoldfastError("source.history", `git could not say what ${base} holds: ${why}`, {
    hint: wayOut(why, env, "name another base with --base, or check the whole folder with --all"),
  });
}
