import type { Producer } from "./producers.ts";
import type { Job, Workflow } from "./read-workflow.ts";

/** What jobs need and report, looked up by job and not looked for among all of them. */
export class Reported {
  readonly #names: ReadonlySet<string>;
  readonly #byJob = new Map<Job, Producer[]>();
  readonly #jobs = new Map<Workflow, ReadonlyMap<string, Job>>();
  /** Job → what it needs, directly or through what it needs. */
  readonly #needed = new Map<Job, readonly Job[]>();

  /** @param names of the checks that are required */
  constructor(producers: readonly Producer[], names: ReadonlySet<string>) {
    this.#names = names;
    for (const producer of producers) {
      for (const job of new Set([producer.job, producer.caller])) {
        if (job === undefined) continue;
        const those = this.#byJob.get(job);
        if (those === undefined) this.#byJob.set(job, [producer]);
        else those.push(producer);
      }
    }
  }

  neededBy({ job, workflow }: Producer): readonly Job[] {
    const before = this.#needed.get(job);
    if (before !== undefined) return before;
    const jobs = this.#jobs.get(workflow) ?? new Map(workflow.jobs.map((each) => [each.id, each]));
    this.#jobs.set(workflow, jobs);
    const found = new Set<Job>();
    const todo = [...job.needs];
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      const needed = jobs.get(id);
      if (needed === undefined || found.has(needed)) continue;
      found.add(needed);
      for (const each of needed.needs) todo.push(each);
    }
    const needed = [...found].reverse();
    this.#needed.set(job, needed);
    return needed;
  }

  /** Whether all that a job reports is required, each job of its matrix and of the workflow that it calls. */
  isRequired(job: Job): boolean {
    const reported = this.#byJob.get(job) ?? [];
    return reported.length > 0 && reported.every(({ name, exact }) => exact && this.#names.has(name));
  }
}
