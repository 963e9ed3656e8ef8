import type { Forge } from "../../../ports/forge.ts";
import type { Step } from "../../steps/step.ts";
import type { Release } from "../release.ts";
import { bodyOf } from "../notes.ts";
import { releaseAtForge } from "./release-at-forge.ts";

/**
 * The release as a draft, which nobody sees: a published one that cannot be changed any more would miss what
 * was to be attached.
 * https://docs.github.com/code-security/supply-chain-security/understanding-your-software-supply-chain/immutable-releases
 */
export function draftStep(release: Release, forge: Forge): Step {
  const { tag, commit, isPrerelease } = release;
  return {
    name: "release",
    carriesTheRest: true,
    async observe() {
      const there = await releaseAtForge(tag, forge);
      if (there === undefined) return { kind: "missing", what: `draft the release of ${tag}` };
      return { kind: "true", what: `${tag} has a release, ${there.isDraft ? "a draft" : "published"}` };
    },
    async act() {
      const body = bodyOf((await release.story()).notes);
      const made = await forge.releases.draft({ tag, commit, name: tag, body, isPrerelease });
      // Of two runs at once the one that was first goes on, and the other with its draft.
      const first = await releaseAtForge(tag, forge);
      if (first !== undefined && first.id !== made.id) await forge.releases.discard(made);
    },
  };
}
