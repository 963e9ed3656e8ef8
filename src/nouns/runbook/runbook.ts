import type { Json } from "../../kernel/outcome.ts";

/**
 * How the world stands to a step. Where it could not be asked, observing throws: not knowing is none of
 * these. `evidence` is what tells this state from the one after an act; it lies in the journal, where secrets
 * are covered, so that it must hold none.
 */
export type Observed =
  /** It is so; whoever made it so. */
  | { readonly kind: "true"; readonly what: string; readonly evidence?: Json }
  /** It is not so, and {@link Step.act} makes it so; `what` says what that would do. */
  | { readonly kind: "missing"; readonly what: string; readonly evidence?: Json }
  /** Something is at it now, an earlier act of ours or somebody else: it is waited for, never acted upon. */
  | { readonly kind: "moving"; readonly what: string }
  /** Something else is so, which is not ours to change. */
  | { readonly kind: "wrong"; readonly what: string; readonly hint: string };

/** What {@link Step.observe} is given. */
export interface Observing {
  /** Aborts when the step's time is over, or the run is told to stop. */
  readonly signal: AbortSignal;
  /**
   * The evidence that was observed right before this step was acted upon, by this run or by one that was
   * killed; undefined where it never was. By it a step that must not be repeated tells "it has happened" from
   * "it has not": a swap that is repeated is undone.
   */
  readonly actedOn: { readonly evidence: Json } | undefined;
}

/** What {@link Step.act} and an undo are given. */
export interface Acting {
  readonly signal: AbortSignal;
  /** Says how far it is: for the log, not for the journal. */
  readonly progress: (text: string) => void;
}

/** When an act that failed is tried again. */
export interface RetryRule {
  /** Acts in all, the first one included. One for a step that must not be repeated. */
  readonly attempts: number;
  /** Milliseconds before the second, doubled from then on, and spread by half. */
  readonly pauseMs: number;
  /** Only a failure for which this is true is worth another try. */
  mayHelp(error: unknown): boolean;
}

/** What a failure of a step means for the run. */
export type FailureRule =
  /** End here; what is done stays, and is named. */
  | "stop"
  /** Take back what this run did, last first, and end. */
  | "undo"
  /** End here, and say that people, or a runbook of a higher level, are needed. */
  | "escalate"
  /** Go on with the rest: the run ends as incomplete. */
  | "continue";

/**
 * A part of a runbook. Laws: observing changes nothing, and is asked of the world and never of what an
 * earlier step is believed to have done; acting where it is missing leaves it true, or as it was, or moving;
 * killed in the middle, the next observation tells which.
 */
export interface Step {
  /** As it stands in plans, journals and records: `swap`. Small letters, digits and `-`. */
  readonly id: string;
  /** In a person's words: `swap slot staging with production`. */
  readonly title: string;
  /** What it is a part of, for measured times: `application`, `database`, `functions`. */
  readonly component: string;
  /**
   * Whether acting twice is as acting once. Where it is not, an act whose end nobody saw is only followed by
   * another one if observing, with the evidence of before, says that it is missing.
   */
  readonly isRepeatable: boolean;
  /** Milliseconds for the whole step: acts, retries, waiting until it is true. */
  readonly timeoutMs: number;
  readonly retry: RetryRule;
  readonly onFailure: FailureRule;
  observe(observing: Observing): Promise<Observed>;
  act(acting: Acting): Promise<void>;
  /** Whether it is truly so after an act; {@link Step.observe} where absent. */
  confirm?(observing: Observing): Promise<Observed>;
  /** How it is taken back; `not-needed` where what it leaves behind is in nobody's way. */
  readonly undo?: Undo | "not-needed";
}

/** Takes a step back that this run did. Acting twice is as acting once. */
export interface Undo {
  readonly title: string;
  /** `true` once it is taken back. */
  observe(observing: Observing): Promise<Observed>;
  act(acting: Acting): Promise<void>;
}

/** Steps that are carried out side by side; none of them needs another. */
export type Stage = readonly Step[];

/** Ordered stages that bring one target into one state. */
export interface Runbook {
  /** `deploy`, `rollback`. */
  readonly name: string;
  /** What it is carried out on, of which there is one run at a time: `production`. */
  readonly target: string;
  /** What was asked for, as an approval has to cover it: version, trigger, chosen switches. No secrets. */
  readonly inputs: Json;
  readonly stages: readonly Stage[];
}

/** All steps, in the order of their stages. */
export function stepsOf({ stages }: Pick<Runbook, "stages">): readonly Step[] {
  return stages.flat();
}

/**
 * Holds a runbook against its own rules, which whoever writes one may have overlooked.
 *
 * @throws Error, which is a bug, naming the step
 */
export function requireSound(runbook: Runbook): void {
  const seen = new Set<string>();
  if (stepsOf(runbook).length === 0) throw new Error(`the runbook ${runbook.name} has no step`);
  for (const { id, isRepeatable, retry, timeoutMs } of stepsOf(runbook)) {
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id)) throw new Error(`'${id}' is no id of a step`);
    if (seen.has(id)) throw new Error(`the runbook ${runbook.name} has two steps called ${id}`);
    if (!isRepeatable && retry.attempts !== 1) throw new Error(`${id} must not be repeated, and is retried`);
    if (!(timeoutMs > 0)) throw new Error(`${id} has no time`);
    seen.add(id);
  }
}
