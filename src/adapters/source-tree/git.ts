import { spawn } from "node:child_process";
import { SETTINGS } from "./same-everywhere.ts";

/** Variables of this process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What git answered. */
export type GitAnswer =
  { readonly ok: true; readonly out: Buffer } | { readonly ok: false; readonly why: string };

/** Reading a large history takes seconds; a git that waits for something waits for ever. */
const TIMEOUT_MS = 120_000;

/**
 * Settings of a checkout that would start programs of its own choice: none of them is needed for reading.
 * With them off, whose folder it is does not matter, and in a container it is often another user's.
 * https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
 */
const QUIET = [
  "-c",
  "safe.directory=*",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.pager=cat",
  "-c",
  "protocol.allow=never",
  // That no graft counts is our own doing, and no news.
  "-c",
  "advice.graftFileDeprecated=false",
];

/**
 * Runs one reading command of git in a folder. Never asks a person, never fetches.
 *
 * @param input for its standard input
 * @param hear is told what it prints, piece by piece; then nothing is kept, and `out` is empty
 */
export function runGit(
  env: Environment,
  folder: string,
  args: readonly string[],
  input?: string,
  hear?: (bytes: Buffer) => void,
): Promise<GitAnswer> {
  return new Promise((resolve) => {
    const child = spawn("git", ["-C", folder, ...QUIET, ...SETTINGS, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: {
        ...gitEnvironment(env),
        GIT_TERMINAL_PROMPT: "0",
        GIT_OPTIONAL_LOCKS: "0",
        GIT_NO_LAZY_FETCH: "1",
        // Nor does another object stand in for one that was asked about, or have other parents.
        GIT_NO_REPLACE_OBJECTS: "1",
        GIT_GRAFT_FILE: "/dev/null",
        LC_ALL: "C",
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const [out, said]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on("data", hear ?? ((bytes: Buffer) => out.push(bytes)));
    child.stderr.on("data", (bytes: Buffer) => said.push(bytes));
    child.on("error", (error: NodeJS.ErrnoException) => {
      resolve({
        ok: false,
        why:
          error.code === "ENOENT"
            ? "git is not installed"
            : error.name === "AbortError"
              ? "git did not answer"
              : error.message,
      });
    });
    child.on("close", (code) => {
      if (code === 0) resolve({ ok: true, out: Buffer.concat(out) });
      else {
        resolve({
          ok: false,
          why: Buffer.concat(said).toString("utf8").trim().split("\n")[0] || `git ended with ${String(code)}`,
        });
      }
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
  });
}

/** What git needs of the environment: where programs, its settings and the trust in this folder are found. */
function gitEnvironment(env: Environment): Record<string, string> {
  const names = [
    "PATH",
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_DIR",
    "GIT_WORK_TREE",
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
