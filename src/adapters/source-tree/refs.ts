import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Disk } from "../../ports/disk.ts";
import type {
  CopyOfRefs,
  RepositoryCopy,
  SourceBranch,
  SourceRefs,
  SourceTag,
} from "../../ports/source-refs.ts";
import { runGit, type Environment } from "./git.ts";

/**
 * Branches and tags of the repository that the folder is in, by the `git` program. Which repository that is
 * is decided now: the environment may be another one while a library asks us.
 */
export function gitRefs({
  env: given,
  folder,
  disk,
}: {
  readonly env: Environment;
  readonly folder: string;
  readonly disk: Pick<Disk, "privateFolder">;
}): SourceRefs {
  const env = { ...given };
  const need = async (what: string, args: readonly string[]): Promise<string> => {
    const answer = await runGit(env, folder, args);
    if (answer.ok) return answer.out.toString("utf8");
    throw notTold(what, answer.why);
  };
  const names = async (what: string, args: readonly string[]): Promise<ReadonlySet<string>> =>
    new Set((await need(what, ["tag", "--format=%(refname:strip=2)", ...args])).split("\n").filter(Boolean));
  /** A tag of a tag, which older git peels but once. */
  const peeled = async (tag: SourceTag): Promise<SourceTag[]> => {
    const words = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${tag.object}^{commit}`];
    const answer = await runGit(env, folder, words);
    return answer.ok ? [{ ...tag, commit: answer.out.toString("utf8").trim() }] : [];
  };
  /** By which hashes the objects are named; git that does not know the question knows one kind alone. */
  const objectFormat = async (): Promise<string> => {
    const answer = await runGit(env, folder, ["rev-parse", "--show-object-format"]);
    const told = answer.ok ? answer.out.toString("utf8").trim() : "";
    return told === "sha256" ? told : "sha1";
  };
  const copy = async (refs: CopyOfRefs): Promise<RepositoryCopy> => {
    const words = ["rev-parse", "--path-format=absolute", "--git-path", "objects"];
    const objects = (await need("where its objects are", words)).replace(/\n$/, "");
    const room = await disk.privateFolder("release");
    try {
      await fill(room.path, { objects, format: await objectFormat() }, refs, env);
    } catch (error) {
      await room[Symbol.asyncDispose]();
      throw error;
    }
    return { folder: room.path, [Symbol.asyncDispose]: () => room[Symbol.asyncDispose]() };
  };
  return {
    async tags() {
      const listed = tagsOf(await need("which tags there are", ["for-each-ref", TAG, "refs/tags/"]));
      return await Promise.all(
        listed.map(async (tag) => (tag.commit === "" ? await peeled(tag) : [tag])),
      ).then((tags) => tags.flat());
    },
    branches: async () => {
      const words = ["for-each-ref", BRANCH, "refs/heads/", "refs/remotes/"];
      return branchesOf(await need("which branches there are", words));
    },
    tagsIn: (commit) => names(`which tags ${commit} has`, [`--merged=${commit}`]),
    tagsWith: (commit) => names(`which tags have ${commit}`, [`--contains=${commit}`]),
    async within(head, commits) {
      if (commits.length === 0) return new Set<string>();
      const wanted = new Set(commits);
      const all = await need(`what ${head} has`, ["rev-list", "--end-of-options", head]);
      return new Set(all.split("\n").filter((commit) => wanted.has(commit)));
    },
    async messages(base, head) {
      // A clock that went wrong puts no commit behind one that it was made from.
      const words = [
        "log",
        "-z",
        "--date-order",
        "--format=%H%n%B",
        head,
        ...(base === undefined ? [] : [`^${base}`]),
      ];
      const listed = (await need(`what ${head} has`, words)).split("\0").filter((each) => each !== "");
      return listed.map((each) => {
        const end = each.indexOf("\n");
        return { id: each.slice(0, end), message: each.slice(end + 1).trim() };
      });
    },
    async committedAt(commit) {
      const words = ["log", "--max-count=1", "--format=%ct", "--end-of-options", commit];
      return new Date(Number((await need(`when ${commit} was made`, words)).trim()) * 1000);
    },
    async isShallow() {
      const words = ["rev-parse", "--is-shallow-repository"];
      return (await need("whether history is whole", words)).trim() === "true";
    },
    async remoteUrl(remote) {
      const answer = await runGit(env, folder, ["config", "--get", `remote.${remote}.url`]);
      return answer.ok ? withoutCredentials(answer.out.toString("utf8").trim()) : undefined;
    },
    async treeWith(commit, files, executables) {
      const branches = new Map([["base", commit]]);
      await using room = await copy({ branches, head: "base", tags: new Map(), notes: new Map() });
      return await treeIn(room.folder, commit, { files, executables, env });
    },
    copy,
  };
}

/** https://git-scm.com/docs/git-for-each-ref#_field_names */
const TAG = "--format=%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00%(refname:strip=2)";
const BRANCH = "--format=%(objectname)%00%(symref)%00%(refname)";

function tagsOf(listing: string): SourceTag[] {
  return lines(listing).flatMap(([type, id, pointed, target, name]): SourceTag[] => {
    if (type === "commit") return [{ name: name!, commit: id!, object: id! }];
    if (pointed === "tag") return [{ name: name!, commit: "", object: id! }];
    return pointed === "commit" ? [{ name: name!, commit: target!, object: id! }] : [];
  });
}

function branchesOf(listing: string): SourceBranch[] {
  return lines(listing).flatMap(([commit, symbolic, ref]): SourceBranch[] => {
    // `refs/remotes/origin/HEAD` is another's name.
    if (symbolic !== "") return [];
    const own = /^refs\/heads\/(.+)$/.exec(ref!)?.[1];
    if (own !== undefined) return [{ name: own, remote: undefined, commit: commit! }];
    const [, remote, name] = /^refs\/remotes\/([^/]+)\/(.+)$/.exec(ref!) ?? [];
    return name === undefined ? [] : [{ name, remote, commit: commit! }];
  });
}

function lines(listing: string): string[][] {
  return listing
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\0"));
}

/** A user and a password before the host, as `https://user:token@host/…`; a password may have an `@`. */
function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, "$1");
}

