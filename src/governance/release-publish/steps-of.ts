import {
  artifactVersion,
  RELEASE_UNIT_FILE,
  RELEASE_UNIT_FORMATS,
  type ReleaseUnit,
  type UnitAsset,
} from "../../nouns/release-unit/record.ts";
import type { UnitSettings } from "../../nouns/release-unit/settings.ts";
import { readUnitSources } from "../../nouns/release-unit/sources.ts";
import type { Forge } from "../../ports/forge.ts";
import type { ReleaseAsset } from "../../ports/forge-releases.ts";
import { told, toldOrAbsent } from "../../nouns/forge/told.ts";
import type { Step } from "../steps/step.ts";
import type { DEPLOY_INPUTS, ReleaseSettings } from "../versions/settings.ts";
import { isLongPublished } from "../versions/long-published.ts";
import { overtaking } from "../versions/overtaking.ts";
import { channelOf, versionTags } from "../versions/version-tags.ts";
import type { ChoosingFrom } from "./choose.ts";
import { isTooLong, NOTES_FILE } from "./notes.ts";
import { recordedBuild } from "./recorded-build.ts";
import { attachedBy, type Release } from "./release.ts";
import type { ReleasePublishPorts } from "./publishing.ts";
import { assetStep, attachmentOf, awaitedStep, type Attachment } from "./steps/asset.ts";
import { backMergeStep } from "./steps/back-merge.ts";
import { deploymentStep, type DeployInputs } from "./steps/deployment.ts";
import { draftStep, isOfOther } from "./steps/draft.ts";
import { floatingNames, floatingTagStep } from "./steps/floating-tag.ts";
import { publishedStep } from "./steps/published.ts";
import { ReleasePage } from "./steps/release-page.ts";
import { tagStep } from "./steps/tag.ts";
import { unitStep } from "./steps/unit.ts";

/** What the steps of a release need beside it. */
export interface StepsOf {
  /** Files that belong to its commit. */
  readonly attachments: readonly Attachment[];
  /** What is to be recorded of its commit. */
  readonly unit: UnitSettings;
  /** What is started for it; undefined where nothing is. */
  readonly deploy: ReleaseSettings["deploy"];
  /** Whether somebody named it, and means it, however long ago it was published. */
  readonly isNamed: boolean;
  /** Build metadata of what was built from it. */
  readonly build: string;
  /** Whether what is checked out is its commit, so that another run could build its files. */
  readonly isHere: boolean;
  readonly dryRun: boolean;
  readonly forge: Forge;
  readonly from: ChoosingFrom;
  readonly ports: ReleasePublishPorts;
}

/**
 * What makes up a release, in the order that leaves a usable state wherever it ends: a tag alone is a release
 * to be finished; a draft is seen by nobody; published is only what has everything; `v1` moves when what it
 * promises is there; and only then is it deployed, and merged back.
 */
export async function stepsOf(release: Release, needs: StepsOf): Promise<readonly Step[]> {
  const { forge, from, ports, attachments } = needs;
  const around = { forge, clock: ports.clock, cancelled: ports.cancelled };
  const page = new ReleasePage(release.tag, forge);
  const at = { page, forge };
  const there = await page.find();
  const isToBe = there?.isDraft !== false;
  const { notes } = isToBe ? await release.story() : { notes: "" };
  const files = [...attachments, ...(isTooLong(notes) ? [attachmentOf(NOTES_FILE, Buffer.from(notes))] : [])];
  // Before anything is made: what cannot be recorded is not begun.
  const kept = there === undefined || isOfOther(there, release.commit) ? [] : there.assets;
  const unit = isToBe
    ? await unitOf(release, [...files, ...(await left(kept, files, forge))], needs)
    : undefined;
  const tag = toldOrAbsent(await forge.tags.tag(release.tag), `the tag ${release.tag}`);
  // A run that has files knows what belongs to its commit; another has to take the tag's word.
  const awaited = isToBe && attachments.length === 0 ? attachedBy(tag?.message) : [];
  const names = attachments.map(({ name }) => name);
  return [
    tagStep(release, names, { forge, toolVersion: ports.version }),
    draftStep(release, page, forge),
    ...files.map((file) => assetStep(file, at)),
    ...awaited.map((name) => awaitedStep(name, page, needs.isHere && needs.dryRun)),
    unitStep(release, unit, at),
    publishedStep(release, needs.dryRun ? undefined : unit?.assets, at),
    ...(await floatingSteps(release, needs)),
    ...deploymentSteps(release, page, needs),
    ...(release.mergesBack ? [backMergeStep(release, from.settings.develop, around)] : []),
  ];
}

