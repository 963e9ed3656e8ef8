import type { Command } from "../../commands/define.ts";
import { variableName } from "../../entry/inputs/missing-hint.ts";
import { ERRORS, EXIT } from "../../kernel/errors.ts";
import { ENVIRONMENT } from "./environment.ts";
import { cell, EXIT_MEANINGS, exitsTable, GENERATED_MARKDOWN, inputsTable, outputsTable } from "./tables.ts";

/** `actions/<command>/README.md`. */
export function actionReadme(command: Command): string {
  return `${GENERATED_MARKDOWN}
# truststream/holdfast/actions/${command.name}

${command.summary}.

${command.description}

## Usage

\`\`\`yaml
${command.examples.workflow.trimEnd()}
\`\`\`

## Inputs

${inputsTable(command, "action")}

Secrets may also be given as environment variables of the step: ${secretVariables(command)}.

## Outputs

${outputsTable(command)}

The step also writes a job summary and, when something is wrong, an annotation. It fails with
these exit codes:

${exitsTable(command)}

The same command runs anywhere as \`holdfast ${command.name}\`: see [the
reference](../../docs/reference/${command.name}.md).
`;
}

function secretVariables(command: Command): string {
  const names = Object.entries(command.inputs)
    .filter(([, spec]) => spec.type === "secret")
    .map(([name]) => `\`${variableName(name)}\``);
  return names.length === 0 ? "this command takes none" : names.join(", ");
}

/** `docs/reference/<command>.md`. */
export function referencePage(command: Command): string {
  return `${GENERATED_MARKDOWN}
# holdfast ${command.name}

${command.summary}.

${command.description}

## Options

${inputsTable(command, "cli")}

Every option not marked otherwise can be given as \`HOLDFAST_<NAME>\` in the environment; [common
options](README.md#common-options) come on top. The action \`truststream/holdfast/actions/${command.name}@v1\`
has [the same inputs](../../actions/${command.name}/README.md).

## Outputs

\`--json\` prints these as one JSON object ([schema](${command.name}.schema.json)); the action sets them
as step outputs.

${outputsTable(command)}

## Exit codes

${exitsTable(command)}

## Examples

\`\`\`sh
${command.examples.cli.join("\n")}
\`\`\`

\`\`\`yaml
${command.examples.workflow.trimEnd()}
\`\`\`
`;
}

/** A table of all commands, for the reference's front page and the README. */
export function commandsTable(menu: readonly Command[], prefix: string): string {
  const rows = menu.map(
    (command) =>
      `| [\`holdfast ${command.name}\`](${prefix}${command.name}.md) ` +
      `| \`truststream/holdfast/actions/${command.name}@v1\` | ${cell(command.summary)} |`,
  );
  return ["| command | action | what it does |", "|---|---|---|", ...rows].join("\n");
}

/** `docs/reference/README.md`. */
export function referenceIndex(
  menu: readonly Command[],
  commonFlags: Readonly<Record<string, string>>,
): string {
  const flags = Object.entries(commonFlags).map(
    ([name, text]) => `| \`--${name === "color" ? "no-color" : name}\` | ${cell(text)} |`,
  );
  const exits = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`);
  return `${GENERATED_MARKDOWN}
# Reference

Every command exists twice from one definition: as an action and on the command line, with the same names for
inputs and options.

${commandsTable(menu, "")}

## How inputs are read

Each input is looked for in this order: the option (or the action's input), the variable \`HOLDFAST_<NAME>\`
(\`store-secret\` is \`HOLDFAST_STORE_SECRET\`), the default. In Actions the runner fills in defaults
itself, so there the variables only count for inputs without one. Secrets can also be read from a file:
\`--<name>-file PATH\`, \`-\` being standard input, or \`HOLDFAST_<NAME>_FILE\`. A secret given as an option
works, with a warning: other users of the machine can read it in the list of processes.

Guards and choices of what is replaced (\`confirm\`, \`safety-backup\`, \`tables\`, \`before\` and others,
marked in the tables) are never taken from the environment: a run that finds such a variable set is refused.

Everything wrong with the inputs is reported together, before anything is touched. Lists take commas, line
breaks, or the option repeated. Durations need a unit: \`45s\`, \`30m\`, \`1h30m\`, \`7d\`, \`2w\`. A day
given as an instant means the end of that day in UTC.

## Common options

| option | meaning |
|---|---|
${flags.join("\n")}

With \`--json\` a failure prints \`{"error":{"code","message","hint","exit"}}\`; the codes are explained in
[errors](errors.md).

## Exit codes

| exit | meaning |
|---|---|
${exits.join("\n")}

The first Ctrl-C (SIGINT), SIGTERM or SIGHUP (its terminal is gone; nohup keeps a run going) stops the work
and cleans up; a second SIGINT or SIGTERM ends the process at once with 130 or 143.

## Environment variables

| variable | meaning |
|---|---|
${ENVIRONMENT.map(([name, text]) => `| ${name} | ${cell(text)} |`).join("\n")}

## Formats

[Manifest](manifest.schema.json) and [receipt](receipt.schema.json) as JSON Schema; every byte Holdfast leaves
behind is explained in [formats](../formats.md).
`;
}

/** `docs/reference/errors.md`, from the table every error comes from. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { kind, meaning }]) => `| \`${code}\` | ${EXIT[kind]} | ${cell(meaning)} |`,
  );
  return `<!-- Generated by \`npm run generate\` from src/kernel/errors.ts; edit there. -->
# Errors

Every error has a code, a message with the value that was wrong, and nearly always a hint saying what to do.
A verdict that says no (exit 3) is not an error: it is a result, with outputs. Anything that is not in this
table is a bug (exit 1): please report it.

| code | exit | meaning |
|---|---|---|
${rows.join("\n")}
`;
}
