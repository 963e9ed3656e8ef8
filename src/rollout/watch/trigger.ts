import { ageMs, formatDuration } from "../../kernel/duration.ts";
import { HoldfastError, isHoldfastError, type ErrorCode } from "../../kernel/errors.ts";
import { claimant, type Claimant, type HeldClaim } from "../../nouns/forge/claim.ts";
import { told } from "../../nouns/forge/told.ts";
import type { Forge } from "../../ports/forge.ts";
import type { WorkflowRun } from "../../ports/forge-workflows.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Wanted } from "./request.ts";

/** What came of pulling it. */
export type Pulled =
  /** `url` is undefined where GitHub did not show the run soon enough. */
  | { readonly kind: "started"; readonly url: string | undefined }
  /** One runs, or ran a short while ago: that one counts. */
  | { readonly kind: "found"; readonly run: WorkflowRun; readonly why: string }
  | { readonly kind: "dry" }
  /** Not yet: it is to be pulled again; `error` where GitHub could not be asked. */
  | { readonly kind: "later"; readonly why: string; readonly error: HoldfastError | undefined };

/** Starts a workflow at the forge, once. */
export interface Trigger {
  /** What would be started, for people. */
  readonly what: string;
  /** Pulls it: see {@link openTrigger}. @throws forge.denied, forge.refused; a cancelled run's reason */
  pull(reason: string): Promise<Pulled>;
}

export type TriggerPorts = Pick<Ports, "clock" | "random" | "log" | "cancelled" | "run">;

/** GitHub shows a run some seconds after it was started. */
const LOOKS = 5;
const LOOK_PAUSE_MS = 3_000;

/** Nobody can know what to do about these but whoever made the workflow or the token. */
const FINAL: readonly ErrorCode[] = ["forge.denied", "forge.refused"];

/**
 * A workflow is started where none of its runs is unfinished or younger than the cool-down, whoever started
 * it; where that cannot be asked it is not started. Of several watchers one starts it: each claims it first,
 * and looks again while it has the claim. A claim needs `contents: write`; without it two that look in the
 * same seconds start it twice, which is said.
 *
 * Looks once before anything is ill: a workflow that nobody sees must not be found out in the worst hour.
 *
 * @throws forge.untold, forge.denied, input.malformed
 */
export async function openTrigger(forge: Forge, wanted: Wanted, ports: TriggerPorts): Promise<Trigger> {
  const trigger = new WorkflowTrigger(forge, wanted, ports);
  await trigger.lookFirst();
  return trigger;
}

class WorkflowTrigger implements Trigger {
  readonly #forge: Forge;
  readonly #wanted: Wanted;
  readonly #ports: TriggerPorts;
  #claimant: Claimant | undefined;
  #hasSaidAlone = false;
  /** Whether a start of ours got no answer: then the claim that is met may be our own. */
  #isUnsure = false;

  constructor(forge: Forge, wanted: Wanted, ports: TriggerPorts) {
    this.#forge = forge;
    this.#wanted = wanted;
    this.#ports = ports;
  }

  get what(): string {
    const { workflow, ref } = this.#wanted;
    return `${workflow} of ${this.#forge.repository} on ${ref ?? "its default branch"}`;
  }

  async lookFirst(): Promise<void> {
    const { ref } = this.#wanted;
    try {
      await this.#runs();
      if (ref !== undefined && !ref.startsWith("refs/")) await this.#requireBranch(ref);
    } catch (error) {
      if (!isHoldfastError(error, "forge.unreachable", "forge.rate-limited")) throw error;
      this.#ports.log.warn(`${error.message}; it is asked again when the workflow is to be started`);
    }
  }

  async pull(reason: string): Promise<Pulled> {
    const { cancelled, log } = this.#ports;
    try {
      return await this.#pulled(reason);
    } catch (error) {
      cancelled.throwIfAborted();
      if (!isHoldfastError(error) || error.kind !== "outside" || FINAL.includes(error.code)) throw error;
      log.warn(`${this.#wanted.workflow} was not started: ${error.message}; again with the next try`);
      return { kind: "later", why: error.message, error };
    }
  }

  async #pulled(reason: string): Promise<Pulled> {
    const { workflow, dryRun } = this.#wanted;
    const before = await this.#runs();
    const first = this.#counting(before);
    if (first !== undefined) return first;
    if (dryRun) return { kind: "dry" };
    const branch = await this.#defaultBranch();
    const claim = await this.#claimed(branch);
    if (claim === "theirs") return this.#theirs();
    if (claim !== undefined) {
      // Whoever had it before us has started it by now, or never will.
      const second = this.#counting(await this.#runs());
      if (second !== undefined) return second;
      if (!claim.isUsable()) {
        await claim.giveUp().catch(() => undefined);
        throw this.#tooSlow();
      }
    }
    this.#isUnsure = true;
    await this.#start(this.#wholeRef(branch), reason, claim);
    this.#ports.log.info(`${workflow} was started: ${reason}`);
    return { kind: "started", url: await this.#shown(before) };
  }

