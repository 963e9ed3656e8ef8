import type { Command, InputSpec } from "../../commands/define.ts";
import { COMMON_FLAGS } from "../inputs/argv.ts";
import { flagMeaning, presence, valueShape } from "./describe.ts";

/** Folds text at spaces so that no line is longer than `width` columns. */
export function fold(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    if (line !== "" && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(indent + line);
  return lines.join("\n");
}

/** `release plan` of `release-plan`: both are taken. */
export function asWords(name: string): string {
  return name.replace("-", " ");
}

/** Commands with what each is for, a line each. */
export function commandLines(
  commands: readonly Command[],
  spelled: (name: string) => string = (name) => name,
): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return commands.map(({ name, summary }) => `  ${spelled(name).padEnd(width)}  ${summary}`).join("\n");
}

/** `holdfast help <the first word of several commands>`. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  return `Usage: holdfast ${group} <command> [options]

Commands:
${commandLines(commands, asWords)}

holdfast help ${asWords(commands[0]?.name ?? group)}, for one, shows a command's options.
`;
}

/** `holdfast help`: the menu. */
export function menuHelp(menu: readonly Command[], version: string): string {
  return `holdfast ${version}: backups of PostgreSQL that you can prove, and restore

Usage: holdfast <command> [options]

Commands:
${commandLines(menu)}

holdfast help <command>, or holdfast <command> --help, shows a command's options.

Options can also be given as HOLDFAST_<NAME> in the environment (--store-secret: HOLDFAST_STORE_SECRET),
secrets also as --<name>-file PATH (- is standard input) or HOLDFAST_<NAME>_FILE. Guards such as --confirm,
and what says how much is replaced, are never taken from the environment.

Exit codes: 0 done or verdict good, 1 bug, 2 inputs wrong, 3 verdict says no, 4 something outside failed,
            5 integrity, 6 locked by another run, 7 refused without confirmation
`;
}

/** `holdfast help <command>`. */
export function commandHelp(command: Command, width = 100): string {
  const inputs = Object.entries(command.inputs).filter(([, spec]) => spec.only !== "action");
  const common = Object.entries(COMMON_FLAGS).map(
    ([name, text]) => `  --${name === "color" ? "no-color" : name}\n${fold(plain(text), width, "      ")}`,
  );
  const required = inputs
    .filter(([, spec]) => spec.required === true)
    .map(([name, spec]) => `--${name} ${valueShape(spec)}`);
  const exits = Object.entries(command.exits).map(([code, text]) => `  ${code}  ${plain(text)}`);
  return `holdfast ${command.name}: ${command.summary}

Usage: holdfast ${command.name} ${[...required, "[options]"].join(" ")}

Options:
${inputs.map(([name, spec]) => optionHelp(name, spec, width)).join("\n")}

Common options:
${common.join("\n")}

Exit codes (besides the common ones):
${exits.join("\n")}

Examples:
${command.examples.cli.map((example) => `  ${example}`).join("\n")}
`;
}

function optionHelp(name: string, spec: InputSpec, width: number): string {
  const isOn = spec.type === "boolean" && spec.default;
  const flag = [`--${isOn ? `no-${name}` : name}`, valueShape(spec)].filter((part) => part !== "").join(" ");
  const file = spec.type === "secret" ? `, --${name}-file <path>` : "";
  const shown = presence(spec);
  const note =
    spec.type === "boolean" || shown === ""
      ? ""
      : shown === "required"
        ? " (required)"
        : ` (default: ${shown})`;
  return `  ${flag}${file}${note}\n${fold(plain(flagMeaning(spec)), width, "      ")}`;
}

/** Help is read on a screen: the back-ticks of the documents are left out. */
function plain(text: string): string {
  return text.replaceAll("`", "").replace(/\[([^[\]]+)\]\([^()[\]]+\)/g, "$1");
}
