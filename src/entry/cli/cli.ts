import { isatty } from "node:tty";
import type { Command, Outcome } from "../../commands/define.ts";
import { MENU } from "../../commands/menu.ts";
import { EXIT, HoldfastError } from "../../kernel/errors.ts";
import { Redactor } from "../../kernel/redact.ts";
import { parseArgv, type ParsedArgv } from "../inputs/argv.ts";
import { describeFailure, failureJson, failureText } from "../process/failure.ts";
import { asWords, commandHelp, commandLines, groupHelp, menuHelp } from "./help.ts";
import { tuneMemory } from "../process/memory.ts";
import { variableName } from "../inputs/missing-hint.ts";
import { parseInputs } from "../inputs/parse-inputs.ts";
import { secretParts, secretsOf } from "../inputs/mask.ts";
import { rememberingLog, withoutSaid } from "../output/said.ts";
import { redactJson, redactReport } from "../output/redact-json.ts";
import { reportText } from "../output/report-text.ts";
import { cliRun } from "../process/run-identity.ts";
import { secretFileReader } from "../inputs/secret-files.ts";
import { collectCli } from "../inputs/sources.ts";
import type { Environment } from "../inputs/environment.ts";
import { crashLoudly, leaveSoon, setExitCode, stopOnSignals, survivePipe } from "../process/stopping.ts";
import { nearest } from "../../kernel/suggest.ts";
import { VERSION } from "../process/version.ts";

/**
 * The command line: standard output carries the product (with `--json` the outputs as one object), standard
 * error everything for people. Sets `process.exitCode` and returns; never throws.
 *
 * @param argv the arguments after the program's name
 */
export async function runCli(argv: readonly string[]): Promise<void> {
  tuneMemory();
  const { env, stderr, stdout } = process;
  const redactor = new Redactor();
  const redact = (text: string): string => redactor.redact(text);
  const broken = (error: Error): void => {
    stderr.write(
      `error: what there was to tell could not be written to standard output: ${error.message}\n` +
        "hint: What the command did, it did; see where its output goes.\n",
    );
    setExitCode(process, EXIT.outside);
  };
  crashLoudly(process, (error) =>
    stderr.write(failureText(describeFailure(error, redact), { verbose: true, color: false })),
  );
  survivePipe(stdout, broken);
  survivePipe(stderr, () => setExitCode(process, EXIT.outside));
  const style = {
    json: argv.includes("--json"),
    verbose: argv.includes("--verbose"),
    color: useColor(argv, env),
  };
  let cancelled: AbortSignal | undefined;
  try {
    const chosen = choose(argv);
    if ("text" in chosen) {
      stdout.write(chosen.text);
      return;
    }
    const args = parseArgv(chosen.command.inputs, chosen.args);
    if (args.exposed.length > 0) hideArguments(args, redactor);
    cancelled = stopOnSignals(process, (text) => stderr.write(`\n${text}\n`), {
      hasTerminal: [0, 1, 2].some((stream) => isatty(stream)),
    });
    const { outcome, said } = await perform(chosen.command, args, { redactor, cancelled, ...style });
    show({ ...outcome, report: withoutSaid(outcome.report, said) }, { ...style, redactor });
    setExitCode(process, outcome.exit);
  } catch (error) {
    const failure = describeFailure(error, redact, cancelled?.aborted ?? false);
    if (style.json) stdout.write(failureJson(failure));
    stderr.write(failureText(failure, style));
    setExitCode(process, failure.exit);
  } finally {
    leaveSoon(process);
  }
}

interface Performing {
  readonly redactor: Redactor;
  readonly cancelled: AbortSignal;
  readonly verbose: boolean;
  readonly color: boolean;
}

async function perform(
  command: Command,
  args: ParsedArgv,
  how: Performing,
): Promise<{ readonly outcome: Outcome; readonly said: ReadonlySet<string> }> {
  const { redactor, color, verbose } = how;
  const { env, stderr } = process;
  const { given, problems } = await collectCli(command.inputs, args, env, secretFileReader(process.stdin));
  for (const part of secretsOf(command.inputs, given, env)) redactor.add(part);
  const inputs = parseInputs(command.inputs, given, (name) => `--${name}`, problems);
  const { cliLog, makePorts, sweepPrivateFolders } = await import("../wire.ts");
  const live = stderr.isTTY && env["TERM"] !== "dumb" && (env["CI"] ?? "") === "";
  const { log, said } = rememberingLog(cliLog(stderr, { color, live, verbose, redactor }));
  for (const name of args.exposed) {
    log.warn(
      `--${name} stands on the command line, where other users of this machine can read it; ` +
        `give it as ${variableName(name)} or --${name}-file`,
    );
  }
  if (command.cleansUp === true) await sweepPrivateFolders(log);
  const ports = makePorts({
    surface: "cli",
    env,
    log,
    redactor,
    cancelled: how.cancelled,
    run: cliRun(env, process.pid),
  });
  return { outcome: await command.run(inputs, ports), said };
}

