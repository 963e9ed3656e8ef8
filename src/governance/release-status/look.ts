import semver from "semver";
import { RELEASE_UNIT_FILE } from "../../nouns/release-unit/record.ts";
import type { Forge } from "../../ports/forge.ts";
import type { ForgeRelease } from "../../ports/forge-releases.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import { told, toldOrAbsent } from "../../nouns/forge/told.ts";
import { noWorkflow } from "../steps/no-workflow.ts";
import { isHere } from "../versions/local-commit.ts";
import { isLongPublished } from "../versions/long-published.ts";
import { isOurs } from "../versions/made-by.ts";
import { overtaking } from "../versions/overtaking.ts";
import { releaseSettingsOf } from "../versions/read-settings.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { versionTags, type VersionTag } from "../versions/version-tags.ts";

/** What is true of one release. */
export interface ReleaseStanding {
  readonly version: string;
  readonly tag: string;
  /** Hash of its commit; undefined where the tag is not in the checkout, or there is none. */
  readonly commit: string | undefined;
  readonly release: "published" | "draft" | "none";
  /** Whether it says what belongs together. */
  readonly hasUnit: boolean;
  readonly hasTag: boolean;
  /** Names of the tags that move and are on it. */
  readonly floating: readonly string[];
  /**
   * What became of the workflow that deploys; undefined where none is declared, or it was not asked
   * about.
   */
  readonly deployment: string | undefined;
  /**
   * Whether the branch that others begin from has it; undefined where that does not matter or is not
   * known.
   */
  readonly isMergedBack: boolean | undefined;
  readonly url: string;
  /** Whether Holdfast has begun it, as far as that was asked: of a tag alone only its message says so. */
  readonly isBegun: boolean;
  /** What `release publish` would still do, in its own words; empty where all is true. */
  readonly missing: readonly string[];
}

/** Of how many releases the workflow that deploys is asked about: it is a call each. */
const DEPLOYMENTS_ASKED = 5;
/** Of how many tags without a release the message is read: two calls each. */
const MESSAGES_READ = 5;

export interface LookingAt {
  readonly now: Date;
  /** The path of the settings file, as it was given. */
  readonly given: string;
  readonly forge: Forge;
  readonly refs: SourceRefs;
  readonly history: SourceHistory;
  readonly settings: ReleaseSettings;
  /** How many of the newest are wanted. */
  readonly limit: number;
}

/**
 * The newest releases, the highest version first, in a handful of calls however many there are.
 *
 * @throws forge.untold and what asking a forge throws; source.history
 */
export async function lookAtReleases(around: LookingAt): Promise<readonly ReleaseStanding[]> {
  const { forge, refs, settings, limit } = around;
  const [tags, releases] = await Promise.all([forge.tags.beginningWith("v"), forge.releases.all()]);
  const here = await refs.tags();
  const local = new Map(here.map(({ object, commit }) => [object, commit]));
  const atForge = told(tags, "its tags").map((tag) => ({ ...tag, commit: local.get(tag.object) ?? "" }));
  const isCounted = ({ version }: VersionTag): boolean => !settings.burned.includes(version);
  const released = versionTags(atForge).counting.filter(isCounted);
  const pages = Map.groupBy(told(releases, "its releases"), ({ tag }) => tag);
  const drafted = [...pages.keys()].filter((tag) => !released.some(({ name }) => name === tag));
  const all = [...released, ...versionTags(drafted.map(withoutTag)).counting.filter(isCounted)]
    .sort((a, b) => semver.rcompare(a.version, b.version))
    .slice(0, limit);
  const merged = await mergedBack(new Map(here.map(({ name, object }) => [name, object])), around);
  const floating = atForge.filter(({ name }) => /^v\d+(?:\.\d+)?$/.test(name));
  const newest = all.find((tag) => tag.channel === undefined && released.includes(tag))?.version;
  const alone = all.filter((tag) => released.includes(tag) && !pages.has(tag.name));
  const begun = await begunOf(alone.slice(0, MESSAGES_READ), forge);
  const standings: ReleaseStanding[] = [];
  for (const [at, tag] of all.entries()) {
    const page = pageOf(pages.get(tag.name) ?? []);
    const started = at < DEPLOYMENTS_ASKED ? await deploymentOf(tag, around) : undefined;
    const isForgotten = started === NOT_STARTED && isLongPublished(page?.publishedAt, around.now);
    const deployment = isForgotten ? NOT_SHOWN : started;
    const isLeft = deployment === NOT_STARTED && (await isOvertaken(tag, released, pages, around));
    standings.push(
      standing(tag, {
        page,
        deployment,
        lacksDeployment: deployment === NOT_STARTED && !isLeft,
        hasTag: released.includes(tag),
        // A release that is not the newest was merged back with those after it, or never will be alone.
        isMergedBack:
          tag.channel === undefined ? await merged?.(tag, { isNewest: tag.version === newest }) : undefined,
        isNewest: tag.version === newest,
        isBegun: begun.has(tag.name),
        floating: floating
          .filter(({ commit }) => commit !== "" && commit === tag.commit)
          .map(({ name }) => name),
      }),
    );
  }
  return standings;
}

