import { isatty } from "node:tty";
import type { Command, Json, Outcome } from "../../commands/define.ts";
import type { Annotation } from "../../kernel/outcome.ts";
import { MENU } from "../../commands/menu.ts";
import { EXIT } from "../../kernel/errors.ts";
import { printable } from "../../kernel/printable.ts";
import { Redactor } from "../../kernel/redact.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Log } from "../../ports/log.ts";
import { describeFailure, failureText, type Failure } from "../process/failure.ts";
import { actionMissingHint, inActionWords } from "../inputs/missing-hint.ts";
import { parseInputs } from "../inputs/parse-inputs.ts";
import { secretsOf } from "../inputs/mask.ts";
import { tuneMemory } from "../process/memory.ts";
import { coveredOutputs, redactJson } from "../output/redact-json.ts";
import { failureMarkdown, reportMarkdown } from "../output/report-markdown.ts";
import { rememberingLog, withoutSaid } from "../output/said.ts";
import { reportText } from "../output/report-text.ts";
import { actionRun } from "../process/run-identity.ts";
import { secretFileReader } from "../inputs/secret-files.ts";
import { collectAction, type Collected } from "../inputs/sources.ts";
import { crashLoudly, leaveSoon, setExitCode, stopOnSignals } from "../process/stopping.ts";
import type { JobRunner } from "../wire.ts";

/** https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idoutputs */
const OUTPUT_BYTES_MAX = 1_000_000;

/**
 * The runner shows ten errors and ten warnings of a step; more would only push each other out.
 * https://docs.github.com/actions/reference/limits
 */
const ANNOTATIONS_MAX = 50;

/** Which step of an action this process is. */
export type ActionPhase = "main" | "post";

/**
 * One step of an action, as the runner starts it. Sets outputs, annotations, the job summary and
 * `process.exitCode`; never throws.
 *
 * @param name the command
 */
export async function runAction(name: string, phase: ActionPhase): Promise<void> {
  tuneMemory();
  const redactor = new Redactor();
  const redact = (text: string): string => redactor.redact(text);
  let cancelled: AbortSignal | undefined;
  let stage: Stage | undefined;
  crashLoudly(process, (error) => tellFailure(name, describeFailure(error, redact), stage));
  try {
    const command = MENU.find((entry) => entry.name === name);
    if (command === undefined) throw new Error(`there is no command '${name}'`);
    const collected = await collectAction(command.inputs, process.env, secretFileReader(process.stdin));
    const { actionRunner } = await import("../wire.ts");
    const { runner, log } = await actionRunner(process.env, redactor);
    stage = { runner, log };
    maskSecrets(command, collected, runner, redactor);
    cancelled = stopOnSignals(process, (text) => log.warn(text), {
      hasTerminal: [0, 1, 2].some((stream) => isatty(stream)),
    });
    if (phase === "post") await post(collected, { command, redactor, cancelled, ...stage });
    else await main(collected, { command, redactor, cancelled, ...stage });
  } catch (error) {
    const failure = ofAction(name, describeFailure(error, redact, cancelled?.aborted ?? false));
    setExitCode(process, failure.exit);
    tellFailure(name, failure, stage);
    if (stage !== undefined) await summarize(stage, failureMarkdown(name, failure));
  } finally {
    leaveSoon(process);
  }
}

/** Hints are written once, for the command line. */
function ofAction(name: string, failure: Failure): Failure {
  const specs = MENU.find((entry) => entry.name === name)?.inputs ?? {};
  return {
    ...failure,
    message: inActionWords(failure.message, specs),
    hint: failure.hint === undefined ? undefined : inActionWords(failure.hint, specs),
  };
}

/** In the log with all details, and as an annotation of the run. */
function tellFailure(name: string, failure: Failure, stage: Stage | undefined): void {
  if (stage === undefined) {
    process.stdout.write(failureText(failure, { verbose: true, color: false }));
    return;
  }
  stage.log.info(failureText(failure, { verbose: process.env["RUNNER_DEBUG"] === "1", color: false }));
  const hint = failure.hint === undefined ? "" : `\n${failure.hint}`;
  stage.runner.annotate(
    `holdfast ${name}`,
    `${failure.message}${hint}\n(${failure.code}, exit code ${failure.exit})`,
  );
}

interface Stage {
  readonly runner: JobRunner;
  readonly log: Log;
}

interface Acting extends Stage {
  readonly command: Command;
  readonly redactor: Redactor;
  readonly cancelled: AbortSignal;
}

