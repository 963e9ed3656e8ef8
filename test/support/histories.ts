import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A commit as a history tells it: its hash there, and its message. */
export interface ToldCommit {
  readonly sha: string;
  readonly message: string;
}

/** A repository that was made from a told history. */
export interface ToldRepository extends Disposable {
  readonly path: string;
}

/** What stands where before the commits: the newest last. */
export interface ToldHistory {
  readonly branch: string;
  /** Tags of the commits before, each on one of its own, the oldest first. */
  readonly before: readonly string[];
  /** The newest first, as `git log` tells them. */
  readonly commits: readonly ToldCommit[];
}

const PERSON = "Somebody <somebody@example.org> 1700000000 +0000";
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** Makes the repository; hashes in messages that name a commit of the history are those that it has here. */
export function toldRepository({ branch, before, commits }: ToldHistory): ToldRepository {
  const path = mkdtempSync(join(tmpdir(), "hf-history-"));
  run(path, ["init", "-q", "-b", branch, "."]);
  const here = new Map<string, string>();
  const stream: string[] = [];
  let parent: string | undefined;
  const commit = (message: string): string => {
    const text = [
      `tree ${EMPTY_TREE}`,
      ...(parent === undefined ? [] : [`parent ${parent}`]),
      `author ${PERSON}`,
      `committer ${PERSON}`,
      "",
      message,
    ].join("\n");
    const bytes = Buffer.byteLength(message);
    stream.push(
      `commit refs/heads/${branch}\nauthor ${PERSON}\ncommitter ${PERSON}\ndata ${bytes}\n${message}\n`,
    );
    parent = createHash("sha1")
      .update(`commit ${Buffer.byteLength(text)}\0${text}`)
      .digest("hex");
    return parent;
  };
  for (const tag of before) {
    commit("chore: the history before");
    stream.push(`reset refs/tags/${tag}\nfrom refs/heads/${branch}\n\n`);
  }
  for (const { sha, message } of [...commits].reverse()) {
    here.set(sha, commit(message.replace(/\b[0-9a-f]{40}\b/g, (found) => here.get(found) ?? found)));
  }
  run(path, ["fast-import", "--quiet"], stream.join(""));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

function run(path: string, words: readonly string[], input?: string): void {
  const { status, stderr } = spawnSync("git", ["-C", path, ...words], { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`git ${words[0]!} in ${path}: ${stderr}`);
}
