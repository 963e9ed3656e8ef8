import { listed } from "../../../kernel/listed.ts";
import type { Observed, Step } from "../../steps/step.ts";
import { told } from "../../../nouns/forge/told.ts";
import { isHere } from "../../versions/local-commit.ts";
import type { BranchAtForge } from "../../versions/stable-branch.ts";
import { contentsFor, filesOf, type Contents } from "../contents.ts";
import { headerOf, type Cut } from "../cut.ts";
import { branchOf, type Around } from "./branch.ts";

/**
 * That changelog and version files of the branch say what its commits ask for, fixes that came later among
 * them.
 */
export function contentsStep(cut: Cut, around: Around): Step {
  const { version } = cut;
  const { forge, history, refs, settings } = around;
  return {
    name: "contents",
    carriesTheRest: true,
    async observe() {
      const found = await wanted();
      if ("kind" in found) return found;
      const { branch, contents } = found;
      const paths = [...contents.files.keys()];
      if (paths.length === 0) return { kind: "true", what: `changelog and version files say ${version}` };
      return { kind: "missing", what: `bring ${listed(paths)} of ${branch.name} up to ${version}` };
    },
    async act() {
      const found = await wanted();
      if ("kind" in found) return;
      const { branch, contents } = found;
      const commit = await forge.branches.write({
        parent: branch.commit,
        message: messageAfter(branch.name),
        ...contents,
      });
      await forge.branches.advance(branch.name, commit);
    },
  };

  function messageAfter(branch: string): string {
    return `${headerOf(version)}\n\nWith what came to ${branch} since it was cut.`;
  }

  async function wanted(): Promise<
    Observed | { readonly branch: BranchAtForge; readonly contents: Contents }
  > {
    const branch = await branchOf(cut, forge);
    if (branch === undefined) {
      return { kind: "missing", what: `write ${version} into ${await writtenOn(cut.from.commit)}` };
    }
    if (!(await isHere(branch.commit, history))) return await asMade(branch);
    const found = await cut.notesAt(branch.commit);
    if (found.kind === "other") return { kind: "wrong", what: found.why, hint: "Nothing was written to it." };
    const release = { version, notes: found.notes };
    return { branch, contents: await contentsFor(release, branch.commit, settings, history) };
  }

  /** The files of the commit that a run makes on this one. */
  async function writtenOn(commit: string): Promise<string> {
    const files = await filesOf(version, commit, settings, history);
    return files.length === 0 ? "no file" : listed(files);
  }

  /**
   * What the checkout does not have is one of a run if it has the files that a run makes of what is here:
   * whoever may push can call any commit so. One of another day has another date in its changelog.
   */
  async function asMade({ name, commit }: BranchAtForge): Promise<Observed> {
    const { message, parents, tree } = told(await forge.branches.details(commit), `the commit of ${name}`);
    const [parent] = parents;
    const isMade =
      message.split("\n")[0] === headerOf(version) && parent !== undefined && parents.length === 1;
    if (isMade && (await isHere(parent, history)) && (await treeMadeOn(parent)) === tree) {
      return {
        kind: "true",
        what: `${commit.slice(0, 7)} wrote ${version} into ${await writtenOn(parent)}`,
      };
    }
    // Fetched, it is looked at as any other.
    return {
      kind: "wrong",
      what: `${name} is on ${commit.slice(0, 7)}, which this checkout does not have`,
      hint: `Run \`git fetch origin\` and \`git switch ${name}\`, and run again there.`,
    };
  }

  async function treeMadeOn(parent: string): Promise<string | undefined> {
    const found = await cut.notesAt(parent);
    if (found.kind === "other") return undefined;
    const contents = await contentsFor({ version, notes: found.notes }, parent, settings, history);
    return await refs.treeWith(parent, contents.files, contents.executables);
  }
}
