import type { InputSpec, InputSpecs } from "../../commands/define.ts";

/** `store-secret` → `HOLDFAST_STORE_SECRET`: the environment variable of an input. */
export function variableName(name: string): string {
  return `HOLDFAST_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** How a required input that was not given is given; each door has its own ways. */
export type MissingHint = (name: string, spec: InputSpec) => string;

export const cliMissingHint: MissingHint = (name, spec) => {
  const ways =
    spec.explicit === true
      ? `--${name} or the action's input`
      : spec.type === "secret"
        ? `--${name}-file or the variable ${variableName(name)}`
        : `--${name}, the action's input or the variable ${variableName(name)}`;
  return `Give it with ${ways}${example(spec)}.`;
};

/**
 * An expression of a secret that a job cannot see is the empty text, and a called workflow sees what its
 * caller passes:
 * https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows#using-inputs-and-secrets-in-a-reusable-workflow
 */
export const actionMissingHint: MissingHint = (name, spec) =>
  spec.type === "secret"
    ? `The secret that 'with: ${name}:' names is empty here: it does not exist under that name in this ` +
      "repository or in the job's environment, or this workflow was called and the caller did not pass it. " +
      "Pass it below 'secrets:' of the call, by name or with 'inherit'; runs for pull requests of forks " +
      "and for Dependabot are given none."
    : `Give it below 'with:' of the step as '${name}:'${example(spec)}; an expression that stands ` +
      "there is empty.";

function example(spec: InputSpec): string {
  return spec.example === undefined || spec.type === "secret" ? "" : `, for example ${spec.example}`;
}

/**
 * A text that speaks of the command line's options, in the words of an action. Whole commands to be typed
 * elsewhere stay what they are, and so does what is no input of this action.
 */
export function inActionWords(text: string, specs: InputSpecs): string {
  return text.replace(OPTION_OR_COMMAND, (found: string, name: string | undefined) => {
    if (name === undefined) return found;
    const input = [name, name.replace(/-file$/, "")].find((each) => Object.hasOwn(specs, each));
    return input === undefined ? found : `input '${input}'`;
  });
}

/** `holdfast backup --store x`, or one option; not a part of a longer word. */
const OPTION_OR_COMMAND =
  /\bholdfast [a-z-]+(?: (?!--)[\w./:<>-]+)*(?: --[^`.;]*)?|(?<![\w-])--([a-z][a-z\d-]*[a-z\d])/g;
