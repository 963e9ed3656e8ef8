import type { QualifiedRules } from "@commitlint/types";
import type { SourceChange } from "../../ports/source-history.ts";
import type { PolicyCommit } from "../commits/lost-impact.ts";
import { readMessage } from "../commits/message.ts";
import type { Description } from "../description/description.ts";
import type { CoveragePolicy, Policy } from "./settings.ts";
import type { SettingsChange } from "./settings-change.ts";
import type { Twin } from "./twins.ts";

/** A pull request as it is judged, from wherever it is known. */
export interface PullRequest {
  /** Undefined before there is one. */
  readonly number?: number;
  readonly title: string;
  readonly body: string;
  readonly description: Description;
  /** Not so where reading it took too long; then `description` is empty. */
  readonly isReadable: boolean;
  /** The branch that is merged; undefined where none is checked out. */
  readonly head: string | undefined;
  /** The branch that it is merged into, without a remote's name. */
  readonly base: string;
  readonly author: string | undefined;
  readonly isDraft: boolean;
  /** What `head` has and `base` has not, the oldest first. */
  readonly commits: readonly PolicyCommit[];
  readonly changes: readonly SourceChange[];
}

/** What rules look at. */
export interface Scene {
  readonly pull: PullRequest;
  readonly policy: Policy;
  readonly coverage: CoveragePolicy;
  /** What messages are held against. */
  readonly messageRules: QualifiedRules;
  /** Branches that have to get the same, and what they lack of it. */
  readonly twins: readonly Twin[];
  /** Lines of the repository's template, as they are seen. */
  readonly template: readonly string[];
  /** Where the settings file is, from the repository's root. */
  readonly settingsPath: string;
  /** Undefined where the settings file stays as it is. */
  readonly settingsChange: SettingsChange | undefined;
}

/** Programs that open pull requests; nobody reads a description of theirs. */
const BOTS = /(?:\[bot\]$)|^(?:dependabot|renovate|renovate-bot|github-actions)$/;

/** One of these, or an account that the settings name. */
export function isBot({ pull: { author }, policy }: Pick<Scene, "pull" | "policy">): boolean {
  if (author === undefined) return false;
  return BOTS.test(author) || policy.bots.some((each) => each.toLowerCase() === author.toLowerCase());
}

/** How programs that bring updates call their branches, and what people call such programs. */
const PROGRAMS_BRANCH = /^(?:dependabot|renovate|snyk|pre-commit-ci|greenkeeper|scala-steward|pyup)[-/]/i;
const PROGRAMS_NAME = /(?:^|[-_])bot(?:$|[-_])|renovate|dependabot/i;

/**
 * Accounts that look like a program's and that nobody has declared. By that alone none is taken for one:
 * whoever names branch and account chooses the words.
 */
export function undeclaredPrograms(scenes: readonly Scene[]): string[] {
  const authors = scenes
    .filter((scene) => !isBot(scene))
    .filter(
      ({ pull: { author, head } }) => PROGRAMS_BRANCH.test(head ?? "") || PROGRAMS_NAME.test(author ?? ""),
    )
    .flatMap(({ pull: { author } }) => author ?? []);
  return [...new Set(authors)].map(
    (author) =>
      `${author} is judged as a person; where that is the account of a program, name it in \`policy.bots\` ` +
      "of the settings",
  );
}

/**
 * GitHub's own: a title `Revert "…"` over commits that take others back, as git has found; by what it says
 * alone anything could be one.
 */
export function isRevert({ title, commits }: PullRequest): boolean {
  const own = commits.filter(({ isMerge }) => !isMerge);
  return (
    /^Re(?:vert|apply) "/.test(title) &&
    own.length > 0 &&
    own.every(({ message, undoes = [] }) => readMessage(message).isRevert && undoes.length > 0)
  );
}

const RELEASING = /^chore\(release\): (?:merge v)?(\d{1,9}\.\d{1,9}\.\d{1,9})(?: back into \S{1,200})?$/;

/**
 * What `holdfast release` opens: a release's branch into the stable one, and a release back into the branch
 * that it was cut from; by a title and a branch of the same version. It brings what was judged when it came,
 * each with an issue of its own.
 */
export function isReleasing({ title, head }: Pick<PullRequest, "title" | "head">): boolean {
  const version = RELEASING.exec(title)?.[1];
  if (version === undefined || head === undefined) return false;
  return head.endsWith(`/${version}`) || head.endsWith(`/v${version}`);
}
