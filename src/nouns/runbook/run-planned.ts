import { newBackupId } from "../catalog/backup-id.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Ports } from "../../ports/ports.ts";
import { cancelledRun } from "./cancelled.ts";
import { beginRun, resumeRun, type Ran } from "./execute.ts";
import { Journal } from "./journal.ts";
import { hindrances, planRunbook, requireApproved, type Plan } from "./plan.ts";
import type { Runbook } from "./runbook.ts";
import { standingOf } from "./standing.ts";

/** How a run is asked for, by every command that carries out a runbook. */
export interface Asked {
  /** Of the plan that was approved; undefined: what is found is meant. */
  readonly planHash: string | undefined;
  /** Id of a run that is gone on with. */
  readonly resume: string | undefined;
  readonly dryRun: boolean;
}

/** What came of it. */
export type Came =
  /** Looked at, and nothing done; `would` says what a run would come to. */
  | { readonly kind: "dry"; readonly plan: Plan; readonly would: "run" | "idle" | "hindered" }
  /** All of it is so already. */
  | { readonly kind: "idle"; readonly plan: Plan }
  /** Something is in the way. */
  | { readonly kind: "hindered"; readonly plan: Plan }
  | { readonly kind: "ran"; readonly plan: Plan; readonly ran: Ran; readonly id: string };

export type RunPorts = Pick<Ports, "clock" | "random" | "log" | "run">;

/** A runbook, and what is known of it beside its steps. */
export interface Prepared {
  readonly runbook: Runbook;
  /** Whether a plan has nothing to do. */
  readonly isIdle: (plan: Plan) => boolean | Promise<boolean>;
  /** Why nothing may be begun, beside what a step says itself. */
  readonly problems?: readonly string[];
}

/** What carrying it out needs. */
export interface Around {
  /** Of the run: {@link runId}. */
  readonly id: string;
  readonly store: BlobStore;
  readonly cancelled: AbortSignal;
  /** Covers every secret in a text. */
  readonly redact: (text: string) => string;
  /** Told the journal before it has an entry: steps that write records read it. */
  readonly journal?: (journal: Journal) => void;
}

/** The id of the run that is gone on with, or a new one. */
export function runId({ resume }: Pick<Asked, "resume">, { clock, random }: RunPorts): string {
  return resume ?? newBackupId(clock.now(), random);
}

/**
 * Plans a runbook, and carries it out where that was asked for: planned → approved → begun, or gone on with.
 * Who calls it holds the lock.
 *
 * @throws refused.unconfirmed where another plan was approved; as {@link planRunbook}, {@link beginRun} and
 *   {@link resumeRun}
 */
export async function runPlanned(
  { runbook, isIdle, problems = [] }: Prepared,
  { planHash, resume, dryRun }: Asked,
  { id, store, cancelled, redact, journal: told }: Around,
  { clock, random, log, run }: RunPorts,
): Promise<Came> {
  const plan = await planRunbook(runbook, { clock, cancelled });
  const isHindered = problems.length > 0 || hindrances(plan).length > 0;
  // A run that is gone on with looks by itself, step by step.
  const would =
    resume !== undefined ? "run" : (await isIdle(plan)) ? "idle" : isHindered ? "hindered" : "run";
  if (dryRun) return { kind: "dry", plan, would };
  // Where nothing is to be done nothing need be approved: pressed twice is as pressed once.
  if (would === "idle") return { kind: would, plan };
  requireApproved(planHash, plan);
  if (would !== "run") return { kind: would, plan };
  const around = { store, clock, random, redact, warn: (text: string) => log.warn(text) };
  const journal = resume === undefined ? Journal.begin(id, around) : await Journal.reopen(id, around);
  told?.(journal);
  if (resume !== undefined) tellInTheWay(problems, journal, log);
  // However it ends, whoever reads the log can go on with it.
  log.info(`run ${id}: should it end early, go on with --resume ${id}`);
  const doing = { clock, cancelled, random, log, run, journal };
  try {
    const ran = await (resume === undefined ? beginRun(runbook, plan, doing) : resumeRun(runbook, doing));
    return { kind: "ran", plan, ran, id };
  } catch (error) {
    throw cancelledRun(error, journal, cancelled);
  }
}

/** The run itself may have made them so, and is the one to mend them; what it meets is no surprise then. */
function tellInTheWay(
  problems: readonly string[],
  { entries }: Pick<Journal, "entries">,
  log: Pick<RunPorts["log"], "warn">,
): void {
  const { ended } = standingOf(entries);
  if (ended === "done" || ended === "undone") return;
  for (const problem of problems) log.warn(problem);
}

/**
 * In one word: `planned`; `nothing`, where all of it is so already; `hindered`; or how the run ended. A dry
 * run of which nothing would come says so, so that nobody is asked to approve it.
 */
export function outcomeWord(came: Came): string {
  switch (came.kind) {
    case "ran":
      return came.ran.outcome;
    case "dry":
      return { run: "planned", idle: "nothing", hindered: "hindered" }[came.would];
    case "idle":
      return "nothing";
    case "hindered":
      return "hindered";
  }
}
