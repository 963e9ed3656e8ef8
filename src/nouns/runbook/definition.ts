import type { Json } from "../../kernel/outcome.ts";
import { printableLine } from "../../kernel/printable.ts";
import { sha256 } from "../../kernel/streams.ts";
import type { JournalEvent } from "./journal-entry.ts";
import { stepsOf, type Runbook } from "./runbook.ts";

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
 * In what a run that was begun and what is asked for now are not the same, each in a few words. Shown are
 * values of the journal alone, in which every secret is covered. Empty where the difference lies in what a
 * journal does not hold, such as what a step's failure means.
 */
export function otherThan(opened: Opened, runbook: Runbook): readonly string[] {
  if (opened.runbook !== runbook.name) return [`it was ${opened.runbook}, and not ${runbook.name}`];
  if (opened.target !== runbook.target) return [`it was of ${opened.target}, and not of ${runbook.target}`];
  const now = leaves(runbook.inputs);
  const before = leaves(opened.inputs);
  const inputs = [...new Set([...before.keys(), ...now.keys()])]
    .filter((name) => before.get(name) !== now.get(name))
    .map((name) => `${printableLine(name)} (${was(before.get(name))})`);
  if (inputs.length > 0) return inputs;
  const steps = new Map(stepsOf(runbook).map(({ id, title }) => [id, title]));
  const known = new Map(opened.steps.map(({ id, title }) => [id, title]));
  return [
    ...[...known].filter(([id]) => !steps.has(id)).map(([id]) => `its step ${printableLine(id)} is none now`),
    ...[...steps.keys()].filter((id) => !known.has(id)).map((id) => `it had no step ${printableLine(id)}`),
    ...[...known]
      .filter(([id, title]) => steps.has(id) && steps.get(id) !== title)
      .map(([id, title]) => `its step ${printableLine(id)} was: ${printableLine(title)}`),
  ];
}

function was(value: string | undefined): string {
  if (value === undefined) return "was not given";
  const shown = printableLine(value);
  return `was ${shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown}`;
}

/** The values without parts of their own, by the path to them, as canonical text. */
function leaves(value: Json, path = ""): ReadonlyMap<string, string> {
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isObject) return new Map([[path, canonical(value)]]);
  const fields = Object.entries(value as Readonly<Record<string, Json>>);
  return new Map(fields.flatMap(([name, each]) => [...leaves(each, path === "" ? name : `${path}.${name}`)]));
}

/** JSON with the fields of objects in the order of their names, so that the same value gives one text. */
function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonical).join(",")}]`;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(",")}}`;
}
