import { HoldfastError } from "../../kernel/errors.ts";
import type { Observed, RetryRule, Step } from "../../nouns/runbook/runbook.ts";
import { lookStep } from "../app/steps/look-step.ts";
import { misfit, newestOf } from "./schema-gate.ts";
import type { DatabaseNow, DatabaseRoad, GoneBack, PlannedWay, Way } from "./database-road.ts";
import type { KnownRange } from "../app/schema-range.ts";

export const DATABASE = "database";

const HOUR_MS = 3_600_000;
/** A restore of what a tier holds; a backup before it. */
const TIMEOUT_MS = 12 * HOUR_MS;
/** Building a history of some hundred migrations anew, to try what is taken back. */
const LOOK_MS = HOUR_MS;

const ONCE: RetryRule = { attempts: 1, pauseMs: 0, mayHelp: () => false };

/** What the steps on a database are made of. */
export interface OnDatabase {
  readonly road: DatabaseRoad;
  readonly way: Way;
  readonly range: KnownRange;
  /** Of the run, by which it knows its own records. */
  readonly id: string;
  readonly reason: string;
  /** Whether production is the release by now: nobody wants its schema under another. */
  readonly isProduction: (signal: AbortSignal) => Promise<boolean>;
}

/**
 * The database is where the release needs it. What was taken back already is known by the history; a restore,
 * by the database's own record of the newest one: pressed twice it must not lose what was written in between.
 */
export function databaseStep(on: OnDatabase): Step {
  const { road, way, range, id, reason, isProduction } = on;
  const told = reasonOf(reason, id);
  const planned = new Plans(road, way, told);
  let approved: string | undefined;
  // A restore is known by a record, which may not have been written.
  let isRestored = false;
  const isBack = ({ versions, rollbacks }: DatabaseNow): boolean => {
    if (way.kind === "scripts") return versions.at(-1) === way.to;
    const last = rollbacks.at(-1);
    return isRestored || (last?.fromBackup === way.backup && last.hasEnded);
  };
  return {
    id: "database",
    title:
      way.kind === "scripts"
        ? `take ${road.name} back to version ${way.to}`
        : `bring backup ${way.backup} back into ${road.name}`,
    component: DATABASE,
    isRepeatable: true,
    timeoutMs: TIMEOUT_MS,
    retry: ONCE,
    // The app is back by now, and stays: what stands where is told, and the run can be gone on with.
    onFailure: "stop",
    async observe({ signal }) {
      const now = await road.now(signal);
      if (isBack(now)) return standing(road, now, range);
      const plan = await planned.for(now, signal);
      approved ??= plan.hash;
      const { what, hash } = plan;
      if (plan.refused !== undefined) return { kind: "wrong", what, hint: plan.refused };
      const why = misfit(
        range,
        [plan.version].filter((each) => each !== ""),
      );
      if (why !== undefined) return { kind: "wrong", what: `${what}; then ${why}`, hint: OTHER };
      return { kind: "missing", what, evidence: { "plan-hash": hash, at: now.versions.at(-1) ?? null } };
    },
    async act({ progress, signal }) {
      if (!(await isProduction(signal))) throw overtaken();
      const plan = await planned.for(await road.now(signal), signal);
      if (plan.hash !== approved) throw movedOn(road, plan);
      const done = await road.goBack(way, told, plan.hash, signal);
      progress(done.what);
      if (!done.isWhole) throw notBack(done);
      isRestored = way.kind === "backup";
    },
    async confirm({ signal }) {
      const now = await road.now(signal);
      return isBack(now)
        ? standing(road, now, range)
        : {
            kind: "wrong",
            what: `${road.name} is at version ${newestOf(now.versions) ?? "none"}`,
            hint: "See what stands there with migrate-status, then go on with this run.",
          };
    },
    undo: "not-needed",
  };
}

const OTHER = "Name a backup, or a release, of which one runs on the other's schema.";

function overtaken(): HoldfastError {
  return new HoldfastError("rollback.incomplete", "production is another release by now", {
    hint: "Somebody has deployed since: begin a new run, which looks at what is there.",
  });
}

function movedOn({ name }: DatabaseRoad, { what }: PlannedWay): HoldfastError {
  return new HoldfastError(
    "rollback.incomplete",
    `${name} has moved on since the plan was made; by now it would be: ${what}`,
    { hint: "Look at that with --dry-run; then go on with this run." },
  );
}

/** By this a rollback knows its own records in the database. */
export function reasonOf(reason: string, id: string): string {
  return `${reason} (rollback ${id})`;
}

/** At the end of all: the schema is one that the release runs on, and what its history says. */
export function schemaStep(road: DatabaseRoad, range: KnownRange): Step {
  return lookStep({
    id: "schema",
    title: `see the schema of ${road.name} as its history has it`,
    what: "hold the schema against the history, and against what the release runs on",
    component: DATABASE,
    timeoutMs: LOOK_MS,
    onFailure: "stop",
    async look({ signal }) {
      const seen = standing(road, await road.now(signal), range);
      if (seen.kind === "true") return seen.what;
      throw new HoldfastError("rollback.incomplete", seen.what, "hint" in seen ? { hint: seen.hint } : {});
    },
  });
}

function standing(road: DatabaseRoad, now: DatabaseNow, range: KnownRange): Observed {
  const where = `${road.name} is at version ${newestOf(now.versions) ?? "none"}`;
  const why = misfit(range, now.versions);
  if (why !== undefined) {
    return {
      kind: "wrong",
      what: `${road.name}: ${why}`,
      hint: "Take the database to a version of that range, or go back to another release.",
    };
  }
  if (now.half !== undefined) {
    return {
      kind: "wrong",
      what: `${where}, and ${now.half} is half done`,
      hint: "End it with migrate, or migrate-rollback; then go on with this run.",
    };
  }
  return now.isAsLeft === false
    ? {
        kind: "wrong",
        what: `${where}, and its schema is not what that version has left`,
        hint: "Name what differs with migrate-status; mend it, then go on with this run.",
      }
    : {
        kind: "true",
        what: now.isAsLeft === null ? where : `${where}, and its schema is what that has left`,
      };
}

/** A plan tries every script on a server of its own: it is made anew only where the database is another. */
class Plans {
  readonly #road: DatabaseRoad;
  readonly #way: Way;
  readonly #reason: string;
  #last: { readonly of: string; readonly plan: Promise<PlannedWay> } | undefined;

  constructor(road: DatabaseRoad, way: Way, reason: string) {
    this.#road = road;
    this.#way = way;
    this.#reason = reason;
  }

  async for(now: DatabaseNow, signal: AbortSignal): Promise<PlannedWay> {
    const of = JSON.stringify(now);
    if (this.#last?.of !== of) {
      const made = { of, plan: this.#road.plan(this.#way, this.#reason, signal) };
      // A failure is not kept.
      made.plan.catch(() => {
        if (this.#last === made) this.#last = undefined;
      });
      this.#last = made;
    }
    return await this.#last.plan;
  }
}

function notBack({ what, notes }: GoneBack): HoldfastError {
  return new HoldfastError("rollback.incomplete", [what, ...notes].join("; "), {
    hint: "Mend the cause, then go on with the same run: it looks where the database stands.",
  });
}
