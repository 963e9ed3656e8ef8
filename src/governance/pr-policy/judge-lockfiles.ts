import type { SourceHistory } from "../../ports/source-history.ts";
import { judgeDependencies, type DependencyFiles, type DependencyVerdict } from "../dependencies/judge.ts";
import { baseOf, FOREIGN_LOCK_FILES, LOCK_FILES } from "../dependencies/lock.ts";
import type { DependencySettings } from "../dependencies/settings.ts";

/** Judges what a pull request does to dependencies; vulnerabilities are not asked about. */
export async function judgeLockfiles(
  history: SourceHistory,
  commits: { readonly base: string; readonly head: string },
  settings: DependencySettings,
  today: string,
): Promise<DependencyVerdict> {
  return judgeDependencies({
    before: await filesOf(history, commits.base),
    after: await filesOf(history, commits.head),
    settings,
    today,
    audit: null,
  });
}

async function filesOf(history: SourceHistory, commit: string): Promise<DependencyFiles> {
  const paths = (await history.paths(commit)).filter((path) => !/(?:^|\/)node_modules\//.test(path));
  const read = async (isWanted: (name: string) => boolean): Promise<DependencyFiles["locks"]> => {
    const files: { file: string; text: string }[] = [];
    for (const file of paths.filter((path) => isWanted(baseOf(path)))) {
      const bytes = await history.file(commit, file);
      if (bytes !== undefined) files.push({ file, text: bytes.toString("utf8") });
    }
    return files;
  };
  return {
    manifests: await read((name) => name === "package.json"),
    locks: await read((name) => name in LOCK_FILES || FOREIGN_LOCK_FILES.includes(name)),
  };
}
