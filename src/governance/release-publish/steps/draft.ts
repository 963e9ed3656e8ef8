import { RELEASE_UNIT_FILE } from "../../../nouns/release-unit/record.ts";
import type { Forge } from "../../../ports/forge.ts";
import type { ForgeRelease } from "../../../ports/forge-releases.ts";
import type { Step } from "../../steps/step.ts";
import { bodyOf } from "../notes.ts";
import type { Release } from "../release.ts";
import type { ReleasePage } from "./release-page.ts";

/**
 * The release as a draft, which nobody sees: a published one that cannot be changed any more would miss what
 * was to be attached. A draft of another commit goes, with its files; the text that somebody wrote by hand
 * stays.
 * https://docs.github.com/rest/releases/releases
 */
export function draftStep(release: Release, page: ReleasePage, forge: Forge): Step {
  const { tag, commit, isPrerelease } = release;
  // GitHub does not use the target of a draft whose tag is there, and need not keep it.
  let isTargeted = false;
  const isFit = (there: ForgeRelease): boolean =>
    (there.target === commit || isTargeted) &&
    there.isPrerelease === isPrerelease &&
    there.body.trim() !== "";
  return {
    name: "release",
    carriesTheRest: true,
    async observe() {
      const there = await page.look();
      if (there === undefined) return { kind: "missing", what: `draft the release of ${tag}` };
      if (!there.isDraft) return { kind: "true", what: `${tag} has a release, published` };
      if (isOfOther(there, commit)) {
        const what = `draft the release of ${tag} anew: its draft is of ${there.target.slice(0, 7)}`;
        return { kind: "missing", what };
      }
      if (!isFit(there)) return { kind: "missing", what: `let the draft of ${tag} say what it is of` };
      return { kind: "true", what: `${tag} has a release, a draft` };
    },
    async act() {
      const there = await page.find();
      isTargeted = true;
      const body = bodyOf((await release.story()).notes);
      const wanted = { tag, commit, name: tag, body, isPrerelease };
      if (there?.isDraft === true && !isOfOther(there, commit)) {
        const kept = there.body.trim() === "" ? body : there.body;
        await forge.releases.rewrite(there, { ...wanted, name: there.name || tag, body: kept });
        return;
      }
      const kept =
        there?.isDraft === true && isByHand(there) ? { name: there.name || tag, body: there.body } : {};
      if (there?.isDraft === true) await forge.releases.discard(there);
      const made = await forge.releases.draft({ ...wanted, ...kept });
      // Of two runs at once the one that was first goes on, and the other with its draft.
      const first = await page.find();
      if (first !== undefined && first.id !== made.id) await forge.releases.discard(made);
    },
  };
}

/** Whether people wrote it: ours begins with the notes' heading, and soon has the unit. */
function isByHand({ tag, body, assets }: ForgeRelease): boolean {
  const text = body.trim();
  const isNotes = /^#+ \[?(\S+?)[\]\s(]/.exec(`${text}\n`)?.[1] === tag.replace(/^v/, "");
  return text !== "" && !isNotes && assets.every(({ name }) => name !== RELEASE_UNIT_FILE);
}

/**
 * Whether a draft was made of another commit. Those of Holdfast name the commit, those that are made by
 * hand a branch.
 */
export function isOfOther({ target }: ForgeRelease, commit: string): boolean {
  return /^[0-9a-f]{40,64}$/.test(target) && target !== commit;
}
