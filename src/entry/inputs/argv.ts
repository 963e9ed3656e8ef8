import type { InputSpecs } from "../../commands/define.ts";
import type { Given, Problem } from "./given.ts";
import { nearest } from "../../kernel/suggest.ts";

/** Flags every command has; they are about the program, not about the work. */
export const COMMON_FLAGS: Readonly<Record<string, string>> = {
  json: "Print one JSON object, the outputs, on standard output and nothing else there.",
  verbose: "Show debug messages and the causes of errors.",
  color: "No colours; so does the variable NO_COLOR.",
  help: "Show help for the command.",
  version: "Show the version of Holdfast.",
};

/** A command line taken apart, before any value is understood. */
export interface ParsedArgv {
  /** Inputs by name. */
  readonly given: Map<string, Given>;
  /** Secrets to be read from files (`-` = standard input), by input name. */
  readonly files: Map<string, Given>;
  readonly common: Readonly<Partial<Record<"json" | "verbose" | "color" | "help" | "version", boolean>>>;
  readonly problems: readonly Problem[];
  /** Secrets whose value itself stood on the command line. */
  readonly exposed: readonly string[];
}

/**
 * Takes the arguments after the command's name apart: `--name value`, `--name=value`, `--flag`, `--no-flag`.
 * A value that itself begins with `--` must be written with `=`. Every problem is collected instead of
 * stopping at the first.
 */
export function parseArgv(specs: InputSpecs, args: readonly string[]): ParsedArgv {
  const reader = new ArgvReader(specs);
  const queue = [...args];
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) reader.read(arg, queue);
  return reader;
}

class ArgvReader implements ParsedArgv {
  readonly given = new Map<string, Given>();
  readonly files = new Map<string, Given>();
  readonly common: Partial<Record<"json" | "verbose" | "color" | "help" | "version", boolean>> = {};
  readonly problems: Problem[] = [];
  readonly exposed: string[] = [];
  readonly #specs: InputSpecs;

  constructor(specs: InputSpecs) {
    this.#specs = specs;
  }

  read(arg: string, queue: string[]): void {
    if (arg === "-h" || arg === "-?") {
      this.common.help = true;
      return;
    }
    if (!arg.startsWith("--") || arg === "--") {
      this.#unexpected(arg);
      return;
    }
    const equals = arg.indexOf("=");
    const name = arg.slice(2, equals < 0 ? undefined : equals);
    const inline = equals < 0 ? undefined : arg.slice(equals + 1);
    if (this.#readFlag(name, inline) || this.#readNamed(name, inline, queue)) return;
    const near = nearest(name, this.#names());
    // A mistyped option that expects a value must not make its value a second problem.
    if (inline === undefined && queue[0] !== undefined && !queue[0].startsWith("--")) queue.shift();
    this.problems.push({
      code: "input.unknown",
      message: `there is no option --${name}${near === undefined ? "" : `; did you mean --${near}?`}`,
      hint: "Run the command with --help to see its options.",
    });
  }

  #unexpected(arg: string): void {
    // Its value without the option, as other programs have commands of their own: `protect plan`.
    const meant = Object.entries(this.#specs).find(
      ([name, spec]) =>
        spec.type === "choice" && this.#offered(name) !== undefined && spec.choices.includes(arg),
    );
    if (meant !== undefined) {
      this.problems.push({
        code: "input.unknown",
        message: `unexpected argument '${arg}'; did you mean --${meant[0]} ${arg}?`,
        hint: "Options are written --name value or --name=value; quote values that hold spaces.",
      });
      return;
    }
    this.problems.push({
      code: "input.unknown",
      // Something pasted in the wrong place may be a password: only what looks like a plain word is repeated.
      message: /^[\w.-]{1,24}$/.test(arg)
        ? `unexpected argument '${arg}'`
        : "unexpected argument (not shown, it could be a secret)",
      hint: "Options are written --name value or --name=value; quote values that hold spaces.",
    });
  }

  #readFlag(name: string, inline: string | undefined): boolean {
    const positive = name.startsWith("no-") ? name.slice(3) : name;
    for (const [flag, value] of [
      [name, true],
      [positive, false],
    ] as const) {
      if (flag === name && !value) continue;
      const spec = this.#offered(flag);
      // What a command calls its own is its own: `deploy --version v1.3.0`.
      const isCommon = Object.hasOwn(COMMON_FLAGS, flag) && spec === undefined;
      if (!isCommon && spec?.type !== "boolean") continue;
      if (isCommon && inline === undefined) this.common[flag as "json"] = value;
      else if (isCommon) this.problems.push({ code: "input.malformed", message: `--${name} takes no value` });
      else if (inline !== undefined && !value) {
        this.problems.push({ code: "input.malformed", message: `--${name} takes no value` });
      } else this.given.set(flag, { texts: [inline ?? String(value)], origin: `--${name}` });
      return true;
    }
    return false;
  }

  #readNamed(name: string, inline: string | undefined, queue: string[]): boolean {
    const base = name.endsWith("-file") ? name.slice(0, -"-file".length) : undefined;
    const fromFile =
      this.#offered(name) === undefined && base !== undefined && this.#offered(base)?.type === "secret";
    const spec = this.#offered(fromFile ? base : name);
    if (spec === undefined) return false;
    const value = inline ?? (queue[0]?.startsWith("--") === true ? undefined : queue.shift());
    if (value === undefined || value === "") {
      this.problems.push({ code: "input.malformed", message: `--${name} needs a value` });
      return true;
    }
    const target = fromFile ? this.files : this.given;
    const key = fromFile ? base : name;
    const before = target.get(key);
    if (before !== undefined && spec.type !== "list") {
      this.problems.push({ code: "input.conflict", message: `--${name} is given more than once` });
      return true;
    }
    if (spec.type === "secret" && !fromFile) this.exposed.push(name);
    target.set(key, { texts: [...(before?.texts ?? []), value], origin: `--${name}` });
    return true;
  }

  #offered(name: string): InputSpecs[string] | undefined {
    const spec = Object.hasOwn(this.#specs, name) ? this.#specs[name] : undefined;
    return spec?.only === "action" ? undefined : spec;
  }

  #names(): string[] {
    const own = Object.keys(this.#specs).filter((name) => this.#offered(name) !== undefined);
    const files = own.filter((name) => this.#specs[name]?.type === "secret").map((name) => `${name}-file`);
    return [...own, ...files, ...Object.keys(COMMON_FLAGS)];
  }
}
