import { isHoldfastError } from "../../kernel/errors.ts";
import type { AdvisorySource } from "../../ports/advisory-source.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import { packagesToAsk, type AuditAnswer } from "../dependencies/advisories.ts";
import { fits } from "../../kernel/path-pattern.ts";
import { judgeDependencies, type DependencyFiles, type DependencyVerdict } from "../dependencies/judge.ts";
import { baseOf, FOREIGN_LOCK_FILES, LOCK_FILES } from "../dependencies/lock.ts";
import { readLock } from "../dependencies/read-lock.ts";
import { CONFIGURATIONS } from "../dependencies/registries.ts";
import type { DependencySettings } from "../dependencies/settings.ts";

/** What lock files are judged by. */
export interface LockfileQuestion {
  readonly settings: DependencySettings;
  /** `YYYY-MM-DD`. */
  readonly today: string;
  /** Undefined where vulnerabilities are not asked about. */
  readonly advisories: AdvisorySource | undefined;
}

/** Judges what a pull request does to dependencies. */
export async function judgeLockfiles(
  history: SourceHistory,
  commits: { readonly base: string; readonly head: string },
  { settings, today, advisories }: LockfileQuestion,
): Promise<DependencyVerdict> {
  const before = await filesOf(history, commits.base);
  const after = await filesOf(history, commits.head);
  const audit = advisories === undefined ? null : await asked(advisories, after, settings);
  return judgeDependencies({ before, after, settings, today, audit });
}

/** That a registry could not be asked is a finding like another, and never that it knows of nothing. */
async function asked(
  advisories: AdvisorySource,
  { locks }: DependencyFiles,
  settings: DependencySettings,
): Promise<AuditAnswer> {
  const read = locks
    .filter(({ file }) => !settings.ignore.some((each) => fits(each, file)))
    .flatMap(({ file, text }) => readLock(file, text).lock ?? []);
  try {
    return { asked: true, advisories: await advisories.ask(packagesToAsk(read)) };
  } catch (error) {
    if (!isHoldfastError(error, "advisories.untold")) throw error;
    return { asked: false, why: error.message };
  }
}

async function filesOf(history: SourceHistory, commit: string): Promise<DependencyFiles> {
  const isLock = (path: string): boolean =>
    baseOf(path) in LOCK_FILES || FOREIGN_LOCK_FILES.includes(baseOf(path));
  const isManifest = (path: string): boolean => baseOf(path) === "package.json";
  const isConfiguration = (path: string): boolean => CONFIGURATIONS.includes(baseOf(path));
  const found = await history.files(
    commit,
    (path) =>
      (isLock(path) || isManifest(path) || isConfiguration(path)) && !/(?:^|\/)node_modules\//.test(path),
  );
  const files = [...found].map(([file, bytes]) => ({ file, text: bytes.toString("utf8") }));
  return {
    manifests: files.filter(({ file }) => isManifest(file)),
    locks: files.filter(({ file }) => isLock(file)),
    configurations: files.filter(({ file }) => isConfiguration(file)),
  };
}
