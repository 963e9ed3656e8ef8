import { EXIT, HoldfastError, isHoldfastError, unknownOutcome, type ExitCode } from "../../kernel/errors.ts";
import { printable, printableLine } from "../../kernel/printable.ts";

/** Where a bug in Holdfast is to be reported. */
export const ISSUES_URL = "https://github.com/truststream/holdfast/issues";

/** A thrown error as it is told to people and machines. */
export interface Failure {
  /** A code of `kernel/errors.ts`, or `bug`. */
  readonly code: string;
  readonly exit: ExitCode;
  readonly message: string;
  readonly hint: string | undefined;
  /** One line for each cause, outermost first. */
  readonly causes: readonly string[];
  /** Only for bugs. */
  readonly stack: string | undefined;
}

/**
 * Understands whatever was thrown.
 *
 * @param cancelled whether the process was asked to stop: then a child that died or a connection that broke
 *   is a consequence, not the news
 */
export function describeFailure(
  error: unknown,
  redact: (text: string) => string,
  cancelled = false,
): Failure {
  if (!(error instanceof HoldfastError)) return describeBug(error, redact);
  const consequence = cancelled && error.kind === "outside" && !isHoldfastError(error, "run.cancelled");
  const told = consequence ? cancellation(error) : withOutcome(error);
  const bug = told.code === "tool.failed" ? bugBehind(told) : undefined;
  if (bug !== undefined) return describeBug(bug, redact, told);
  return {
    code: told.code,
    exit: told.exitCode,
    message: printable(redact(told.message)),
    hint: told.hint === undefined ? undefined : printable(redact(told.hint)),
    causes: causesOf(told).map((cause) => printableLine(redact(cause))),
    stack: undefined,
  };
}

function cancellation(error: HoldfastError): HoldfastError {
  return withOutcome(
    new HoldfastError("run.cancelled", "the run was cancelled", {
      hint: "Run again when ready.",
      cause: error,
    }),
  );
}

/** What may have been done all the same is the news, also where the run was to stop. */
function withOutcome(error: HoldfastError): HoldfastError {
  const open = unknownOutcome(error);
  if (error.code !== "run.cancelled" || open === undefined || open === error) return error;
  return new HoldfastError(error.code, `${error.message}; ${open.message}`, {
    hint: open.hint ?? error.hint,
    cause: error,
  });
}

/**
 * Steps of a restore wrap whatever stops them, to say what became of the target. No program has failed where
 * they wrapped what is no failure of ours nor of the system's: that is a bug, and stays one.
 */
function bugBehind(error: Error): Error | undefined {
  let cause: unknown = error.cause;
  while (isHoldfastError(cause, "tool.failed")) cause = cause.cause;
  if (!(cause instanceof Error) || isHoldfastError(cause)) return undefined;
  const isOfSystem = "code" in cause && typeof cause.code === "string" && !cause.code.startsWith("ERR_");
  return isOfSystem || cause.name === "AbortError" ? undefined : cause;
}

/** @param wrapper what was said of it on its way */
function describeBug(error: unknown, redact: (text: string) => string, wrapper?: HoldfastError): Failure {
  const isError = error instanceof Error;
  const said = wrapper?.hint === undefined ? "" : ` ${printable(redact(wrapper.hint))}`;
  return {
    code: "bug",
    exit: EXIT.bug,
    message: printable(
      redact(
        isError
          ? `${error.name}: ${error.message}`
          : `something that is no error was thrown: ${String(error)}`,
      ),
    ),
    hint: `This is a bug in Holdfast. Please report it with the lines below at ${ISSUES_URL}.${said}`,
    causes: isError ? causesOf(error).map((cause) => printableLine(redact(cause))) : [],
    stack: isError && error.stack !== undefined ? printable(redact(error.stack)) : undefined,
  };
}

function causesOf(error: Error): string[] {
  const causes: string[] = [];
  const seen = new Set<unknown>([error]);
  for (let cause: unknown = error.cause; cause !== undefined && cause !== null && !seen.has(cause);) {
    seen.add(cause);
    if (!(cause instanceof Error)) {
      causes.push(typeof cause === "string" ? cause : (JSON.stringify(cause) ?? typeof cause));
      break;
    }
    const code = isHoldfastError(cause)
      ? ` [${cause.code}]`
      : "code" in cause && typeof cause.code === "string"
        ? ` [${cause.code}]`
        : "";
    causes.push(`${cause.message === "" ? cause.name : cause.message}${code}`);
    // A bundle of errors (every address of a host refused) tells its parts.
    if (cause instanceof AggregateError) {
      causes.push(...cause.errors.map((part) => (part instanceof Error ? part.message : String(part))));
    }
    cause = cause.cause;
  }
  return causes;
}

/** A failure for a screen. Causes only when asked for: they are for those who debug. */
export function failureText(
  failure: Failure,
  options: { readonly verbose: boolean; readonly color: boolean },
): string {
  const paint = (code: string, text: string): string =>
    options.color ? `\u001B[${code}m${text}\u001B[0m` : text;
  const lines = [`${paint("1;31", "error:")} ${failure.message}`];
  if (failure.hint !== undefined) lines.push(`${paint("1", "hint:")} ${failure.hint}`);
  if (options.verbose || failure.code === "bug") {
    lines.push(...failure.causes.map((cause) => `cause: ${cause}`));
  }
  if (failure.stack !== undefined) lines.push(failure.stack);
  lines.push(paint("2", `(${failure.code}, exit code ${failure.exit})`));
  return `${lines.join("\n")}\n`;
}

/** A failure for machines: what `--json` prints instead of the outputs. */
export function failureJson({ code, message, hint, exit }: Failure): string {
  return `${JSON.stringify({ error: { code, message, hint: hint ?? null, exit } })}\n`;
}
