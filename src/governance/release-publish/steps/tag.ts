import type { Forge } from "../../../ports/forge.ts";
import type { Step } from "../../steps/step.ts";
import { toldOrAbsent } from "../../../nouns/forge/told.ts";
import { MADE_BY } from "../../versions/made-by.ts";
import { ATTACHED, type Release } from "../release.ts";

/**
 * The annotated tag, which is what a release is: nothing may be published while it names another commit.
 *
 * @param files names of what belongs to it, for a later run that has them not
 */
export function tagStep(
  release: Release,
  files: readonly string[],
  { forge, toolVersion }: { readonly forge: Forge; readonly toolVersion: string },
): Step {
  const { tag, commit } = release;
  return {
    name: "tag",
    carriesTheRest: true,
    async observe() {
      const there = toldOrAbsent(await forge.tags.tag(tag), `the tag ${tag}`);
      if (there === undefined) return { kind: "missing", what: `tag ${commit.slice(0, 7)} as ${tag}` };
      if (there.commit === commit) return { kind: "true", what: `${tag} is on ${commit.slice(0, 7)}` };
      return {
        kind: "wrong",
        what:
          `${tag} is on ${there.commit?.slice(0, 7) ?? "no commit"} at GitHub, and not on ` +
          commit.slice(0, 7),
        hint:
          "Somebody else made or moved it, and nothing is published under it. Where nobody has it yet, " +
          "delete it at GitHub and run again; else release the next version.",
      };
    },
    async act() {
      const { previous } = await release.story();
      const message = messageOf(release, { previous, files, toolVersion });
      await forge.tags.annotate({ name: tag, commit, message });
    },
  };
}

function messageOf(
  { tag, because }: Release,
  about: {
    readonly previous: string | undefined;
    readonly files: readonly string[];
    readonly toolVersion: string;
  },
): string {
  const since = about.previous === undefined ? "The first release." : `After v${about.previous}.`;
  const why = because === undefined ? [] : [`Asked for by ${because}.`];
  const files = about.files.map((name) => `${ATTACHED}${name}`);
  return [tag, "", since, ...why, "", ...files, `${MADE_BY} ${about.toolVersion}`].join("\n");
}
