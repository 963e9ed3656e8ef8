import * as z from "zod";
import type { Answer } from "../../ports/answer.ts";
import type { ForgeWorkflows, TaggedCommit, WorkflowRun } from "../../ports/forge-workflows.ts";
import type { GithubRepository } from "./github-repository.ts";

const RUNS = "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs";
const ACTIONS_READ = "Actions: read";
const ACTIONS_WRITE = "Actions: write";

const runs = z.looseObject({
  workflow_runs: z.array(
    z.looseObject({
      html_url: z.string(),
      status: z.string().nullish(),
      conclusion: z.string().nullish(),
      head_branch: z.string().nullish(),
      head_sha: z.string(),
      created_at: z.iso.datetime({ offset: true }),
    }),
  ),
});

/** A repository's workflows at GitHub; starting one needs `actions: write`. */
export class GithubWorkflows implements ForgeWorkflows {
  readonly #at: GithubRepository;

  constructor(at: GithubRepository) {
    this.#at = at;
  }

  /**
   * What GitHub calls the branch of a run is the tag's name where it was started for one. Whoever may push
   * can make a branch of that name as well, so the commit is looked at too.
   */
  async startedFor(workflow: string, { tag, commit }: TaggedCommit): Promise<Answer<readonly WorkflowRun[]>> {
    const answer = await this.#at.read(RUNS, {
      workflow_id: workflow,
      branch: tag,
      event: "workflow_dispatch",
      per_page: 100,
    });
    return this.#at.found(answer, ACTIONS_READ, (data) =>
      this.#at
        .shaped(runs, data)
        .workflow_runs.filter(
          ({ head_branch: branch, head_sha: sha }) => branch === tag && sha === (commit ?? sha),
        )
        .map(runOf),
    );
  }

  async newest(workflow: string): Promise<Answer<readonly WorkflowRun[]>> {
    const answer = await this.#at.read(RUNS, { workflow_id: workflow, per_page: 100 });
    return this.#at.found(answer, ACTIONS_READ, (data) =>
      this.#at.shaped(runs, data).workflow_runs.map(runOf),
    );
  }

  /** https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event */
  async start(workflow: string, ref: string, inputs: Readonly<Record<string, string>>): Promise<void> {
    await this.#at.write({
      route: "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
      values: { workflow_id: workflow, ref, inputs },
      what: `the start of ${workflow} for ${nameOf(ref)}`,
      repeatable: false,
      denied:
        `Give a token with '${ACTIONS_WRITE}'; in a workflow the job needs ` +
        `\`permissions: actions: write\`. Look that .github/workflows/${workflow} is on the default branch.`,
      refused: () =>
        `The workflow of ${nameOf(ref)} has to have \`on: workflow_dispatch\` and the inputs it is given.`,
    });
  }
}

function runOf(each: z.infer<typeof runs>["workflow_runs"][number]): WorkflowRun {
  const { html_url: url, status, conclusion, created_at: created } = each;
  return {
    url,
    status: status ?? "unknown",
    conclusion: conclusion ?? undefined,
    created: new Date(created),
  };
}

function nameOf(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, "");
}
