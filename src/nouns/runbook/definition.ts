import type { Json } from "../../kernel/outcome.ts";
import { printableLine } from "../../kernel/printable.ts";
import { sha256 } from "../../kernel/streams.ts";
import type { JournalEvent } from "./journal-entry.ts";
import type { Runbook } from "./runbook.ts";

type Opened = Extract<JournalEvent, { readonly kind: "opened" }>;

/** Characters of a value that is shown. */
const SHOWN = 60;

/** What is asked for and by which steps, as SHA-256 in hex. A resumed run must have the same one. */
export function definitionOf(runbook: Runbook): string {
  return hashOf([
    "holdfast.runbook/1",
    runbook.name,
    runbook.target,
    runbook.inputs,
    runbook.stages.map((steps) =>
      steps.map(({ id, title, component, isRepeatable, onFailure, undo }) => [
        id,
        title,
        component,
        isRepeatable,
        onFailure,
        typeof undo === "object" ? undo.title : (undo ?? null),
      ]),
    ),
  ]);
}

/** SHA-256 in hex, the same for the same value in whatever order its fields stand. */
export function hashOf(value: Json): string {
  return sha256(canonical(value));
}

/**
 * In what a run that was begun and what is asked for now are not the same, each in a few words. Empty where
 * the difference lies in what a journal does not hold, such as what a step's failure means.
 *
 * @param covered makes of a value what an entry of the journal holds of it: what is told has no secret, and
 *   what is the same is the same with its secrets covered
 */
export function otherThan(
  opened: Opened,
  runbook: Runbook,
  covered: (value: Json) => Json,
): readonly string[] {
  const [name, target] = covered([runbook.name, runbook.target]) as [string, string];
  if (opened.runbook !== name) return [`it was ${opened.runbook}, and not ${name}`];
  if (opened.target !== target) return [`it was of ${opened.target}, and not of ${target}`];
  const now = leaves(covered(runbook.inputs));
  const before = leaves(opened.inputs);
  const inputs = [...new Set([...before.keys(), ...now.keys()])]
    .filter((path) => before.get(path) !== now.get(path))
    .map((path) => `${printableLine(path)} (${was(before.get(path))})`);
  return inputs.length > 0 ? inputs : otherSteps(opened, runbook, covered);
}

function otherSteps(opened: Opened, runbook: Runbook, covered: (value: Json) => Json): readonly string[] {
  const now = new Map(
    runbook.stages.flatMap((steps, stage) =>
      steps.map(({ id, title, component }) => {
        const [shown, of] = covered([title, component]) as [string, string];
        return [id, { title: shown, component: of, stage }] as const;
      }),
    ),
  );
  const before = new Map(opened.steps.map((step) => [step.id, step]));
  return [
    ...[...before.keys()]
      .filter((id) => !now.has(id))
      .map((id) => `its step ${printableLine(id)} is none now`),
    ...[...now.keys()].filter((id) => !before.has(id)).map((id) => `it had no step ${printableLine(id)}`),
    ...[...before.values()].flatMap(({ id, title, component, stage }) => {
      const step = now.get(id);
      if (step === undefined) return [];
      if (step.title !== title) return [`its step ${printableLine(id)} was: ${printableLine(title)}`];
      return step.stage === stage && step.component === component
        ? []
        : [`its step ${printableLine(id)} had another place`];
    }),
  ];
}

function was(value: string | undefined): string {
  if (value === undefined) return "was not given";
  const shown = printableLine(value);
  return `was ${shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown}`;
}

/**
 * The values without parts of their own, by the path to them, as canonical text. What a list holds goes by
 * its own name, where it begins with one: a list of functions names the one that differs.
 */
function leaves(value: Json, path = ""): ReadonlyMap<string, string> {
  const parts = partsOf(value);
  if (parts.length === 0) return new Map([[path, canonical(value)]]);
  return new Map(parts.flatMap(([name, each]) => [...leaves(each, path === "" ? name : `${path}.${name}`)]));
}

function partsOf(value: Json): readonly (readonly [name: string, part: Json])[] {
  if (value === null || typeof value !== "object") return [];
  if (!Array.isArray(value)) return Object.entries(value);
  const named = (value as readonly Json[]).filter(isNamed);
  return named.length < value.length ? [] : named.map(([name, ...rest]) => [name, rest]);
}

function isNamed(value: Json): value is [string, ...Json[]] {
  return Array.isArray(value) && typeof value[0] === "string";
}

/** JSON with the fields of objects in the order of their names, so that the same value gives one text. */
function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(",")}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(",")}}`;
}
