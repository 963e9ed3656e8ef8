import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Forge } from "../../ports/forge.ts";
import { reconcileAsFar } from "../steps/reconcile.ts";
import { BUILD, buildOf } from "../versions/build.ts";
import { linkable } from "../versions/linkable.ts";
import { readReleaseSettings, releaseSettingsOf } from "../versions/read-settings.ts";
import { shallow } from "../versions/shallow.ts";
import { tagsOfForge } from "../versions/tags-of-forge.ts";
import { versionTags } from "../versions/version-tags.ts";
import { readAttachments } from "./attachments.ts";
import { chooseReleases, releaseOfTag, type Chosen, type ChoosingFrom } from "./choose.ts";
import type { Published, ReleasePublishInputs, ReleasePublishPorts } from "./publishing.ts";
import { recordedBuild } from "./recorded-build.ts";
import type { Release } from "./release.ts";
import { outcomeOf } from "./report.ts";
import type { Attachment } from "./steps/asset.ts";
import { ReleasePage } from "./steps/release-page.ts";
import { stepsOf, type StepsOf } from "./steps-of.ts";

/** `holdfast release publish`: see src/commands/governance/release-publish.ts. */
export async function runReleasePublish(
  inputs: ReleasePublishInputs,
  ports: ReleasePublishPorts,
): Promise<Outcome> {
  const { dryRun } = inputs;
  if (inputs.build !== undefined && !BUILD.test(inputs.build)) throw noBuild(inputs.build);
  const tree = await ports.sourceTree();
  const attachments = await readAttachments(inputs.assets, tree);
  const forge = await ports.openForge(inputs.repository, inputs.token);
  const from = await choosingFrom(inputs, forge, ports);
  const { before, here, problems, warnings } = await chosen(inputs, from);
  const published: Published[] = [];
  const failures: HoldfastError[] = [];
  for (const [release, files] of [
    [before, undefined],
    [here, attachments],
  ] as const) {
    if (release === undefined) continue;
    ports.log.stage(`looking what is true of ${release.tag}`);
    try {
      published.push(await publish(release, files, { inputs, forge, from, ports }));
    } catch (error) {
      // What is left of the one before does not hold up the next.
      if (here === undefined || release === here || ports.cancelled.aborted) throw error;
      if (!isHoldfastError(error)) throw error;
      const failure = unfinished(release, error);
      ports.log.warn(failure.message);
      failures.push(failure);
    }
  }
  const newest = published.at(-1);
  const overruled = newest?.build !== inputs.build && newest?.release === (here ?? before);
  return outcomeOf({
    branch: from.branch,
    published,
    isMeant: here !== undefined || inputs.tag !== undefined,
    problems,
    failures: [...published.toReversed().flatMap((each) => failureOf(each, here)), ...failures],
    warnings: [
      ...warnings,
      ...(inputs.build !== undefined && newest !== undefined && overruled
        ? [otherBuild(newest, inputs.build)]
        : []),
    ],
    dryRun,
    settings: from.settings,
  });
}

async function choosingFrom(
  inputs: ReleasePublishInputs,
  forge: Forge,
  ports: ReleasePublishPorts,
): Promise<ChoosingFrom> {
  const [history, refs] = await Promise.all([ports.sourceHistory("."), ports.sourceRefs(".")]);
  const settings = await readReleaseSettings(await ports.sourceTree(), inputs.settings, history);
  const branch = inputs.branch ?? (await history.branch()) ?? (inputs.tag === undefined ? undefined : "");
  if (branch === undefined) {
    throw new HoldfastError("input.missing", "no branch is checked out, and none was named", {
      hint: "Name the branch that is released with --branch.",
    });
  }
  if (await refs.isShallow()) throw shallow();
  ports.log.stage(`asking ${forge.repository} for its tags`);
  return {
    branch,
    settings,
    refs,
    history,
    calculate: await ports.releaseCalculation(),
    forge,
    tags: await tagsOfForge(await history.commit("HEAD"), forge, { refs }),
    url: linkable(await refs.remoteUrl("origin")),
  };
}

