import { fileURLToPath } from "node:url";
import { parseDocument, visit, isScalar, isMap, isSeq, type Document } from "yaml";
import { ownReference, packageVersion } from "../../src/devtools/generate/own-reference.ts";

/**
 * A `uses:` of something that lives in another repository: a full commit hash, and the version it is
 * in a comment.
 */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;
const VERSION_COMMENT = /^\s*v\d+(\.\d+)*\s*$/;

/** What our own things are named by: this version's own tag, or what moves, where what is released is run. */
const REFERENCE = ownReference(packageVersion(fileURLToPath(new URL("../..", import.meta.url))));
const OURS = `(?:v1|${REFERENCE.replaceAll(".", "\\.")})$`;

/**
 * Holdfast's own actions, named from a workflow that others call: see the comment at the top of backup.yml.
 */
const OWN = new RegExp(`^truststream/holdfast/actions/([a-z-]+)@${OURS}`);

/** The same of workflows of ours that a copied one calls. */
const OWN_WORKFLOW = new RegExp(`^truststream/holdfast/\\.github/workflows/[a-z-]+\\.yml@${OURS}`);

/** One step with a `uses:` of ours, to be compared with the command's inputs. */
export interface OwnStep {
  /** The name of its job. */
  readonly job: string;
  readonly command: string;
  readonly inputs: readonly string[];
}

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly "continue-on-error"?: unknown;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
}

/** What of a job the rules read. */
export interface Job {
  readonly if?: string;
  readonly needs?: unknown;
  readonly environment?: unknown;
  readonly concurrency?: {
    readonly group?: string;
    readonly "cancel-in-progress"?: unknown;
    readonly queue?: unknown;
  };
  readonly permissions?: unknown;
  readonly "timeout-minutes"?: unknown;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on?: unknown;
  readonly concurrency?: Job["concurrency"];
  readonly permissions?: unknown;
  readonly jobs?: Record<string, Job>;
}

/** The jobs of a workflow, by name. */
export function jobsOf(text: string): Readonly<Record<string, Job>> {
  return (parseDocument(text).toJS() as Workflow).jobs ?? {};
}

/** What our own rules find wrong in a workflow, beyond what actionlint knows. Empty when all is well. */
export function problemsIn(text: string): string[] {
  const document = parseDocument(text);
  const workflow = document.toJS() as Workflow;
  return [
    ...pinProblems(document),
    ...runProblems(document),
    ...rightsProblems(workflow),
    ...groupProblems(workflow),
  ];
}

/** A caller that has a group of the same name waits for itself, which GitHub ends as a deadlock. */
function groupProblems({ on, concurrency, jobs = {} }: Workflow): string[] {
  const isCalled = typeof on === "object" && on !== null && "workflow_call" in on;
  return [concurrency, ...Object.values(jobs).map((job) => job.concurrency)].flatMap((each) => [
    ...(!isCalled || each?.group === undefined || each.group.startsWith("holdfast-")
      ? []
      : [`the group ${each.group} may be one of whoever calls this: let it begin with holdfast-`]),
    ...queueProblems(each),
  ]);
}

/**
 * The linter does not know the key yet, so its values are held here.
 * https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
 */
function queueProblems(concurrency: Job["concurrency"]): string[] {
  const { queue, "cancel-in-progress": cancels } = concurrency ?? {};
  if (queue === undefined) return [];
  if (queue !== "max" && queue !== "single") return [`the queue ${String(queue)} is neither max nor single`];
  return queue === "max" && cancels !== undefined && cancels !== false
    ? ["a queue of more than one is refused where what runs is cancelled"]
    : [];
}

function pinProblems(document: Document): string[] {
  const problems: string[] = [];
  visit(document, {
    Pair(_, pair) {
      if (!isScalar(pair.key) || pair.key.value !== "uses" || !isScalar(pair.value)) return;
      const uses = String(pair.value.value);
      if (uses.startsWith("./") || OWN.test(uses) || OWN_WORKFLOW.test(uses)) return;
      if (!PINNED.test(uses)) problems.push(`${uses} is not pinned by a full commit hash`);
      else if (!VERSION_COMMENT.test(pair.value.comment ?? "")) {
        problems.push(`${uses} does not say its version in a comment`);
      }
    },
  });
  return problems;
}

/**
 * An expression in a script is pasted into it before the shell reads it: whoever controls the text
 * controls the runner.
 */
function runProblems(document: Document): string[] {
  const problems: string[] = [];
  visit(document, {
    Pair(_, pair, path) {
      if (!isScalar(pair.key) || !isScalar(pair.value)) return;
      // A step's `script` is what actions/github-script runs.
      const key = String(pair.key.value);
      if (key !== "run" && key !== "script") return;
      // Steps are a list; an output of a job may be called `run`.
      if (key === "run" && !isSeq(path.at(-2))) return;
      const script = String(pair.value.value);
      if (script.includes("${{")) problems.push(`an expression inside ${key}: ${script.trim()}`);
    },
  });
  return problems;
}

function rightsProblems(workflow: Workflow): string[] {
  const problems: string[] = [];
  if (!isEmptyObject(workflow.permissions)) problems.push("permissions at the top are not {}");
  for (const [name, job] of Object.entries(workflow.jobs ?? {})) {
    if (typeof job.permissions !== "object" || job.permissions === null) {
      problems.push(`job ${name} does not say which rights it needs`);
    }
    if (job.uses === undefined && job["timeout-minutes"] === undefined) {
      problems.push(`job ${name} has no timeout`);
    }
  }
  return problems;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** Every step that uses one of Holdfast's own actions. */
export function ownSteps(text: string): OwnStep[] {
  return Object.entries(jobsOf(text)).flatMap(([job, { steps = [] }]) =>
    steps.flatMap((step) => {
      const command = OWN.exec(step.uses ?? "")?.[1];
      return command === undefined ? [] : [{ job, command, inputs: Object.keys(step.with ?? {}) }];
    }),
  );
}

/** How a workflow can be started. */
export type Trigger = "workflow_call" | "workflow_dispatch";

/** What a workflow declares of an input. */
export interface DeclaredInput {
  readonly required?: boolean;
  readonly type?: string;
  readonly default?: unknown;
}

/** What a workflow declares of its inputs for a trigger, by name. */
export function declaredInputs(text: string, trigger: Trigger): Readonly<Record<string, DeclaredInput>> {
  const inputs = parseDocument(text).getIn(["on", trigger, "inputs"]);
  return isMap(inputs) ? (inputs.toJSON() as Record<string, DeclaredInput>) : {};
}

/** The one script that a workflow gives to actions/github-script. */
export function scriptOf(text: string): string {
  const scripts = Object.values(jobsOf(text)).flatMap(({ steps = [] }) =>
    steps.flatMap(({ uses, with: given }) =>
      uses?.startsWith("actions/github-script@") === true ? [String(given?.["script"])] : [],
    ),
  );
  if (scripts.length !== 1) throw new Error(`there are ${scripts.length} scripts`);
  return scripts[0]!;
}

/** The names of the inputs a workflow declares for a trigger. */
export function triggerInputs(text: string, trigger: Trigger): string[] {
  const inputs = parseDocument(text).getIn(["on", trigger, "inputs"]);
  return isMap(inputs) ? inputs.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : "")) : [];
}
