import type { Forge } from "../../../ports/forge.ts";
import type { Step } from "../../steps/step.ts";
import { noWorkflow, told } from "../../steps/told.ts";
import type { Release } from "../release.ts";

/** What the workflow that deploys is told. */
export type DeployInputs = Readonly<Record<string, string>>;

/**
 * That the workflow which deploys was started for the tag, by a call: that works with every token that may do
 * it, a job's own too, whose tags and releases start nothing. GitHub forgets runs after a while, and whoever
 * finishes an old release does not mean to take back the newer one that is out.
 * https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
 *
 * @param inputs asked for when it is started: by then the release says what it was built as
 * @param overtaking the tag of a newer release that is published and has this one
 */
export function deploymentStep(
  workflow: string,
  inputs: () => Promise<DeployInputs>,
  { tag, commit }: Release,
  { forge, overtaking }: { readonly forge: Forge; readonly overtaking: () => Promise<string | undefined> },
): Step {
  return {
    name: "deployment",
    carriesTheRest: false,
    async observe() {
      const started = await forge.workflows.startedFor(workflow, { tag, commit });
      const runs = told(started, `the runs of ${workflow}`, noWorkflow(workflow));
      const [newest] = runs;
      if (newest === undefined) {
        const newer = await overtaking();
        if (newer === undefined) return { kind: "missing", what: `start ${workflow} for ${tag}` };
        return { kind: "true", what: `${workflow} is left to ${newer}, which is newer and has ${tag}` };
      }
      const state = newest.conclusion ?? newest.status;
      return { kind: "true", what: `${workflow} was started for ${tag}: ${newest.url} (${state})` };
    },
    act: async () => forge.workflows.start(workflow, tag, await inputs()),
  };
}
