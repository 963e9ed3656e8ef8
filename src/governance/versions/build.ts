import type { SourceRefs } from "../../ports/source-refs.ts";

/** https://semver.org/#spec-item-10 */
export const BUILD = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;

/**
 * Build metadata of what is made from a commit: its day and the number of the run, as `20250920.1` (strategy
 * A5), so that the steps of one run agree on it and a second attempt of it does; outside of a run the
 * commit's
 * hash. It is for artifacts and never for a tag, whose version it says nothing of.
 */
export async function buildOf(
  commit: string,
  refs: Pick<SourceRefs, "committedAt">,
  variable: (name: string) => string | undefined,
): Promise<string> {
  const day = (await refs.committedAt(commit)).toISOString().slice(0, 10).replaceAll("-", "");
  const run = variable("GITHUB_RUN_NUMBER") ?? "";
  return `${day}.${/^\d+$/.test(run) ? run : commit.slice(0, 7)}`;
}
