import {
  EXIT,
  isHoldfastError,
  type ErrorCode,
  type ExitCode,
  type HoldfastError,
} from "../../../kernel/errors.ts";
import type { RestoreRequest } from "../request/request.ts";

/**
 * What would end a restore before anything is touched. A restore ends with the first; a dry run plans on and
 * tells all of them, because looking must always be possible.
 */
export class Refusals {
  readonly #found: HoldfastError[] = [];
  readonly #dryRun: boolean;

  constructor(dryRun = false) {
    this.#dryRun = dryRun;
  }

  get found(): readonly HoldfastError[] {
    return this.#found;
  }

  /** @throws the refusal, where it is no dry run */
  add(refusal: HoldfastError | undefined): void {
    if (refusal === undefined) return;
    if (!this.#dryRun) throw refusal;
    this.#found.push(refusal);
  }

  /**
   * Asks something that refuses by throwing.
   *
   * @param refuses codes by which it refuses; every other error is a failure to ask, and says nothing of a
   * restore
   * @param lost aborted when the session that is asked is gone
   */
  async ask(
    question: () => Promise<void> | void,
    refuses: readonly ErrorCode[],
    lost?: AbortSignal,
  ): Promise<void> {
    try {
      await question();
    } catch (error) {
      if (!isHoldfastError(error, ...refuses) || lost?.aborted === true) throw error;
      this.add(error);
    }
  }
}

/** What stops and what to do about it. */
export function refusalWords({ message, hint }: HoldfastError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

/**
 * With what a dry run ends: with what the restore would end with. A name that was not typed yet is no refusal
 * to somebody who only looks: the plan is what the confirmation is given on.
 */
export function exitOfDryRun(
  refusals: readonly HoldfastError[],
  { part, confirm }: Pick<RestoreRequest, "part" | "confirm">,
): ExitCode {
  const isAsked = ({ code }: HoldfastError): boolean =>
    code === "database.not-empty" && part !== "schema" && confirm === undefined;
  return refusals.find((refusal) => !isAsked(refusal))?.exitCode ?? EXIT.done;
}
