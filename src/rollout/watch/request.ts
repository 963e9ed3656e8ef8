import { formatDuration } from "../../kernel/duration.ts";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Secret } from "../../kernel/secret.ts";
import { readAddress, type Address } from "./address.ts";

/** The parsed inputs of `holdfast watch`; times in milliseconds. */
export interface WatchInputs {
  readonly url: string;
  readonly status: number;
  readonly contains: string | undefined;
  readonly every: number;
  readonly for: number;
  readonly timeout: number;
  readonly failures: number;
  readonly reference: string | undefined;
  readonly workflow: string | undefined;
  readonly ref: string | undefined;
  readonly coolDown: number;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
  readonly dryRun: boolean;
}

/** What is watched, and when it is ill; times in milliseconds. */
export interface Watched {
  readonly address: Address;
  readonly status: number;
  readonly contains: string | undefined;
  readonly everyMs: number;
  readonly forMs: number;
  readonly timeoutMs: number;
  /** How many failures in a row. */
  readonly failures: number;
  /** Somebody else's address, by which our own network is told from an app that is down. */
  readonly reference: Address | undefined;
}

/** What is started where it is ill; times in milliseconds. */
export interface Wanted {
  /** Name of the workflow's file. */
  readonly workflow: string;
  /** A branch, or the whole name of a ref; undefined: the default branch. */
  readonly ref: string | undefined;
  readonly coolDownMs: number;
  readonly dryRun: boolean;
}

const SECOND_MS = 1000;
/** Nobody calls an app well that takes longer; and a try has to end before the next ones. */
const TIMEOUT_MS_MAX = 5 * 60 * SECOND_MS;

/** @throws input.malformed, input.conflict */
export function readWatched(inputs: WatchInputs): Watched {
  const { every, failures, timeout } = inputs;
  within("every", every, SECOND_MS, inputs.for);
  within("timeout", timeout, SECOND_MS, TIMEOUT_MS_MAX);
  if ((failures - 1) * every >= inputs.for) {
    const needed = formatDuration((failures - 1) * every);
    throw new HoldfastError(
      "input.conflict",
      `${failures} failures in a row take ${needed}, and it is watched for ${formatDuration(inputs.for)}`,
      { hint: "Watch for longer, ask more often, or let fewer failures do." },
    );
  }
  return {
    address: readAddress(inputs.url, "url"),
    status: inputs.status,
    contains: inputs.contains,
    everyMs: every,
    forMs: inputs.for,
    timeoutMs: timeout,
    failures,
    reference: inputs.reference === undefined ? undefined : readAddress(inputs.reference, "reference"),
  };
}

/** @throws input.conflict */
export function readWanted({ workflow, ref, coolDown, dryRun }: WatchInputs): Wanted | undefined {
  if (workflow !== undefined) return { workflow, ref, coolDownMs: coolDown, dryRun };
  if (ref === undefined) return undefined;
  throw new HoldfastError("input.conflict", "ref is given, and no workflow that would be started on it", {
    hint: "Give --workflow, or leave --ref out.",
  });
}

/** @throws input.malformed */
function within(input: string, ms: number, min: number, max: number): void {
  if (ms >= min && ms <= max) return;
  throw new HoldfastError(
    "input.malformed",
    `${input} is ${formatDuration(ms)}, and has to be from ${formatDuration(min)} to ${formatDuration(max)}`,
    { hint: "Write a number and a unit, for example 30s." },
  );
}
