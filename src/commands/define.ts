import type { Secret } from "../kernel/secret.ts";
import type { ExitCode } from "../kernel/errors.ts";
import type { Outcome } from "../kernel/outcome.ts";
import type { Ports } from "../ports/ports.ts";

/**
 * The vocabulary of the menu. A command is one value of {@link Command}: its CLI, its action.yml, its README,
 * its reference page and its JSON schema are all made from it.
 */

export type { Json, Outcome, Report, ReportTable } from "../kernel/outcome.ts";

interface InputBase {
  /** One sentence or two for people; generated everywhere. */
  readonly text: string;
  readonly required?: boolean;
  /** Shown as an example value in help and docs. */
  readonly example?: string;
  /** Only offered as an action input (`action`) or as a command-line flag (`cli`); both when absent. */
  readonly only?: "action" | "cli";
  /**
   * Never taken from `HOLDFAST_<NAME>`: a guard, or a choice of what is destroyed, that must be said in the
   * call itself and not by whatever the environment happens to hold. Where the variable is set all the same,
   * the run is refused instead of doing something else than was meant.
   */
  readonly explicit?: true;
}

/**
 * How an input is read from text. Absent takes the default; malformed is an error; nothing is guessed.
 * `words` are those of a pattern: a mistyped one is told which was meant.
 */
export type InputSpec =
  | (InputBase & {
      readonly type: "string";
      readonly default?: string;
      readonly pattern?: RegExp;
      readonly accepts?: string;
      readonly words?: readonly string[];
    })
  /**
   * Also read from `HOLDFAST_<NAME>`, `--<name>-file` and `HOLDFAST_<NAME>_FILE`; masked before
   * anything else happens.
   */
  | (InputBase & {
      readonly type: "secret";
      /** In an action the job's own token, where nothing else is given. */
      readonly jobToken?: true;
    })
  | (InputBase & { readonly type: "choice"; readonly choices: readonly string[]; readonly default?: string })
  /**
   * Several values: the flag repeated, or one value with newlines, or commas too where a value can hold none.
   */
  | (InputBase & {
      readonly type: "list";
      readonly oneALine?: true;
      readonly choices?: readonly string[];
      readonly pattern?: RegExp;
      readonly accepts?: string;
    })
  | (InputBase & { readonly type: "boolean"; readonly default: boolean })
  | (InputBase & {
      readonly type: "integer";
      readonly min: number;
      readonly max: number;
      readonly default?: number;
    })
  | (InputBase & { readonly type: "duration"; readonly default?: string })
  /** ISO 8601; a day (`2026-11-22`) or an instant with zone. */
  | (InputBase & { readonly type: "instant" });

export type InputSpecs = Readonly<Record<string, InputSpec>>;

type Value<S extends InputSpec> = S extends { type: "secret" }
  ? Secret
  : S extends { type: "choice"; choices: readonly (infer C)[] }
    ? C
    : S extends { type: "list"; choices: readonly (infer C)[] }
      ? readonly C[]
      : S extends { type: "list" }
        ? readonly string[]
        : S extends { type: "boolean" }
          ? boolean
          : S extends { type: "integer" }
            ? number
            : S extends { type: "duration" }
              ? number
              : S extends { type: "instant" }
                ? Date
                : string;

type Always<S extends InputSpec> = S extends
  { required: true } | { default: string | number | boolean } | { type: "list" }
  ? true
  : false;

/** The parsed inputs of a command: camelCase keys, durations in milliseconds, lists never undefined. */
export type Inputs<S extends InputSpecs> = Readonly<{
  [K in keyof S as Camel<K & string>]: Always<S[K]> extends true ? Value<S[K]> : Value<S[K]> | undefined;
}>;

type Camel<T extends string> = T extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : T;

export interface Command<S extends InputSpecs = InputSpecs> {
  readonly name: string;
  /** Folder of its wing, below src/ and below src/commands/. */
  readonly wing: string;
  /** Under 100 characters; the action's description. */
  readonly summary: string;
  /** Paragraphs of Markdown for the README and reference page. */
  readonly description: string;
  /** icon and colour of the action: https://docs.github.com/actions/reference/metadata-syntax#branding */
  readonly branding: { readonly icon: string; readonly color: string };
  readonly inputs: S;
  /** Output name → what it holds. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What each exit code means for this command, beyond the common table. */
  readonly exits: Partial<Readonly<Record<ExitCode, string>>>;
  /** Complete example invocations; each is checked against the inputs by the generator. */
  readonly examples: { readonly cli: readonly string[]; readonly workflow: string };
  /**
   * Whether an action run of it can leave something behind that a post step must clean up (locks,
   * scratch servers).
   */
  readonly cleansUp?: boolean;
  run(inputs: Inputs<S>, ports: Ports): Promise<Outcome>;
}

/** Keeps the literal types of the inputs, so that `run` gets a typed object. */
export function defineCommand<const S extends InputSpecs>(command: Command<S>): Command<S> {
  return command;
}