/** What a release lacks until the branch that others begin from has it. */
export const MERGE_BACK = "the merge back";

function withoutTag(name: string): {
  readonly name: string;
  readonly object: string;
  readonly commit: string;
} {
  return { name, object: "", commit: "" };
}

function pageOf(pages: readonly ForgeRelease[]): ForgeRelease | undefined {
  return pages.find(({ isDraft }) => !isDraft) ?? pages[0];
}

/** Names of tags that Holdfast has made. */
async function begunOf(tags: readonly VersionTag[], forge: Forge): Promise<ReadonlySet<string>> {
  const begun = new Set<string>();
  for (const { name } of tags) {
    const tag = toldOrAbsent(await forge.tags.tag(name), `the tag ${name}`);
    if (isOurs(tag?.message)) begun.add(name);
  }
  return begun;
}

type MergedBack = (tag: VersionTag, about: { readonly isNewest: boolean }) => Promise<boolean | undefined>;

/**
 * Whether the branch that others begin from has a tag; undefined where there is no such branch. Git is asked
 * where the checkout has both as the forge has them; of the newest, else, the forge.
 *
 * @param here name → object of the checkout's tags
 */
async function mergedBack(
  here: ReadonlyMap<string, string>,
  { forge, refs, history, settings: { develop } }: LookingAt,
): Promise<MergedBack | undefined> {
  const at = toldOrAbsent(await forge.branches.commit(develop), `the branch ${develop}`);
  if (at === undefined) return undefined;
  const within = (await isHere(at, history)) ? await refs.tagsIn(at) : undefined;
  return async ({ name, object }, { isNewest }) => {
    if (within !== undefined && here.get(name) === object) return within.has(name);
    if (!isNewest) return undefined;
    const commit = toldOrAbsent(await forge.tags.tag(name), `the tag ${name}`)?.commit;
    if (commit === undefined) return undefined;
    const standing = told(await forge.branches.standing(commit, at), `how ${develop} stands to ${name}`);
    return standing === "ahead" || standing === "identical";
  };
}

/**
 * By the settings that `release publish` deploys it by: those of its own commit, where it is not checked
 * out.
 */
async function deploymentOf(
  { name: tag, channel, commit }: VersionTag,
  { forge, settings, given, history }: LookingAt,
): Promise<string | undefined> {
  const isOfBefore =
    commit !== "" && commit !== (await history.commit("HEAD")) && (await isHere(commit, history));
  const itsOwn = isOfBefore ? await releaseSettingsOf(commit, given, history) : undefined;
  const { deploy } = itsOwn ?? settings;
  if (deploy === undefined || (channel !== undefined && !deploy.prereleases)) return undefined;
  const runs = told(
    await forge.workflows.startedFor(deploy.workflow, { tag, commit: commit === "" ? undefined : commit }),
    `the runs of ${deploy.workflow}`,
    noWorkflow(deploy.workflow),
  );
  return runs[0] === undefined ? NOT_STARTED : (runs[0].conclusion ?? runs[0].status);
}

const NOT_STARTED = "not started";
/** Of a release that was published long ago: GitHub forgets runs. */
const NOT_SHOWN = "not shown any more";

/** Whether a newer release that has it is out, so that it is not deployed any more. */
async function isOvertaken(
  tag: VersionTag,
  released: readonly VersionTag[],
  pages: ReadonlyMap<string, readonly ForgeRelease[]>,
  around: LookingAt,
): Promise<boolean> {
  const { forge } = around;
  const commit =
    tag.commit === ""
      ? toldOrAbsent(await forge.tags.tag(tag.name), `the tag ${tag.name}`)?.commit
      : tag.commit;
  if (commit === undefined) return false;
  const isPublished = (name: string): Promise<boolean> =>
    Promise.resolve(pageOf(pages.get(name) ?? [])?.isDraft === false);
  return (await overtaking({ ...tag, commit }, released, { ...around, isPublished })) !== undefined;
}

function standing(
  { version, name, commit }: VersionTag,
  about: Pick<ReleaseStanding, "deployment" | "isMergedBack" | "floating" | "hasTag" | "isBegun"> & {
    readonly page: ForgeRelease | undefined;
    readonly isNewest: boolean;
    readonly lacksDeployment: boolean;
  },
): ReleaseStanding {
  const { page, deployment, isMergedBack, floating, hasTag, isNewest, isBegun, lacksDeployment } = about;
  const hasUnit = page?.assets.some((asset) => asset.name === RELEASE_UNIT_FILE && asset.isWhole) ?? false;
  const missing = [
    ...(hasTag ? [] : ["its tag"]),
    ...(page === undefined ? ["its release"] : page.isDraft ? ["publishing"] : []),
    ...(lacksDeployment ? ["its deployment"] : []),
    ...(isMergedBack === false && isNewest ? [MERGE_BACK] : []),
  ];
  return {
    version,
    tag: name,
    commit: commit === "" ? undefined : commit,
    release: page === undefined ? "none" : page.isDraft ? "draft" : "published",
    hasUnit,
    hasTag,
    floating,
    deployment,
    isMergedBack,
    url: page?.url ?? "",
    isBegun: isBegun || hasUnit,
    missing,
  };
}
