import { quantity } from "../../kernel/quantity.ts";
import type { Came } from "../../nouns/runbook/run-planned.ts";
import { productionNow, type AppPart } from "../app/app-part.ts";
import { productionBefore } from "../app/make-record.ts";
import { isServed } from "../functions/carry/uploads.ts";
import type { DatabaseNow, DatabaseRoad } from "./database-road.ts";
import type { FunctionsAlong } from "./functions-along.ts";
import { newestOf } from "./schema-gate.ts";

/** What stands where, looked at once more at the end. */
export interface Stands {
  /** The mark of production; null where it holds nothing of ours, undefined where nobody could say. */
  readonly production: string | null | undefined;
  /** Undefined where no database was given. */
  readonly database: { readonly words: string; readonly now: DatabaseNow | undefined } | undefined;
  /** Undefined where no functions went along. */
  readonly functions: string | undefined;
}

/** What is looked at. */
export interface Looked {
  readonly came: Came;
  readonly part: AppPart;
  readonly road: DatabaseRoad | undefined;
  readonly functions: FunctionsAlong | undefined;
}

/** Never throws for what cannot be asked any more: that is said in its place. */
export async function standsNow(
  { came, part, road, functions }: Looked,
  cancelled: AbortSignal,
): Promise<Stands> {
  return {
    production:
      came.kind === "ran"
        ? await productionNow(part.on.host, cancelled)
        : productionBefore(came.plan, part.on.build),
    database: road && (await databaseNow(road, cancelled)),
    functions: functions && (await functionsNow(functions, cancelled)),
  };
}

async function databaseNow(road: DatabaseRoad, cancelled: AbortSignal): Promise<Stands["database"]> {
  try {
    const now = await road.now(cancelled);
    return { words: `${road.name} is at version ${newestOf(now.versions) ?? "none"}`, now };
  } catch (error) {
    cancelled.throwIfAborted();
    return { words: `${road.name} could not be asked: ${(error as Error).message}`, now: undefined };
  }
}

async function functionsNow(
  { rollout, reached: { live, archive } }: FunctionsAlong,
  cancelled: AbortSignal,
): Promise<string> {
  const all = rollout.levels.flat();
  try {
    live.forget();
    const served = await live.now(cancelled);
    const good = all.filter((each) => isServed(each, served.get(each.slug), archive)).length;
    return `${good} of ${quantity(all.length, "function")} of ${rollout.project} served as wanted`;
  } catch (error) {
    cancelled.throwIfAborted();
    return `the functions of ${rollout.project} could not be asked: ${(error as Error).message}`;
  }
}
