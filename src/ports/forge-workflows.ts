import type { Answer } from "./answer.ts";

/** A run of a workflow. */
export interface WorkflowRun {
  readonly url: string;
  /** `queued`, `in_progress`, `completed` and others. */
  readonly status: string;
  /** `success`, `failure`, `cancelled` and others; undefined while it runs. */
  readonly conclusion: string | undefined;
  /** When it came to be, by the forge's clock. */
  readonly created: Date;
}

/** What a workflow is started for: the tag, and never a branch that is called so too. */
export interface TaggedCommit {
  /** Without `refs/tags/`. */
  readonly tag: string;
  /** Hash of the commit that it names; undefined where that is not known, and then the name alone counts. */
  readonly commit: string | undefined;
}

/** Workflows of a repository: the laws are those of `Forge`. Starting one is never repeated by itself. */
export interface ForgeWorkflows {
  /**
   * Runs of a workflow for a tag that somebody started by hand or by a call, the newest first.
   *
   * @param workflow its file's name, such as `deploy.yml`
   */
  startedFor(workflow: string, release: TaggedCommit): Promise<Answer<readonly WorkflowRun[]>>;
  /**
   * The newest runs of a workflow, whatever started them and for whatever ref; a hundred at most, the newest
   * first.
   */
  newest(workflow: string): Promise<Answer<readonly WorkflowRun[]>>;
  /**
   * @param ref its whole name, which no other ref has: `refs/tags/v1.3.0`, `refs/heads/main`
   * @throws forge.refused where the workflow of that ref has no `workflow_dispatch` or lacks an input
   */
  start(workflow: string, ref: string, inputs: Readonly<Record<string, string>>): Promise<void>;
}
