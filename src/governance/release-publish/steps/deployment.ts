import { HoldfastError, isHoldfastError } from "../../../kernel/errors.ts";
import type { Observed, Step } from "../../steps/step.ts";
import { told } from "../../../nouns/forge/told.ts";
import { noWorkflow } from "../../steps/no-workflow.ts";
import type { Release } from "../release.ts";
import { claimed, type Claiming } from "../../../nouns/forge/claim.ts";

/** What the workflow that deploys is told. */
export type DeployInputs = Readonly<Record<string, string>>;

/** What deploying needs beside the release. */
interface Deploying extends Claiming {
  /** The tag of a newer release that is published and has this one. */
  readonly overtaking: () => Promise<string | undefined>;
  /** When it was published, where that is so long ago that its run may be forgotten. */
  readonly longPublished: () => Promise<Date | undefined>;
}

/**
 * That the workflow which deploys was started for the tag, by a call: that works with every token that may do
 * it, a job's own too, whose tags and releases start nothing. GitHub starts it once for every call, and shows
 * its run some seconds later; so who starts it claims it first, and of two runs at once one does. GitHub
 * forgets runs after a while, and whoever finishes an old release does not mean to take back the newer one
 * that is out.
 * https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
 *
 * @param inputs asked for when it is started: by then the release says what it was built as
 */
export function deploymentStep(
  workflow: string,
  inputs: () => Promise<DeployInputs>,
  { tag, commit }: Release,
  { overtaking, longPublished, ...around }: Deploying,
): Step {
  const { forge } = around;
  return {
    name: "deployment",
    carriesTheRest: false,
    observe,
    // Killed before the claim nothing is; after it, the next run waits until the claim is old, and takes it
    // over; after the start, its run is there.
    async act() {
      const given = await inputs();
      const isMissing = async (): Promise<boolean> => (await observe()).kind === "missing";
      const claim = await claimed({ on: `deployments/${tag}`, commit }, isMissing, around);
      if (claim === undefined) return;
      if (!claim.isUsable()) throw tooSlow(workflow, tag);
      try {
        // By its whole name, which no branch has.
        await forge.workflows.start(workflow, `refs/tags/${tag}`, given);
      } catch (error) {
        if (isHoldfastError(error, "forge.refused", "forge.denied", "forge.rate-limited")) {
          // Where that fails, the next run waits for it.
          await claim.giveUp().catch(() => undefined);
        }
        throw error;
      }
    },
  };

  async function observe(): Promise<Observed> {
    const started = await forge.workflows.startedFor(workflow, { tag, commit });
    const [newest] = told(started, `the runs of ${workflow}`, noWorkflow(workflow));
    if (newest === undefined) {
      const newer = await overtaking();
      const since = newer === undefined ? await longPublished() : undefined;
      if (since !== undefined) {
        const day = since.toISOString().slice(0, 10);
        const what =
          `no run of ${workflow} is shown for ${tag}, which was published on ${day}, and GitHub forgets ` +
          `runs: ` +
          `to start it, name the release (\`holdfast release publish --tag ${tag}\`)`;
        return { kind: "true", what };
      }
      if (newer === undefined) return { kind: "missing", what: `start ${workflow} for ${tag}` };
      return { kind: "true", what: `${workflow} is left to ${newer}, which is newer and has ${tag}` };
    }
    const state = newest.conclusion ?? newest.status;
    return { kind: "true", what: `${workflow} was started for ${tag}: ${newest.url} (${state})` };
  }
}

function tooSlow(workflow: string, tag: string): HoldfastError {
  return new HoldfastError(
    "forge.unreachable",
    `GitHub took so long to answer that ${workflow} was not started for ${tag}: another run may do it by now`,
    { hint: "Run again; where no other run has started it, that one does." },
  );
}