async function main(collected: Collected, acting: Acting): Promise<void> {
  const { command, redactor } = acting;
  const inputs = parseInputs(
    command.inputs,
    collected.given,
    (input) => `input '${input}'`,
    collected.problems,
    actionMissingHint,
  );
  const { log, said } = rememberingLog(acting.log);
  const ports = await portsOf({ ...acting, log });
  if (command.cleansUp === true) await (await import("../wire.ts")).sweepPrivateFolders(acting.log);
  const outcome = await command.run(inputs, ports);
  tell(command, outcome, acting, said);
  await summarize(acting, redactor.redact(reportMarkdown(command.name, outcome.report)));
  setExitCode(process, outcome.exit);
}

/**
 * The post step: only cleans up, and a store that cannot be asked any more is a warning, not a second failure
 * of the job.
 */
async function post(collected: Collected, acting: Acting): Promise<void> {
  const { runner, log, redactor } = acting;
  const text = (name: string): string => collected.given.get(name)?.texts[0]?.trim() ?? "";
  try {
    const [{ cleanUp }, { sweepPrivateFolders }, ports] = await Promise.all([
      import("../../commands/backups/clean-up.ts"),
      import("../wire.ts"),
      portsOf(acting),
    ]);
    await sweepPrivateFolders(log);
    await cleanUp(
      (key) => runner.recall(key),
      () =>
        ports.openStore(
          text("store"),
          text("store-secret") === "" ? undefined : new Secret(text("store-secret")),
        ),
      log,
    );
  } catch (error) {
    log.warn(
      `could not clean up: ${failureText(
        describeFailure(error, (line) => redactor.redact(line)),
        { verbose: true, color: false },
      )}`,
    );
  }
}

async function portsOf({ runner, log, redactor, cancelled }: Acting): Promise<Parameters<Command["run"]>[1]> {
  const { makePorts } = await import("../wire.ts");
  return makePorts({
    surface: "action",
    env: process.env,
    log,
    redactor,
    cancelled,
    run: actionRun(process.env),
    runner,
  });
}

/** Before anything else can print: every secret, its lines and its telling parts. */
function maskSecrets(command: Command, collected: Collected, runner: JobRunner, redactor: Redactor): void {
  for (const part of secretsOf(command.inputs, collected.given, process.env)) {
    runner.mask(part);
    redactor.add(part);
  }
}

function tell(
  command: Command,
  outcome: Outcome,
  { runner, log, redactor }: Acting,
  said: ReadonlySet<string>,
): void {
  const outputs = redactJson(outcome.outputs, redactor);
  for (const warning of coveredOutputs(outcome.outputs, outputs)) log.warn(warning);
  for (const [name, value] of Object.entries(outputs)) {
    const text = outputText(value);
    const fits = Buffer.byteLength(text) <= OUTPUT_BYTES_MAX;
    if (!fits) {
      log.warn(
        `output '${name}' is left empty: it is larger than the 1 MB the runner takes; narrow the selection`,
      );
    }
    runner.output(name, fits ? text : "");
  }
  log.info(reportText(withoutSaid(outcome.report, said)));
  annotate(outcome.annotations ?? [], { runner, text: (words) => printable(redactor.redact(words)) });
  if (outcome.exit !== EXIT.done) {
    runner.annotate(`holdfast ${command.name}`, printable(redactor.redact(outcome.report.headline)));
  }
}

/** As many as are shown; what is left out is told by its number. */
function annotate(
  annotations: readonly Annotation[],
  { runner, text }: { readonly runner: JobRunner; readonly text: (words: string) => string },
): void {
  const more = annotations.length - ANNOTATIONS_MAX;
  const shown = more > 0 ? annotations.slice(0, ANNOTATIONS_MAX - 1) : annotations;
  for (const { level, title, message, file, line } of shown) {
    const place = file === undefined ? {} : { file: text(file), ...(line === undefined ? {} : { line }) };
    runner.annotateLine({ level, title: text(title), message: text(message), ...place });
  }
  if (more > 0) {
    const message = `${more + 1} more are not marked here; they are in the summary and the outputs`;
    runner.annotateLine({ level: "notice", title: "more", message });
  }
}

/** Texts and numbers as they are, everything else as JSON. */
function outputText(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A summary that cannot be written (file gone, too large) must not change how the run ended. */
async function summarize({ runner, log }: Stage, markdown: string): Promise<void> {
  try {
    await runner.summarize(markdown);
  } catch (error) {
    log.warn(
      `the job summary could not be written: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
