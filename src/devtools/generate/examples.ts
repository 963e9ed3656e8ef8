import { parse } from "yaml";
import type { Command } from "../../commands/define.ts";
import { parseArgv } from "../../entry/inputs/argv.ts";
import { parseInputs } from "../../entry/inputs/parse-inputs.ts";
import type { Given } from "../../entry/inputs/given.ts";
import { collectAction, collectCli, inputVariable } from "../../entry/inputs/sources.ts";

/**
 * Parses every example as the real thing would, so that documentation cannot lie.
 *
 * @throws Error naming the command and the example
 */
export async function checkExamples(command: Command): Promise<void> {
  if (command.examples.cli.length === 0) {
    throw new Error(`${command.name}: needs an example for the command line`);
  }
  for (const example of command.examples.cli) {
    await naming(`${command.name}: example '${example}'`, () => checkCli(command, example));
  }
  await naming(`${command.name}: workflow example`, () => checkWorkflow(command));
}

async function naming(what: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function checkCli(command: Command, example: string): Promise<void> {
  if (/[\\"'$|;&`]/.test(example)) throw new Error("is not a plain command: no quotes, variables or pipes");
  const words = example.split(/\s+/);
  const env: Record<string, string> = {};
  while (/^[A-Z_]+=/.test(words[0] ?? "")) {
    const [word = ""] = words.splice(0, 1);
    env[word.slice(0, word.indexOf("="))] = word.slice(word.indexOf("=") + 1);
  }
  const [program, name, ...args] = words;
  if (program !== "holdfast" || name !== command.name) {
    throw new Error(`does not begin with 'holdfast ${command.name}'`);
  }
  const { given, problems } = await collectCli(command.inputs, parseArgv(command.inputs, args), env, () =>
    Promise.resolve("from a file"),
  );
  parseInputs(command.inputs, given, (input) => `--${input}`, problems);
}

interface Workflow {
  readonly jobs?: Readonly<
    Record<
      string,
      {
        readonly steps?: readonly {
          readonly uses?: string;
          readonly with?: Readonly<Record<string, unknown>>;
        }[];
      }
    >
  >;
}

async function checkWorkflow(command: Command): Promise<void> {
  const workflow = parse(command.examples.workflow) as Workflow;
  const steps = Object.values(workflow.jobs ?? {}).flatMap((job) => job.steps ?? []);
  const own = steps.filter((step) => step.uses === `truststream/holdfast/actions/${command.name}@v1`);
  if (own.length === 0) {
    throw new Error(`has no step that uses truststream/holdfast/actions/${command.name}@v1`);
  }
  for (const step of own) {
    const env = Object.fromEntries(
      Object.entries(step.with ?? {}).map(([input, value]) => [inputVariable(input), String(value)]),
    );
    const unknown = Object.keys(step.with ?? {}).filter((input) => !Object.hasOwn(command.inputs, input));
    if (unknown.length > 0) throw new Error(`has unknown inputs: ${unknown.join(", ")}`);
    const { given, problems } = await collectAction(command.inputs, env, () => Promise.resolve(""));
    parseInputs(command.inputs, withoutExpressions(command, given), (input) => `input '${input}'`, problems);
  }
}

/** What an expression will give is not known here; an input's own example stands in for it. */
function withoutExpressions(command: Command, given: ReadonlyMap<string, Given>): ReadonlyMap<string, Given> {
  return new Map(
    [...given].map(([name, { texts, origin }]) => [
      name,
      {
        origin,
        texts: texts.map((text) =>
          text.includes("${{") ? (command.inputs[name]?.example ?? "unknown") : text,
        ),
      },
    ]),
  );
}
