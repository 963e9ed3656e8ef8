import type { Forge } from "../../../ports/forge.ts";
import type { Step } from "../../steps/step.ts";
import { toldOrAbsent } from "../../steps/told.ts";
import type { Release } from "../release.ts";
import { newestStable } from "./newest-stable.ts";
import { releaseAtForge, standingRelease } from "./release-at-forge.ts";

/** That everybody sees it. The tag is looked at once more: publishing a draft makes one that is not there. */
export function publishedStep({ tag, commit, isPrerelease, version }: Release, forge: Forge): Step {
  return {
    name: "published",
    carriesTheRest: true,
    async observe() {
      const there = await releaseAtForge(tag, forge);
      if (there === undefined) return { kind: "missing", what: `publish ${tag}` };
      if (!there.isDraft) return { kind: "true", what: `${tag} is published: ${there.url}` };
      const at = toldOrAbsent(await forge.tags.tag(tag), `the tag ${tag}`)?.commit;
      if (at === commit) return { kind: "missing", what: `publish ${tag}` };
      return {
        kind: "wrong",
        what: `${tag} was ${at === undefined ? "deleted" : `moved to ${at.slice(0, 7)}`} in the meantime`,
        hint: "Find out by whom; the draft is not published. Run again when the tag is right.",
      };
    },
    async act() {
      const newest = await newestStable(forge, () => true);
      await forge.releases.publish(await standingRelease(tag, forge), {
        isLatest: !isPrerelease && newest === version,
      });
    },
  };
}
