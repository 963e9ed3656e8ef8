import type { RevertClaim } from "../../ports/source-history.ts";
import { COMMIT } from "./patch-digests.ts";
import type { Asked } from "./same-change.ts";
import { SAME_EVERYWHERE } from "./same-everywhere.ts";

/** Without lines around it, which may be others by then. */
const PATCH = [...SAME_EVERYWHERE, "--text", "--full-index", "--unified=0", "--no-renames"];

/** A merge as what it brought. */
const SHOWN = ["log", "--no-walk=unsorted", "--stdin", "--diff-merges=first-parent", COMMIT];

/** With it the names before paths change their places too. */
const BACKWARDS = ["-R", "--src-prefix=b/", "--dst-prefix=a/"];

/** Of more nobody asks: what is not asked about takes nothing back. */
const CLAIMS_MAX = 500;

/**
 * Which claims are true, by the patch of the one commit and that of the other backwards. Files are held
 * against each other first: anybody may name the largest commit of a history.
 *
 * @throws whatever asking git throws
 */
export async function proved(claims: readonly RevertClaim[], git: Asked): Promise<RevertClaim[]> {
  const asked = claims.slice(0, CLAIMS_MAX);
  if (asked.length === 0) return [];
  const names = [...new Set(asked.flatMap(({ commit, undoes }) => [commit, undoes]))];
  const wanted = names.map((name) => `${name}^{commit}\n`).join("");
  const listed = (await git.bytes(["cat-file", "--batch-check"], wanted)).toString("latin1");
  const found = new Map<string, string>();
  for (const [at, line] of listed.split("\n").slice(0, names.length).entries()) {
    const [, id] = /^([0-9a-f]{40,64}) commit /.exec(line) ?? [];
    // A branch may be called like the beginning of a hash.
    if (id?.startsWith(names[at]!) === true) found.set(names[at]!, id);
  }
  const here = asked.flatMap(({ commit, undoes }) => {
    const [by, of] = [found.get(commit), found.get(undoes)];
    return by === undefined || of === undefined ? [] : [{ commit: by, undoes: of }];
  });
  const alike = await undone(here, ["--name-status", "--no-renames"], git);
  return await undone(alike, ["-p", ...PATCH], git);
}

/** Those claims of which git shows the same for the one commit as for the other backwards. */
async function undone(
  claims: readonly RevertClaim[],
  shown: readonly string[],
  git: Asked,
): Promise<RevertClaim[]> {
  const undoes = claims.map((each) => each.undoes);
  const commits = claims.map((each) => each.commit);
  const forth = await digestsOf(undoes, shown, git);
  const back = await digestsOf(commits, [...shown, ...BACKWARDS], git);
  return claims.filter((each) => forth.has(each.undoes) && forth.get(each.undoes) === back.get(each.commit));
}

async function digestsOf(
  commits: readonly string[],
  shown: readonly string[],
  git: Asked,
): Promise<ReadonlyMap<string, string>> {
  if (commits.length === 0) return new Map();
  return await git.digests([...SHOWN, ...shown], [...new Set(commits)].map((each) => `${each}\n`).join(""));
}

/** A branch in which something has arrived, and may have been taken back since. */
export interface Arrived {
  /** Commits that it has in some form, from where they parted up to the last of them. */
  readonly own: readonly string[];
  readonly parted: string;
  readonly to: string;
  readonly there: string;
}

/** Of more paths no command line is made, and of a longer history nobody waits for the patches. */
const PATHS_MAX = 200;
const COMMITS_MAX = 500;

/**
 * Those of the commits whose change `there` has taken back, and not made again since.
 *
 * @throws whatever asking git throws
 */
export async function takenBack({ own, parted, to, there }: Arrived, git: Asked): Promise<string[]> {
  const words = ["diff", "--name-only", "--no-renames", "-z", parted, to];
  const paths = (await git.bytes(words)).toString("utf8").split("\0").slice(0, -1);
  if (own.length === 0 || paths.length === 0 || paths.length > PATHS_MAX) return [];
  const where = ["--", ...paths.map((path) => `:(top,literal)${path}`)];
  const logged = async (...words: readonly string[]): Promise<string[]> => {
    const format = [`--max-count=${COMMITS_MAX}`, "--format=%H"];
    const listed = (await git.bytes(["log", ...format, ...words, ...where])).toString("latin1");
    return listed.split("\n").filter((id) => id !== "");
  };
  const reverts = await logged(
    "--extended-regexp",
    "--grep=This reverts commit [0-9a-f]{7}",
    there,
    `^${to}`,
  );
  if (reverts.length === 0) return [];
  const patch = ["-p", ...PATCH];
  const back = await digestsOf(reverts, [...patch, ...BACKWARDS], git);
  const forth = await digestsOf(own, patch, git);
  const all = (await git.digests(["diff", ...PATCH, parted, to])).get("");
  const isGone = async (change: string | undefined): Promise<boolean> => {
    // The newest comes first.
    const revert = change === undefined ? undefined : reverts.find((each) => back.get(each) === change);
    if (revert === undefined) return false;
    const later = await digestsOf(await logged("--no-merges", there, `^${revert}`), patch, git);
    return ![...later.values()].includes(change!);
  };
  if (await isGone(all)) return [...own];
  const gone: string[] = [];
  for (const id of own) if (await isGone(forth.get(id))) gone.push(id);
  return gone;
}
