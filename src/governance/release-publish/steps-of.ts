import { artifactVersion, RELEASE_UNIT_FORMATS, type ReleaseUnit } from "../../nouns/release-unit/record.ts";
import { readUnitSources } from "../../nouns/release-unit/sources.ts";
import type { Forge } from "../../ports/forge.ts";
import { toldOrAbsent } from "../steps/told.ts";
import type { Step } from "../steps/step.ts";
import type { DEPLOY_INPUTS } from "../versions/settings.ts";
import { versionTags } from "../versions/version-tags.ts";
import type { ChoosingFrom } from "./choose.ts";
import { isTooLong, NOTES_FILE } from "./notes.ts";
import type { Release } from "./release.ts";
import type { ReleasePublishPorts } from "./publishing.ts";
import { assetStep, attachmentOf, type Attachment } from "./steps/asset.ts";
import { backMergeStep } from "./steps/back-merge.ts";
import { deploymentStep, type DeployInputs } from "./steps/deployment.ts";
import { draftStep } from "./steps/draft.ts";
import { floatingNames, floatingTagStep } from "./steps/floating-tag.ts";
import { publishedStep } from "./steps/published.ts";
import { releaseAtForge } from "./steps/release-at-forge.ts";
import { tagStep } from "./steps/tag.ts";
import { unitStep } from "./steps/unit.ts";

/** What the steps of a release need beside it. */
export interface StepsOf {
  /** Files that belong to its commit. */
  readonly attachments: readonly Attachment[];
  /** Build metadata of what was built from it. */
  readonly build: string;
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
  const there = await releaseAtForge(release.tag, forge);
  const isToBe = there?.isDraft !== false;
  const { notes } = isToBe ? await release.story() : { notes: "" };
  const files = [...attachments, ...(isTooLong(notes) ? [attachmentOf(NOTES_FILE, Buffer.from(notes))] : [])];
  // Before anything is made: what cannot be recorded is not begun.
  const unit = isToBe ? await unitOf(release, files, needs) : undefined;
  return [
    tagStep(release, forge, ports.version),
    draftStep(release, forge),
    ...files.map((file) => assetStep(release.tag, file, forge)),
    unitStep(release, unit, forge),
    publishedStep(release, forge),
    ...(await floatingSteps(release, needs)),
    ...deploymentSteps(release, needs),
    ...(release.mergesBack ? [backMergeStep(release, from.settings.develop, around)] : []),
  ];
}

async function unitOf(
  release: Release,
  files: readonly Attachment[],
  { build, from, ports }: StepsOf,
): Promise<ReleaseUnit> {
  const { version, tag, commit } = release;
  const sources = await readUnitSources(from.history, commit, from.settings.unit);
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

function deploymentSteps(release: Release, { forge, from, build }: StepsOf): readonly Step[] {
  const { deploy } = from.settings;
  if (deploy === undefined || (release.isPrerelease && !deploy.prereleases)) return [];
  const all: Readonly<Record<(typeof DEPLOY_INPUTS)[number], string>> = {
    version: release.version,
    tag: release.tag,
    commit: release.commit,
    build,
    "artifact-version": artifactVersion(release.version, build),
  };
  const inputs: DeployInputs = Object.fromEntries(deploy.inputs.map((name) => [name, all[name]]));
  return [deploymentStep(deploy.workflow, inputs, release, forge)];
}