async function chosen({ tag, assets }: ReleasePublishInputs, from: ChoosingFrom): Promise<Chosen> {
  if (tag === undefined) return await chooseReleases(from);
  const found = versionTags(from.tags.tags).counting.find(({ name }) => name === tag);
  if (found === undefined) {
    throw new HoldfastError("input.malformed", `${from.forge.repository} has no release tag ${tag}`, {
      hint: "Give the tag of a release that is there, such as v1.3.0; a new one is made without --tag.",
    });
  }
  if (from.settings.burned.includes(found.version)) {
    throw new HoldfastError(
      "input.conflict",
      `${tag} is never released: release.burned of the settings has it`,
      {
        hint: "Release the next version, or take this one out of release.burned.",
      },
    );
  }
  const release = await releaseOfTag(found, from);
  const head = await from.history.commit("HEAD");
  const isHere = head === found.commit;
  if (!isHere && assets.length > 0) {
    const [is, was] = [head.slice(0, 7), found.commit.slice(0, 7)];
    throw new HoldfastError(
      "input.conflict",
      `${tag} is on ${was}, and ${is} is checked out, of which the files are`,
      {
        hint: `Check ${tag} out, build the files from it, and run again.`,
      },
    );
  }
  return {
    before: isHere ? undefined : release,
    here: isHere ? release : undefined,
    problems: [],
    warnings: [],
  };
}

/** @param attachments undefined where what is checked out is another commit than the release's */
async function publish(
  release: Release,
  attachments: readonly Attachment[] | undefined,
  {
    inputs,
    forge,
    from,
    ports,
  }: {
    readonly inputs: ReleasePublishInputs;
    readonly forge: Forge;
    readonly from: ChoosingFrom;
    readonly ports: ReleasePublishPorts;
  },
): Promise<Published> {
  const { dryRun } = inputs;
  const page = new ReleasePage(release.tag, forge);
  const recorded = (): Promise<string | undefined> =>
    recordedBuild(release.commit, { page, forge }, attachments);
  const build =
    (await recorded()) ?? inputs.build ?? (await buildOf(release.commit, from.refs, ports.variable));
  const isHere = attachments !== undefined;
  const itsOwn = isHere
    ? from.settings
    : await releaseSettingsOf(release.commit, inputs.settings, from.history);
  const { unit, deploy } = itsOwn ?? from.settings;
  const needs: StepsOf = {
    attachments: attachments ?? [],
    isHere,
    unit,
    // Who names a release means that today's workflow deploys it; else it is done as it was promised then.
    isNamed: inputs.tag !== undefined,
    deploy: inputs.tag === undefined ? deploy : from.settings.deploy,
    dryRun,
    build,
    forge,
    from,
    ports,
  };
  const { results: steps, failure } = await reconcileAsFar(await stepsOf(release, needs), {
    dryRun,
    ...ports,
  });
  if (failure !== undefined && ports.cancelled.aborted) throw failure;
  try {
    // Of two runs at once one has recorded its build, which counts for both.
    return { release, build: (await recorded()) ?? build, steps, page: await page.find(), failure };
  } catch (error) {
    // A forge that is gone is told by what was to be done.
    throw failure ?? error;
  }
}

function failureOf({ release, failure }: Published, here: Release | undefined): readonly HoldfastError[] {
  if (failure === undefined) return [];
  return [here === undefined || release === here ? failure : unfinished(release, failure)];
}

/** What is left of the release before does not read as if it were of the newest. */
function unfinished({ tag }: Release, error: HoldfastError): HoldfastError {
  const { code, hint } = error;
  return new HoldfastError(code, `${tag} could not be finished: ${error.message}`, { hint, cause: error });
}

function otherBuild({ release: { tag }, build }: Published, given: string): string {
  return `${tag} was made with the build ${build}, which its unit says, and ${given} counts for nothing`;
}

function noBuild(build: string): HoldfastError {
  return new HoldfastError("input.malformed", `build '${build}' is no build metadata`, {
    hint: "Letters, digits and hyphens, with dots between: 20250920.1 (https://semver.org/#spec-item-10).",
  });
}
