import { EXIT, type HoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { artifactVersion } from "../../nouns/release-unit/record.ts";
import { stepsTable } from "../steps/steps-table.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import type { Published } from "./publishing.ts";

/** What a run found and did. */
export interface PublishOutcome {
  readonly branch: string;
  /** A release of before first, if it was looked at. */
  readonly published: readonly Published[];
  /** Whether the last of these was asked for, by what is checked out or by its tag. */
  readonly isMeant: boolean;
  readonly problems: readonly string[];
  /** What steps ended with that do not hold up the others: what is true is told all the same. */
  readonly failures: readonly HoldfastError[];
  readonly warnings: readonly string[];
  readonly dryRun: boolean;
  readonly settings: ReleaseSettings;
}

export function outcomeOf(outcome: PublishOutcome): Outcome {
  const { published, problems, failures, warnings, branch, settings } = outcome;
  const newest = told(outcome);
  const wrong = published.flatMap(({ steps }) => steps.filter(({ state }) => state === "wrong"));
  const why = [...failures.map(({ message }) => message), ...problems, ...wrong.map(({ what }) => what)];
  const good = why.length === 0;
  return {
    exit: failures[0]?.exitCode ?? (good ? EXIT.done : EXIT.verdict),
    outputs: {
      version: newest?.release.version ?? "",
      tag: newest?.release.tag ?? "",
      commit: newest?.release.commit ?? "",
      build: newest?.build ?? "",
      "artifact-version": newest === undefined ? "" : artifactVersion(newest.release.version, newest.build),
      prerelease: newest?.release.isPrerelease ?? false,
      url: newest?.page?.url ?? "",
      published: isTrue(newest, "published"),
      changed: published.some(({ steps }) => steps.some(({ acted }) => acted)),
      branch,
      steps: published.flatMap(({ release, steps }) =>
        steps.map(({ name, state, what }) => ({ tag: release.tag, name, state, what })),
      ),
      problems: why,
      warnings: [...warnings],
    },
    report: {
      good,
      headline: headline(outcome, why),
      tables: published.map(({ release, steps }) => stepsTable(release.tag, steps)),
      notes: [
        ...failures.flatMap(({ hint }) => hint ?? []),
        ...why.slice(1),
        ...warnings,
        ...triggers(newest, settings),
      ],
    },
  };
}

/**
 * The release that a run is about. One of before that was looked at again, and had nothing to do, is not:
 * whoever builds or deploys what this run has released would take an old version for it.
 */
function told({ published, isMeant }: PublishOutcome): Published | undefined {
  const last = published.at(-1);
  const isIdle = last?.steps.every(({ state, acted }) => !acted && (state === "was" || state === "waits"));
  return isMeant || isIdle === false ? last : undefined;
}

function isTrue(published: Published | undefined, name: string): boolean {
  const step = published?.steps.find((each) => each.name === name);
  return step?.state === "was" || step?.state === "done";
}

function headline(outcome: PublishOutcome, [why]: readonly string[]): string {
  const { published, branch, dryRun, problems } = outcome;
  const newest = told(outcome);
  if (newest === undefined) {
    return why === undefined ? idle(branch, published) : `nothing was published: ${why}`;
  }
  const { tag } = newest.release;
  if (!outcome.isMeant && problems.length > 0) return `nothing else than ${tag} was published: ${why!}`;
  if (why !== undefined) {
    const how = isTrue(newest, "published") ? "is published, and is not all done" : "is not published";
    return `${tag} ${how}: ${why}`;
  }
  const states = newest.steps.map(({ state }) => state);
  const waits = states.includes("waits") ? ", and waits for its pull request to be merged" : "";
  if (dryRun && states.includes("would")) return `${tag} would be published`;
  return newest.steps.some(({ acted }) => acted)
    ? `${tag} is published${waits}`
    : `${tag} was published before${waits}`;
}

function idle(branch: string, published: readonly Published[]): string {
  const before = published.at(-1);
  if (before === undefined) return `${branch} has nothing to release`;
  const waits = before.steps.some(({ state }) => state === "waits");
  return (
    `${branch} has nothing to release; ${before.release.tag} was published before` +
    (waits ? ", and waits for its pull request to be merged" : "")
  );
}

/** GitHub's own name for a job's token. */
const JOB = "github-actions[bot]";

/** Which workflows a release starts hangs on whose token it was made with, which nobody sees later. */
function triggers(published: Published | undefined, { deploy }: ReleaseSettings): string[] {
  if (published?.page === undefined || !isTrue(published, "published")) return [];
  const { author } = published.page;
  const deployment = published.steps.find(({ name }) => name === "deployment");
  // One of before is deployed as its own settings say, and today's may say nothing.
  const workflow = deploy?.workflow ?? "the workflow that deploys";
  if (author !== JOB) {
    return [`made as ${author}: workflows with \`on: release\` or \`on: push: tags\` start by themselves`];
  }
  const how =
    deployment === undefined
      ? "to start one declare release.deploy in the settings, or give the token of an app"
      : deployment.state === "failed"
        ? `${workflow} could not be started`
        : `${workflow} was started by a call, which does`;
  return [`made with the job's own token, whose tags and releases start no workflow; ${how}`];
}