/**
 * What a draft of this commit has beside the files of this run: it is published with them, and so
 * recorded.
 */
async function left(
  assets: readonly ReleaseAsset[],
  files: readonly Attachment[],
  forge: Forge,
): Promise<readonly UnitAsset[]> {
  const others = assets.filter(
    ({ name, isWhole }) => isWhole && name !== RELEASE_UNIT_FILE && files.every((file) => file.name !== name),
  );
  const recorded: UnitAsset[] = [];
  for (const asset of others) {
    const { name, size, sha256 } = asset;
    if (sha256 !== undefined) recorded.push({ name, size, sha256 });
    else {
      const bytes = told(await forge.releases.bytesOf(asset), `the file ${name}`);
      recorded.push({ name, size, sha256: attachmentOf(name, bytes).sha256 });
    }
  }
  return recorded;
}

async function unitOf(
  release: Release,
  files: readonly UnitAsset[],
  { build, from, ports, unit }: StepsOf,
): Promise<ReleaseUnit> {
  const { version, tag, commit } = release;
  const sources = await readUnitSources(from.history, commit, unit);
  return {
    format: RELEASE_UNIT_FORMATS[0],
    version,
    tag,
    commit,
    build,
    "artifact-version": artifactVersion(version, build),
    made: ports.clock.now().toISOString(),
    run: ports.run,
    previous: (await release.story()).previous ?? null,
    digests: "files-1",
    ...sources,
    assets: files.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
  };
}

async function floatingSteps(release: Release, { forge, from }: StepsOf): Promise<readonly Step[]> {
  const { floating } = from.settings;
  if (release.isPrerelease || floating === "never") return [];
  const released = versionTags(from.tags.tags).counting.filter(({ channel }) => channel === undefined);
  const wanted: Step[] = [];
  for (const name of floatingNames(release.version)) {
    const there = toldOrAbsent(await forge.tags.tag(name), `the tag ${name}`);
    if (there === undefined && floating === "existing") continue;
    wanted.push(floatingTagStep(name, release, { forge, released }));
  }
  return wanted;
}

function deploymentSteps(
  release: Release,
  page: ReleasePage,
  { forge, from, ports, deploy, isNamed, build: given }: StepsOf,
): readonly Step[] {
  if (deploy === undefined || (release.isPrerelease && !deploy.prereleases)) return [];
  const inputs = async (): Promise<DeployInputs> => {
    const build = (await recordedBuild(release.commit, { page, forge })) ?? given;
    const all: Readonly<Record<(typeof DEPLOY_INPUTS)[number], string>> = {
      version: release.version,
      tag: release.tag,
      commit: release.commit,
      build,
      "artifact-version": artifactVersion(release.version, build),
    };
    return Object.fromEntries(deploy.inputs.map((name) => [name, all[name]]));
  };
  const newer = (): ReturnType<typeof overtaking> =>
    overtaking({ ...release, channel: channelOf(release.version) }, versionTags(from.tags.tags).counting, {
      ...from,
      isPublished: async (tag) => (await new ReleasePage(tag, forge).find())?.isDraft === false,
    });
  return [
    deploymentStep(deploy.workflow, inputs, release, {
      forge,
      clock: ports.clock,
      random: ports.random,
      log: ports.log,
      cancelled: ports.cancelled,
      by: ports.run.id,
      longPublished: async () => {
        const published = isNamed ? undefined : (await page.look())?.publishedAt;
        return isLongPublished(published, ports.clock.now()) ? published : undefined;
      },
      overtaking: async () => (await newer())?.name,
    }),
  ];
}
