import { posix } from "node:path";
import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { nearest } from "../../kernel/suggest.ts";
import type { SettingsProblem } from "../../nouns/settings/document.ts";
import { examine } from "../../nouns/settings/examine.ts";
import { readSettings, type Settings } from "../../nouns/settings/read-settings.ts";
import { DEFAULT_SETTINGS, MISTAKEN_SETTINGS } from "../../nouns/settings/section.ts";
import type { SourceChange, SourceHistory } from "../../ports/source-history.ts";
import { DEPENDENCIES as dependencies, type DependencySettings } from "../dependencies/settings.ts";
import { coverage, policy, type CoveragePolicy, type Policy } from "./settings.ts";

/** What pull requests are judged by: the settings as the base has them. */
export interface BaseSettings {
  /** As it is written; empty where there is no file. */
  readonly text: string;
  readonly policy: Policy;
  readonly coverage: CoveragePolicy;
  /** Undefined where there is no such section. */
  readonly dependencies: DependencySettings | undefined;
  /** What is wrong in them; only where what is judged changes the file, else that is an error. */
  readonly broken: readonly SettingsProblem[];
  readonly notes: readonly string[];
}

/** Where the file is looked for, and what is known of both ends. */
export interface SettingsPlace {
  readonly path: string;
  /** The base's commit. */
  readonly base: string;
  /** Every plain file of the base. */
  readonly paths: readonly string[];
  readonly changes: readonly SourceChange[];
}

/** A path from the repository's root as git writes it: `./a.yml` is `a.yml`. */
export function settingsPath(given: string): string {
  return posix.normalize(given);
}

/**
 * Reads the settings of the base. Where they are wrong, nobody could pass any more, and so nobody could mend
 * them: what changes the file is judged all the same, by the defaults where something is wrong.
 *
 * @throws input.missing where a file is named that neither end has; input.malformed
 */
export async function readBaseSettings(
  history: Pick<SourceHistory, "file">,
  place: SettingsPlace,
): Promise<BaseSettings> {
  const { path, base, paths, changes } = place;
  const schemas = { policy, coverage, dependencies };
  const text = (await history.file(base, path))?.toString("utf8");
  const isChanged = changes.some((change) => change.path === path);
  const counting = (
    { policy: own, coverage: asked, dependencies: locks }: Partial<Settings<typeof schemas>>,
    broken: readonly SettingsProblem[] = [],
    notes: readonly string[] = [],
  ): BaseSettings => ({
    text: text ?? "",
    policy: own ?? policy.parse({}),
    coverage: asked ?? coverage.parse({}),
    dependencies: locks,
    broken,
    notes,
  });
  if (text === undefined) {
    if (isChanged) {
      return counting({}, [], [`${path} counts as soon as it is merged: until then the defaults do`]);
    }
    if (path !== DEFAULT_SETTINGS) throw notThere(place);
    const mistaken = `${MISTAKEN_SETTINGS} is read by no command: rename it to ${path}`;
    return counting({}, [], paths.includes(MISTAKEN_SETTINGS) ? [mistaken] : []);
  }
  const { problems, values } = examine(text, path, schemas);
  if (problems.length > 0 && isChanged) return counting(Object.fromEntries(values), problems);
  try {
    return counting(readSettings(text, path, schemas));
  } catch (error) {
    if (!isHoldfastError(error, "input.malformed")) throw error;
    throw new HoldfastError(error.code, error.message, {
      hint: `Correct all of them by a pull request: one that changes ${path} is judged by the defaults.`,
      cause: error,
    });
  }
}

function notThere({ path, base, paths }: SettingsPlace): HoldfastError {
  const near = nearest(
    path,
    paths.filter((each) => /\.ya?ml$/.test(each)),
  );
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  return new HoldfastError(
    "input.missing",
    `the base (${base.slice(0, 10)}) has no settings file ${path}${meant}`,
    {
      hint: "Give its path from the repository's root with --settings, as the base has it; or leave it out.",
    },
  );
}
