import { SAME_EVERYWHERE } from "./same-everywhere.ts";

/** Of more paths no command line is made; then only single commits are compared. */
const SQUASHED_PATHS = 200;

const PLAIN = [...SAME_EVERYWHERE, "--unified=3", "--no-renames"];

/**
 * Whether a commit of `there` makes the same change as all from `parted` to `to` together, as a squash does:
 * by what `git patch-id` makes of both.
 *
 * @param need asks git
 * @throws whatever `need` throws
 */
export async function isSquashed(
  { parted, to, there }: { readonly [K in "parted" | "to" | "there"]: string },
  need: (args: readonly string[], input?: string) => Promise<string>,
): Promise<boolean> {
  const idsOf = async (patch: string): Promise<string[]> =>
    (await need(["patch-id", "--stable"], patch)).split("\n").map((line) => line.split(" ")[0] ?? "");
  const paths = (await need(["diff", ...PLAIN, "--name-only", "-z", parted, to])).split("\0").slice(0, -1);
  if (paths.length === 0 || paths.length > SQUASHED_PATHS) return false;
  const [all = ""] = await idsOf(await need(["diff", ...PLAIN, parted, to]));
  if (all === "") return false;
  const where = paths.map((path) => `:(top,literal)${path}`);
  const shown = ["log", "-p", "--no-merges", "--full-diff", "--format=commit %H", ...PLAIN];
  return (await idsOf(await need([...shown, there, `^${to}`, "--", ...where]))).includes(all);
}
