import type { Forge } from "../../../ports/forge.ts";
import type { SourceHistory } from "../../../ports/source-history.ts";
import type { SourceRefs } from "../../../ports/source-refs.ts";
import type { Step } from "../../steps/step.ts";
import { told, toldOrAbsent } from "../../../nouns/forge/told.ts";
import type { ReleaseSettings } from "../../versions/settings.ts";
import type { BranchAtForge } from "../../versions/stable-branch.ts";
import { contentsFor } from "../contents.ts";
import { headerOf, type Cut } from "../cut.ts";

/** What steps of a cut need beside it. */
export interface Around {
  readonly forge: Forge;
  readonly history: SourceHistory;
  readonly refs: Pick<SourceRefs, "treeWith">;
  readonly settings: ReleaseSettings;
}

/** The release's branch as it is at the forge, whichever of its names it has. */
export async function branchOf({ names }: Cut, forge: Forge): Promise<BranchAtForge | undefined> {
  for (const name of names) {
    const commit = toldOrAbsent(await forge.branches.commit(name), `the branch ${name}`);
    if (commit !== undefined) return { name, commit };
  }
  return undefined;
}

/**
 * The release branch, with all that it was cut from. The commit that it begins with is made first and the
 * branch last, so that nobody ever sees one without the other.
 */
export function branchStep(cut: Cut, around: Around): Step {
  const { from, version, isLine } = cut;
  const { forge, history, settings } = around;
  const [name = ""] = cut.names;
  const cutFrom = `${from.name} (${from.commit.slice(0, 7)})`;
  return {
    name: "branch",
    carriesTheRest: true,
    async observe() {
      const there = await branchOf(cut, forge);
      if (there === undefined && isLine) {
        return {
          kind: "wrong",
          what: `${name} is gone`,
          hint: "Somebody deleted it meanwhile; look who and why.",
        };
      }
      if (there === undefined) return { kind: "missing", what: `make ${name} from ${cutFrom}` };
      const standing = told(
        await forge.branches.standing(from.commit, there.commit),
        `the branch ${there.name}`,
      );
      if (standing === "ahead" || standing === "identical") {
        return {
          kind: "true",
          what: isLine ? `${there.name} is there` : `${there.name} has all of ${cutFrom}`,
        };
      }
      return {
        kind: "wrong",
        what: `${there.name} is there, on ${there.commit.slice(0, 7)}, and does not have ${cutFrom}`,
        hint:
          "It was cut from another commit, or is something else. Run again, where somebody cut it just " +
          "now; else delete it where nobody needs it, or merge into it what it is to release.",
      };
    },
    async act() {
      const found = await cut.notesAt(from.commit);
      // Planned from this very commit: there is no other answer.
      if (found.kind === "other") throw new Error(found.why);
      const release = { version, notes: found.notes };
      const contents = await contentsFor(release, from.commit, settings, history);
      const commit =
        contents.files.size === 0
          ? from.commit
          : await forge.branches.write({ parent: from.commit, message: headerOf(version), ...contents });
      await forge.branches.create(name, commit);
    },
  };
}
