import { SAME_EVERYWHERE } from "./same-everywhere.ts";

/** Asks git; what it prints comes as Latin-1, so that no byte is lost and all can be handed back. */
export type AskLatin1 = (args: readonly string[], input?: string) => Promise<string>;

/** Without lines around it, which may be others by then. */
const PATCH = [...SAME_EVERYWHERE, "--text", "--full-index", "--unified=0", "--no-renames"];

/** A merge as what it brought. */
const LOG = [
  "log",
  "--no-walk=unsorted",
  "--stdin",
  "-p",
  "--diff-merges=first-parent",
  "--format=commit %H",
];

/** With it the names before paths change their places too. */
const BACKWARDS = ["-R", "--src-prefix=b/", "--dst-prefix=a/"];

/**
 * What `git patch-id` makes of commits, by their hashes: the same for the same change. One that changes
 * nothing is left out.
 *
 * @throws whatever `ask` throws
 */
export async function patchIds(
  ask: AskLatin1,
  commits: readonly string[],
  way: "forth" | "back",
): Promise<ReadonlyMap<string, string>> {
  const asked = [...new Set(commits)];
  if (asked.length === 0) return new Map();
  const words = [...LOG, ...PATCH, ...(way === "back" ? BACKWARDS : [])];
  return identified(ask, await ask(words, asked.map((each) => `${each}\n`).join("")));
}

/** The same of everything between two commits together; undefined where that is nothing. */
export async function patchIdBetween(ask: AskLatin1, from: string, to: string): Promise<string | undefined> {
  const [id] = (await identified(ask, await ask(["diff", ...PATCH, from, to]))).values();
  return id;
}

async function identified(ask: AskLatin1, patches: string): Promise<Map<string, string>> {
  const lines = (await ask(["patch-id", "--stable"], patches)).split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => line.split(" ").reverse() as [string, string]));
}
