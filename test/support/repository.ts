import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runSmall } from "./small-process.ts";
import { scratchFolder } from "./tools.ts";

const IDENTITY = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];

/** A real git repository of a test's own, with `main` checked out; removed when disposed of. */
export interface Repository extends AsyncDisposable {
  readonly path: string;
  git(...words: readonly string[]): string;
  /** Writes files, by their paths; `undefined` removes one. */
  write(files: Readonly<Record<string, string | Buffer | undefined>>): void;
  /** Writes, and commits whatever is there. @returns the commit's hash */
  commit(message: string, files?: Readonly<Record<string, string | Buffer | undefined>>): string;
}

export function repository(): Repository {
  const folder = scratchFolder("repository");
  const { path } = folder;
  const git = (...words: readonly string[]): string => {
    const { status, stdout, stderr } = runSmall("git", ["-C", path, ...IDENTITY, ...words]);
    if (status !== 0) throw new Error(`git ${words.join(" ")}: ${stderr.toString("utf8").trim()}`);
    return stdout.toString("utf8").trim();
  };
  const made: Repository = {
    path,
    git,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        if (text === undefined) {
          git("rm", "-q", "--cached", "--ignore-unmatch", "--", name);
          rmSync(join(path, name), { recursive: true, force: true });
          continue;
        }
        mkdirSync(dirname(join(path, name)), { recursive: true });
        writeFileSync(join(path, name), text);
      }
    },
    commit(message, files = {}) {
      made.write(files);
      git("add", "-A");
      git("commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-m", message);
      return git("rev-parse", "HEAD");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(folder[Symbol.asyncDispose]()),
  };
  git("init", "-q", "-b", "main");
  return made;
}
