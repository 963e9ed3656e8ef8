import type { RevertClaim } from "../../ports/source-history.ts";
import { SAME_EVERYWHERE } from "./same-everywhere.ts";

/** Of more nobody asks: what is not asked about takes nothing back. */
const CLAIMS_MAX = 500;

/** Without lines around it, which may be others by then; a merge as what it brought. */
const PATCHES = [
  "log",
  "--no-walk=unsorted",
  "--stdin",
  "-p",
  "--diff-merges=first-parent",
  "--format=commit %H",
  ...SAME_EVERYWHERE,
  "--text",
  "--full-index",
  "--unified=0",
  "--no-renames",
];

/** With it the names before paths change their places too. */
const BACKWARDS = ["-R", "--src-prefix=b/", "--dst-prefix=a/"];

/**
 * Which claims are true, by what `git patch-id` makes of one commit and of the other the other way round.
 *
 * @param ask git, for bytes as Latin-1, so that none is lost
 * @throws whatever `ask` throws
 */
export async function proved(
  claims: readonly RevertClaim[],
  ask: (args: readonly string[], input: string) => Promise<string>,
): Promise<RevertClaim[]> {
  const asked = claims.slice(0, CLAIMS_MAX);
  if (asked.length === 0) return [];
  const names = [...new Set(asked.flatMap(({ commit, undoes }) => [commit, undoes]))];
  const listed = await ask(["cat-file", "--batch-check"], names.map((name) => `${name}^{commit}\n`).join(""));
  const found = new Map<string, string>();
  for (const [at, line] of listed.split("\n").slice(0, names.length).entries()) {
    const [, id] = /^([0-9a-f]{40,64}) commit /.exec(line) ?? [];
    // A branch may be called like the beginning of a hash.
    if (id?.startsWith(names[at]!) === true) found.set(names[at]!, id);
  }
  const here = asked.filter(({ commit, undoes }) => found.has(commit) && found.has(undoes));
  if (here.length === 0) return [];
  const idsOf = async (which: readonly string[], ...way: readonly string[]): Promise<Map<string, string>> => {
    const patches = await ask([...PATCHES, ...way], [...new Set(which)].map((each) => `${each}\n`).join(""));
    const lines = (await ask(["patch-id", "--stable"], patches)).split("\n");
    return new Map(lines.map((line) => line.split(" ").reverse() as [string, string]));
  };
  const forth = await idsOf(here.map(({ undoes }) => found.get(undoes)!));
  const back = await idsOf(
    here.map(({ commit }) => found.get(commit)!),
    ...BACKWARDS,
  );
  return here.flatMap(({ commit, undoes }) => {
    const [of, by] = [found.get(undoes)!, found.get(commit)!];
    const patch = forth.get(of);
    return patch !== undefined && patch === back.get(by) ? [{ commit: by, undoes: of }] : [];
  });
}