  /** The run by which none is started any more, and why. */
  #counting(runs: readonly WorkflowRun[]): Pulled | undefined {
    const { coolDownMs } = this.#wanted;
    const running = runs.find(({ status }) => status !== "completed");
    if (running !== undefined) {
      return { kind: "found", run: running, why: `it is ${running.status.replaceAll("_", " ")}` };
    }
    const recent = runs.find(({ created }) => ageMs(created, this.#ports.clock) < coolDownMs);
    if (recent === undefined) return undefined;
    const [age, rest] = [ageMs(recent.created, this.#ports.clock), coolDownMs].map(formatDuration);
    const ended = recent.conclusion ?? "an end that is not told";
    return { kind: "found", run: recent, why: `it began ${age} ago, within ${rest}, and came to ${ended}` };
  }

  async #runs(): Promise<readonly WorkflowRun[]> {
    const { workflow } = this.#wanted;
    const orElse = `Or .github/workflows has no ${workflow} on the default branch: then correct --workflow.`;
    return told(await this.#forge.workflows.newest(workflow), `the runs of ${workflow}`, orElse);
  }

  async #defaultBranch(): Promise<string> {
    return told(await this.#forge.facts(), this.#forge.repository).defaultBranch;
  }

  #wholeRef(defaultBranch: string): string {
    const { ref = defaultBranch } = this.#wanted;
    return ref.startsWith("refs/") ? ref : `refs/heads/${ref}`;
  }

  /** @throws input.malformed where GitHub lists its branches and not this one */
  async #requireBranch(branch: string): Promise<void> {
    if ((await this.#forge.branches.commit(branch)).kind !== "absent") return;
    throw new HoldfastError(
      "input.malformed",
      `ref is '${branch}', and ${this.#forge.repository} has no such branch`,
      {
        hint: "Name a branch, or a tag as refs/tags/<name>.",
      },
    );
  }

  /** Undefined where this token may not claim. */
  async #claimed(branch: string): Promise<HeldClaim | "theirs" | undefined> {
    const { clock, random, log, run } = this.#ports;
    try {
      if (this.#claimant === undefined) {
        const commit = told(await this.#forge.branches.commit(branch), `the branch ${branch}`);
        const by = run.url ?? `${run.id} of ${run.actor}`;
        const on = `watch/${this.#wanted.workflow}`;
        this.#claimant = claimant({ on, commit }, { forge: this.#forge, clock, random, by });
      }
      const tried = await this.#claimant.once();
      return tried.kind === "ours" ? tried.claim : "theirs";
    } catch (error) {
      if (!isHoldfastError(error, "forge.untold", ...FINAL)) throw error;
      if (!this.#hasSaidAlone) {
        log.warn(`no other watcher is kept from starting it in these seconds as well: ${error.message}`);
      }
      this.#hasSaidAlone = true;
      return undefined;
    }
  }

  #theirs(): Pulled {
    const why = this.#isUnsure
      ? "a start of it got no answer, and its run is looked for before it is started again"
      : "another watcher is starting it";
    this.#ports.log.info(`${this.#wanted.workflow} is not started yet: ${why}`);
    return { kind: "later", why, error: undefined };
  }

  /** Killed before the start, the claim grows old and another takes it over; after it, the run is there. */
  async #start(ref: string, reason: string, claim: HeldClaim | undefined): Promise<void> {
    try {
      await this.#forge.workflows.start(this.#wanted.workflow, ref, { trigger: "health-check", reason });
    } catch (error) {
      if (isHoldfastError(error, "forge.rate-limited", ...FINAL)) {
        this.#isUnsure = false;
        // Where that fails, the next one waits for it.
        await claim?.giveUp().catch(() => undefined);
      }
      throw error;
    }
  }

  /** The address of the run that came after those; undefined where that is not one. */
  async #shown(before: readonly WorkflowRun[]): Promise<string | undefined> {
    const { clock, cancelled } = this.#ports;
    const known = new Set(before.map(({ url }) => url));
    try {
      for (let look = 1; ; look += 1) {
        const fresh = (await this.#runs()).filter(({ url }) => !known.has(url));
        if (fresh.length > 0) return fresh.length === 1 ? fresh[0]!.url : undefined;
        if (look === LOOKS) return undefined;
        await clock.sleep(LOOK_PAUSE_MS, cancelled);
      }
    } catch (error) {
      cancelled.throwIfAborted();
      if (!isHoldfastError(error)) throw error;
      // It is started; only where it is read is not known.
      return undefined;
    }
  }

  #tooSlow(): HoldfastError {
    return new HoldfastError(
      "forge.unreachable",
      `GitHub took so long to answer that another watcher may start ${this.#wanted.workflow} by now`,
      { hint: "Nothing is to be done: it is looked at again with the next try." },
    );
  }
}
