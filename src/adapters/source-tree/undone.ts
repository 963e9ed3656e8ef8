import type { RevertClaim } from "../../ports/source-history.ts";
import { patchIdBetween, patchIds, type AskLatin1 } from "./patch-ids.ts";

/** Of more nobody asks: what is not asked about takes nothing back. */
const CLAIMS_MAX = 500;

/**
 * Which claims are true, by the patch of the one commit and that of the other backwards.
 *
 * @throws whatever `ask` throws
 */
export async function proved(claims: readonly RevertClaim[], ask: AskLatin1): Promise<RevertClaim[]> {
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
  const here = asked.flatMap(({ commit, undoes }) => {
    const [by, of] = [found.get(commit), found.get(undoes)];
    return by === undefined || of === undefined ? [] : [{ commit: by, undoes: of }];
  });
  const forth = await patchIds(
    ask,
    here.map(({ undoes }) => undoes),
    "forth",
  );
  const back = await patchIds(
    ask,
    here.map(({ commit }) => commit),
    "back",
  );
  return here.filter(({ commit, undoes }) => forth.has(undoes) && forth.get(undoes) === back.get(commit));
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
 * @throws whatever `ask` throws
 */
export async function takenBack({ own, parted, to, there }: Arrived, ask: AskLatin1): Promise<string[]> {
  const paths = (await ask(["diff", "--name-only", "--no-renames", "-z", parted, to]))
    .split("\0")
    .slice(0, -1);
  if (own.length === 0 || paths.length === 0 || paths.length > PATHS_MAX) return [];
  // Handed back byte by byte, as they came.
  const where = [
    "--",
    ...paths.map((path) => `:(top,literal)${Buffer.from(path, "latin1").toString("utf8")}`),
  ];
  const logged = async (...words: readonly string[]): Promise<string[]> => {
    const format = [`--max-count=${COMMITS_MAX}`, "--format=%H"];
    return (await ask(["log", ...format, ...words, ...where])).split("\n").filter((id) => id !== "");
  };
  const reverts = await logged(
    "--extended-regexp",
    "--grep=This reverts commit [0-9a-f]{7}",
    there,
    `^${to}`,
  );
  if (reverts.length === 0) return [];
  const back = await patchIds(ask, reverts, "back");
  const forth = await patchIds(ask, own, "forth");
  const all = await patchIdBetween(ask, parted, to);
  const isGone = async (patch: string | undefined): Promise<boolean> => {
    // The newest comes first.
    const revert = patch === undefined ? undefined : reverts.find((each) => back.get(each) === patch);
    if (revert === undefined) return false;
    const later = await patchIds(ask, await logged("--no-merges", there, `^${revert}`), "forth");
    return ![...later.values()].includes(patch!);
  };
  if (await isGone(all)) return [...own];
  const gone: string[] = [];
  for (const id of own) if (await isGone(forth.get(id))) gone.push(id);
  return gone;
}
