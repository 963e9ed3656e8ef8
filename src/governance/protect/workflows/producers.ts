import { combinations, type Combination } from "./matrix.ts";
import type { Job, Trigger, Workflow } from "./read-workflow.ts";

/** A job that reports a check. */
export interface Producer {
  /** The check's name; `*` stands for what only a run can tell. */
  readonly name: string;
  /** Whether nothing in the name is left open. */
  readonly exact: boolean;
  readonly workflow: Workflow;
  readonly job: Job;
  /** The job that called the workflow that {@link job} is in, where it is not started itself. */
  readonly caller: Job | undefined;
  readonly triggers: ReadonlyMap<string, Trigger>;
}

/** GitHub follows no more levels of workflows that call workflows. */
const LEVELS_MAX = 10;

/**
 * More are not worked out one by one: workflows that call each other, and matrices within matrices, multiply,
 * so that a few small files would say millions.
 */
const WORKED_OUT_MAX = 10_000;

/** Every check that the workflows of a repository report. */
export function producersOf(workflows: readonly Workflow[]): Producer[] {
  const all: All = { byPath: new Map(workflows.map((each) => [each.path, each])), left: WORKED_OUT_MAX };
  return workflows
    .filter(({ triggers }) => [...triggers.keys()].some((event) => event !== "workflow_call"))
    .flatMap((workflow) =>
      workflow.jobs.flatMap((job) =>
        ofJob(job, workflow, all, []).map((made) => ({ ...made, triggers: workflow.triggers })),
      ),
    );
}

type Made = Omit<Producer, "triggers">;

interface All {
  readonly byPath: ReadonlyMap<string, Workflow>;
  /** Of {@link WORKED_OUT_MAX}; what is called when nothing is left is told as open. */
  left: number;
}

function ofJob(job: Job, workflow: Workflow, all: All, above: readonly string[]): Made[] {
  const own = namesOf(job);
  if (job.uses === undefined) return own.map((named) => ({ ...named, workflow, job, caller: undefined }));
  const open = own.map(({ name }) => ({ name: `${name} / *`, exact: false, workflow, job, caller: job }));
  const path = /^\.\/(.+)$/.exec(job.uses)?.[1];
  const called = path === undefined ? undefined : all.byPath.get(path);
  if (called === undefined || above.length >= LEVELS_MAX || above.includes(called.path)) return open;
  all.left -= called.jobs.length + 1;
  if (all.left < 0) return open;
  const inside = called.jobs.flatMap((each) => ofJob(each, called, all, [...above, called.path]));
  all.left -= own.length * inside.length;
  if (all.left < 0) return open;
  return own.flatMap((outer) =>
    inside.map((inner) => ({
      ...inner,
      name: `${outer.name} / ${inner.name}`,
      exact: outer.exact && inner.exact,
      caller: job,
    })),
  );
}

interface Named {
  readonly name: string;
  readonly exact: boolean;
}

/** A job's name for each job that its matrix makes. */
function namesOf(job: Job): Named[] {
  const written = job.name ?? job.id;
  if (job.matrix === undefined) return [settled(written, new Map())];
  const made = combinations(job.matrix);
  if (made === undefined) {
    const open = settled(written, new Map());
    return [{ name: written.includes("${{") ? open.name : `${open.name} (*)`, exact: false }];
  }
  return made.map((values) => {
    const named = settled(written, values);
    // A name that says nothing of the matrix gets its values behind it.
    if (written.includes("${{")) return named;
    return { ...named, name: `${named.name} (${[...values.values()].join(", ")})` };
  });
}

function settled(written: string, values: Combination): Named {
  const name = withExpressions(written, (expression) => {
    const key = /^matrix\.([\w-]+)$/.exec(expression)?.[1];
    const value = key === undefined ? undefined : values.get(key);
    return value === undefined ? "\u0000" : String(value);
  });
  return { name: name.replaceAll("\u0000", "*"), exact: !name.includes("\u0000") };
}

/** A text with something else for each `${{ … }}` in it. */
function withExpressions(written: string, made: (expression: string) => string): string {
  let text = "";
  for (let at = 0; ;) {
    const open = written.indexOf("${{", at);
    const close = open === -1 ? -1 : written.indexOf("}}", open);
    if (close === -1) return text + written.slice(at);
    text += written.slice(at, open) + made(written.slice(open + "${{".length, close).trim());
    at = close + "}}".length;
  }
}

/** Whether a producer reports, or may report, a check of that name. */
export function mayProduce({ name, exact }: Named, check: string): boolean {
  if (exact) return name === check;
  const [first = "", ...rest] = name.split("*");
  const last = rest.pop();
  if (last === undefined) return name === check;
  if (!check.startsWith(first)) return false;
  // The first place for each part leaves most for what comes after it.
  let at = first.length;
  for (const part of rest) {
    const found = check.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return check.length - last.length >= at && check.endsWith(last);
}
