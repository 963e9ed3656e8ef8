import type { Inputs, InputSpec, InputSpecs } from "../../commands/define.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import { hideCredentials } from "./mask.ts";
import { MalformedValue, parseValue } from "./parse-values.ts";
import type { Given, Problem } from "./given.ts";

/** `store-secret` → `storeSecret`: the key of an input in the parsed object. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** `store-secret` → `HOLDFAST_STORE_SECRET`: the environment variable of an input. */
export function variableName(name: string): string {
  return `HOLDFAST_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** The default of an input as text, or `undefined`. */
export function defaultText(spec: InputSpec): string | undefined {
  return "default" in spec && spec.default !== undefined ? String(spec.default) : undefined;
}

/**
 * Parses what was given once, at the edge, into a typed and frozen object.
 *
 * @param nameOf how an input is called where the person is: `--store` or `input 'store'`
 * @param problems what was already found wrong while collecting, such as unknown flags; reported together
 *   with the rest
 * @param hintOf how to give what is missing, in words of the place where the person is
 * @throws HoldfastError of kind `input`, telling every problem at once
 */
export function parseInputs<S extends InputSpecs>(
  specs: S,
  given: ReadonlyMap<string, Given>,
  nameOf: (name: string) => string,
  problems: readonly Problem[] = [],
  hintOf: (name: string, spec: InputSpec) => string = missingHint,
): Inputs<S> {
  const found = [...problems];
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const entry = given.get(name);
    const present = entry !== undefined && entry.texts.some((text) => text.trim() !== "");
    if (!present && spec.required === true) {
      found.push({
        code: "input.missing",
        message: `${nameOf(name)} is required and was not given`,
        hint: hintOf(name, spec),
      });
      continue;
    }
    const text = defaultText(spec);
    const texts = present ? entry.texts : spec.type === "list" ? [] : text === undefined ? undefined : [text];
    if (texts === undefined) {
      values[camelCase(name)] = undefined;
      continue;
    }
    try {
      values[camelCase(name)] = parseValue(spec, texts);
    } catch (error) {
      if (!(error instanceof MalformedValue)) throw error;
      const origin = present ? entry.origin : nameOf(name);
      found.push({
        code: "input.malformed",
        message: `${origin} is '${shorten(error.shown)}', which is not ${error.accepts}`,
      });
    }
  }
  if (found.length > 0) throw problemsError(found);
  return Object.freeze(values) as Inputs<S>;
}

/**
 * What to do about an input that an action was not given. An expression of a secret that a job cannot see is
 * the empty text, and a called workflow sees what its caller passes.
 * https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows#using-inputs-and-secrets-in-a-reusable-workflow
 */
export function missingInAction(name: string, spec: InputSpec): string {
  if (spec.type !== "secret") {
    const example = spec.example === undefined ? "" : `, for example ${spec.example}`;
    return `Give it below 'with:' of the step${example}.`;
  }
  return (
    `The secret that 'with: ${name}:' names is empty here: it does not exist under that name in this ` +
    "repository or in the job's environment, or this workflow was called and the caller did not pass it. " +
    "Pass it below 'secrets:' of the call, by name or with 'inherit'; runs for pull requests of forks get none."
  );
}

function missingHint(name: string, spec: InputSpec): string {
  const example = spec.example === undefined || spec.type === "secret" ? "" : `, for example ${spec.example}`;
  const ways =
    spec.explicit === true
      ? `--${name} or the action's input`
      : spec.type === "secret"
        ? `--${name}-file or the variable ${variableName(name)}`
        : `--${name}, the action's input or the variable ${variableName(name)}`;
  return `Give it with ${ways}${example}.`;
}

/**
 * A value as it may be shown: without anything that looks like a credential typed into the wrong input,
 * and not endless.
 */
function shorten(text: string): string {
  const clean = hideCredentials(text);
  return clean.length > 120 ? `${clean.slice(0, 117)}…` : clean;
}

/** One error for all problems; its code is the one they share, else `input.malformed`. */
export function problemsError(problems: readonly Problem[]): HoldfastError {
  const [first] = problems;
  if (first === undefined) throw new Error("no problems to report");
  if (problems.length === 1) return new HoldfastError(first.code, first.message, { hint: first.hint });
  const code = problems.every((problem) => problem.code === first.code) ? first.code : "input.malformed";
  const lines = problems.map((problem) => `  - ${problem.message}`).join("\n");
  const hints = [...new Set(problems.map((problem) => problem.hint).filter((hint) => hint !== undefined))];
  const hint = hints.length === 1 ? hints[0] : "Correct all of them; nothing was touched.";
  return new HoldfastError(code, `${problems.length} inputs are wrong:\n${lines}`, { hint });
}