/** Neither a person's nor a machine's settings: who forbids bare repositories means those of strangers. */
const NOBODYS = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

async function fill(
  folder: string,
  { objects, format }: { readonly objects: string; readonly format: string },
  refs: CopyOfRefs,
  env: Environment,
): Promise<void> {
  const write = async (args: readonly string[], input?: string): Promise<void> => {
    const answer = await runGit({ PATH: env["PATH"], ...NOBODYS }, folder, args, input);
    if (!answer.ok) throw notTold("a copy of its branches and tags", answer.why);
  };
  // What is usual everywhere needs no option, which older git does not have.
  const hashes = format === "sha1" ? [] : [`--object-format=${format}`];
  await write(["init", "--quiet", "--bare", ...hashes, "."]);
  // Paths with a line end are no paths of a repository that git can be told of.
  await appendFile(join(folder, "objects/info/alternates"), `${objects}\n`);
  const created = [
    ...[...refs.branches].map(([name, commit]) => `create refs/heads/${name} ${commit}`),
    ...[...refs.tags].map(([name, commit]) => `create refs/tags/${name} ${commit}`),
  ];
  await write(["update-ref", "--stdin"], created.map((line) => `${line}\n`).join(""));
  await write(["symbolic-ref", "HEAD", `refs/heads/${refs.head}`]);
  // A file each is slow to read as soon as there are thousands.
  await write(["pack-refs", "--all"]);
  const notes = [...refs.notes].filter(([, texts]) => texts.size > 0);
  if (notes.length > 0) await write(["fast-import", "--quiet"], notes.map(importedNotes).join(""));
}

/** In a repository of our own, whose index nobody else has. */
async function treeIn(
  folder: string,
  commit: string,
  {
    files,
    executables,
    env,
  }: {
    readonly files: ReadonlyMap<string, string>;
    readonly executables: ReadonlySet<string>;
    readonly env: Environment;
  },
): Promise<string> {
  const ask = async (args: readonly string[], input?: string): Promise<string> => {
    const answer = await runGit({ PATH: env["PATH"], ...NOBODYS }, folder, args, input);
    if (answer.ok) return answer.out.toString("utf8").trim();
    throw notTold(`which files a commit on ${commit} would have`, answer.why);
  };
  await ask(["read-tree", commit]);
  for (const [path, text] of files) {
    const id = await ask(["hash-object", "-w", "--stdin"], text);
    const mode = executables.has(path) ? "100755" : "100644";
    await ask(["update-index", "-z", "--index-info"], `${mode} ${id}\t${path}\0`);
  }
  // What a partial clone has not fetched is named all the same.
  return await ask(["write-tree", "--missing-ok"]);
}

/** https://git-scm.com/docs/git-fast-import#_notemodify */
function importedNotes([ref, texts]: readonly [string, ReadonlyMap<string, string>]): string {
  const each = [...texts].map(
    ([commit, text]) => `N inline ${commit}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
  );
  return `commit refs/notes/${ref}\ncommitter holdfast <holdfast> 0 +0000\ndata 0\n${each.join("")}\n`;
}

function notTold(what: string, why: string): HoldfastError {
  return new HoldfastError("source.history", `git could not say ${what}: ${why}`, {
    hint:
      "Run it inside of a git repository, with git installed; in a workflow check out with " +
      "`fetch-depth: 0`.",
  });
}