function show(
  outcome: Outcome,
  how: { readonly json: boolean; readonly color: boolean; readonly redactor: Redactor },
): void {
  // The product is not redacted: a new key is shown because it was asked for.
  if (how.json) process.stdout.write(`${JSON.stringify(redactJson(outcome.outputs, how.redactor))}\n`);
  else if (outcome.product !== undefined) {
    process.stdout.write(outcome.product.endsWith("\n") ? outcome.product : `${outcome.product}\n`);
  }
  const report = redactReport(outcome.report, how.redactor);
  process.stderr.write(
    how.redactor.redact(reportText(report, { color: how.color, columns: terminalColumns() })),
  );
}

/** A terminal that does not know its own width says 0. */
function terminalColumns(): number | undefined {
  const { isTTY, columns } = process.stderr;
  return isTTY && columns > 0 ? columns : undefined;
}

type Chosen = { readonly command: Command; readonly args: readonly string[] } | { readonly text: string };

/**
 * What the arguments ask for: a command, or a text. A name of two words may be written as two
 * (`settings check`): no command takes a word that belongs to no option.
 *
 * @throws input.unknown, input.missing
 */
export function choose(argv: readonly string[]): Chosen {
  const [first, ...rest] = argv;
  if (first === undefined) return fail();
  if (first === "--help" || first === "-h") return { text: menuHelp(MENU, VERSION) };
  if (first === "--version" || first === "version") return { text: `${VERSION}\n` };
  const isHelp = first === "help";
  const name = isHelp ? rest.find((word) => !word.startsWith("-")) : first;
  if (name === undefined) return { text: menuHelp(MENU, VERSION) };
  const words = isHelp ? rest.slice(rest.indexOf(name) + 1) : rest;
  const pair = MENU.find((entry) => entry.name === `${name}-${words[0]}`);
  const command = pair ?? MENU.find((entry) => entry.name === name);
  if (command === undefined) return group(name, words, isHelp) ?? fail(name, words[0]);
  if (isHelp) return { text: commandHelp(command) };
  const args = pair === undefined ? rest : rest.slice(1);
  const { common } = parseArgv(command.inputs, args);
  if (common.help === true) return { text: commandHelp(command) };
  if (common.version === true) return { text: `${VERSION}\n` };
  return { command, args };
}

/**
 * The commands that begin with a word, where it stands alone: asked for they are listed, and else one of them
 * was forgotten. Undefined where no command begins so, or another word follows.
 *
 * @throws input.missing
 */
function group(name: string, words: readonly string[], isHelp: boolean): Chosen | undefined {
  const commands = MENU.filter((entry) => entry.name.startsWith(`${name}-`));
  const isAlone = words[0]?.startsWith("-") ?? true;
  if (commands.length === 0 || !isAlone) return undefined;
  if (isHelp || words.some((word) => word === "--help" || word === "-h")) {
    return { text: groupHelp(name, commands) };
  }
  throw new HoldfastError("input.missing", `of the commands of holdfast ${name} none was named`, {
    hint: `Name one of these:\n${commandLines(commands, asWords)}`,
  });
}

/** @param next what stands behind the name: half of one that is written as two words, or anything else */
function fail(name?: string, next?: string): never {
  const names = MENU.map((command) => command.name);
  const hint = `Commands are ${names.join(", ")}; run holdfast help to see what they do.`;
  if (name === undefined) throw new HoldfastError("input.missing", "no command was given", { hint });
  // Somebody who pastes a URL as the command must not find its password in a log.
  const isPlain = (word: string | undefined): boolean => /^[\w.][\w.-]{0,23}$/.test(word ?? "");
  const pair = isPlain(name) && isPlain(next) ? nearest(`${name} ${next}`, names.map(asWords)) : undefined;
  // Half of a name that the documents write as two words stands for it too.
  const halves = names.map((each) => [each.split("-")[0] ?? "", asWords(each)] as const);
  const meant = new Map([...halves, ...names.map((each) => [each, each] as const)]);
  const near = pair ?? meant.get(nearest(name, [...meant.keys()]) ?? "");
  const typed = pair === undefined ? name : `${name} ${next}`;
  const shown = isPlain(name) ? ` '${typed}'` : " of that name";
  throw new HoldfastError(
    "input.unknown",
    `there is no command${shown}${near === undefined ? "" : `; did you mean ${near}?`}`,
    { hint },
  );
}

/**
 * Process lists read the memory that held the arguments, which the title overwrites:
 * https://nodejs.org/api/process.html#processtitle
 */
function hideArguments(args: ParsedArgv, redactor: Redactor): void {
  process.title = "holdfast";
  for (const name of args.exposed) {
    for (const text of args.given.get(name)?.texts ?? []) {
      for (const part of secretParts(text)) redactor.add(part);
    }
  }
}

/** https://no-color.org, and the flag. */
function useColor(argv: readonly string[], env: Environment): boolean {
  const unwanted = argv.includes("--no-color") || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return !unwanted && process.stderr.isTTY;
}
