import semver from "semver";
import type { Forge } from "../../../ports/forge.ts";
import type { TagAtForge } from "../../../ports/forge-tags.ts";
import type { Step } from "../../steps/step.ts";
import { told, toldOrAbsent } from "../../../nouns/forge/told.ts";
import type { VersionTag } from "../../versions/version-tags.ts";
import type { Release } from "../release.ts";
import { newestStable } from "./newest-stable.ts";
import { ReleasePage } from "./release-page.ts";

/** `v1` and `v1.2` of 1.2.3. */
export function floatingNames(version: string): readonly string[] {
  const { major, minor } = semver.parse(version)!;
  return [`v${major}.${minor}`, `v${major}`];
}

/**
 * A tag that moves with the newest release of its major or minor version. It is moved last, when what it
 * promises is published, and forward only.
 *
 * @param released stable versions that the forge has tags of, with their commits
 */
export function floatingTagStep(
  name: string,
  { tag, commit, version }: Release,
  { forge, released }: { readonly forge: Forge; readonly released: readonly VersionTag[] },
): Step {
  const isOfIt = (other: string): boolean => floatingNames(other).includes(name);
  return {
    name,
    carriesTheRest: false,
    async observe() {
      const at = toldOrAbsent(await forge.tags.tag(name), `the tag ${name}`);
      const newer = await newerThanThis();
      if (newer !== undefined) {
        const isAhead = at !== undefined && at.commit === newer.commit;
        if (isAhead || !newer.isPublished) {
          return { kind: "true", what: `${name} is left to ${newer.tag}, which is newer` };
        }
        return { kind: "missing", what: `move ${name} to ${newer.tag}, which is newer` };
      }
      if (at === undefined) return { kind: "missing", what: `make ${name}, on ${tag}` };
      if (at.commit === commit) return { kind: "true", what: `${name} is on ${tag}` };
      if (await isBehind(at)) return { kind: "missing", what: `move ${name} to ${tag}` };
      return {
        kind: "wrong",
        what:
          `${name} is on ${at.commit?.slice(0, 7) ?? "no commit"}, which is no release, and which ` +
          `${tag} does not have`,
        hint:
          `Look whose it is; once \`git push --force origin ${tag}^{}:refs/tags/${name}\` is right, ` +
          "do that.",
      };
    },
    async act() {
      const at = toldOrAbsent(await forge.tags.tag(name), `the tag ${name}`);
      const newer = await newerThanThis();
      const to = newer?.isPublished === true && newer.commit !== undefined ? newer.commit : commit;
      if (at === undefined) return forge.tags.create(name, to);
      // Where the one has the other, the forge itself refuses to go back; a fix of an older line has not, and
      // whoever moved it in between is found when it is looked at again.
      return forge.tags.move(name, to, { onlyForward: await isAncestor(at, to) });
    },
  };

  /** The newest release that the tag is for, where it is not this one; another run may be making it now. */
  async function newerThanThis(): Promise<Newer | undefined> {
    const newest = await newestStable(forge, isOfIt);
    if (newest === undefined || semver.lte(newest, version)) return undefined;
    const its = `v${newest}`;
    const at = toldOrAbsent(await forge.tags.tag(its), `the tag ${its}`);
    const page = await new ReleasePage(its, forge).find();
    return { tag: its, commit: at?.commit, isPublished: page?.isDraft === false };
  }

  /** On an older release, or on what this one has in its history. */
  async function isBehind(at: TagAtForge): Promise<boolean> {
    const on = released.find((each) => each.commit === at.commit && isOfIt(each.version));
    return on === undefined ? isAncestor(at, commit) : semver.lt(on.version, version);
  }

  async function isAncestor(at: TagAtForge, of: string): Promise<boolean> {
    if (at.commit === undefined) return false;
    const standing = told(await forge.branches.standing(at.commit, of), `how a release stands to ${name}`);
    return standing === "ahead";
  }
}

interface Newer {
  readonly tag: string;
  readonly commit: string | undefined;
  readonly isPublished: boolean;
}
