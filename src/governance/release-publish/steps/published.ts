import type { UnitAsset } from "../../../nouns/release-unit/record.ts";
import type { Forge } from "../../../ports/forge.ts";
import type { ForgeRelease } from "../../../ports/forge-releases.ts";
import type { Observed, Step } from "../../steps/step.ts";
import { toldOrAbsent } from "../../../nouns/forge/told.ts";
import type { Release } from "../release.ts";
import { newestStable } from "./newest-stable.ts";
import type { ReleasePage } from "./release-page.ts";

/**
 * That everybody sees it. Before and after, the tag is looked at once more: publishing a draft makes one that
 * is not there. Before, also whether the files are those that the unit names.
 *
 * @param recorded the unit's files; undefined where the release is published already, and in a dry run, which
 *   attaches none
 */
export function publishedStep(
  { tag, commit, isPrerelease, version }: Release,
  recorded: readonly UnitAsset[] | undefined,
  { page, forge }: { readonly page: ReleasePage; readonly forge: Forge },
): Step {
  const toPublish: Observed = { kind: "missing", what: `publish ${tag}` };
  return {
    name: "published",
    carriesTheRest: true,
    async observe() {
      const there = await page.look();
      if (there === undefined) return toPublish;
      const at = toldOrAbsent(await forge.tags.tag(tag), `the tag ${tag}`)?.commit;
      if (there.isDraft) return at === commit ? (changed(there) ?? toPublish) : movedMeanwhile(at);
      if (at === commit) return { kind: "true", what: `${tag} is published: ${there.url}` };
      return {
        kind: "wrong",
        what: `${tag} is published, and ${movedTo(at)} while it was`,
        hint:
          `Put it back (\`git push --force origin ${commit}:refs/tags/${tag}\`), or release the next ` +
          "version.",
      };
    },
    async act() {
      const newest = await newestStable(forge, () => true);
      await forge.releases.publish(await page.standing(), { isLatest: !isPrerelease && newest === version });
    },
  };

  function movedMeanwhile(at: string | undefined): Observed {
    return {
      kind: "wrong",
      what: `${tag}: ${movedTo(at)} in the meantime`,
      hint: "Find out by whom; the draft is not published. Run again when the tag is right.",
    };
  }

  /** Another run of the same release may have built other bytes. */
  function changed({ assets }: ForgeRelease): Observed | undefined {
    const other = recorded?.find(({ name, sha256, size }) => {
      const there = assets.find((asset) => asset.name === name);
      return there === undefined || there.size !== size || (there.sha256 ?? sha256) !== sha256;
    });
    if (other === undefined) return undefined;
    return {
      kind: "wrong",
      what: `${other.name} of ${tag} was changed by another run in the meantime`,
      hint: "The draft is not published. Let one run at a time publish this release, and run again.",
    };
  }
}

function movedTo(at: string | undefined): string {
  return `its tag was ${at === undefined ? "deleted" : `moved to ${at.slice(0, 7)}`}`;
}
