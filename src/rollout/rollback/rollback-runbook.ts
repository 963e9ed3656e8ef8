import type { Json } from "../../kernel/outcome.ts";
import type { Runbook, Stage, Step } from "../../nouns/runbook/runbook.ts";
import { appOf, stepsToProduction, type AppRoad } from "../app/road.ts";
import { markOf } from "../app/release-mark.ts";
import type { OnApp } from "../app/steps/on-app.ts";
import { soakStep } from "../app/steps/soak.ts";
import { testsStep } from "../app/steps/tests.ts";
import type { AppTarget } from "../app/target.ts";
import { databaseStep, schemaStep, type OnDatabase } from "./database-step.ts";
import type { DatabaseRoad, Way } from "./database-road.ts";
import type { FunctionsAlong } from "./functions-along.ts";
import type { RollbackInputs } from "./request.ts";
import type { KnownRange } from "../app/schema-range.ts";

/** What a rollback of the whole is made of. */
export interface Parts {
  readonly app: AppRoad & { readonly on: OnApp; readonly target: AppTarget };
  readonly range: KnownRange;
  /** Id of the newest record before this run. */
  readonly after: string | null;
  /** Undefined where no database was given. */
  readonly road: DatabaseRoad | undefined;
  /** Undefined where the database stays as it is. */
  readonly back: OnDatabase | undefined;
  readonly functions: FunctionsAlong | undefined;
  readonly record: Step;
  /** Undefined where nobody is to be told. */
  readonly notify: Step | undefined;
}

/**
 * App, then database, then functions, then all of them are looked at together, then it is written down. Until
 * the app is back a failure takes back what was done; from then on the run stops where it is, and is gone on
 * with, because nothing tells which half of a rollback anybody would rather have.
 */
export function rollbackRunbook(parts: Parts, inputs: RollbackInputs): Runbook {
  const { app, back, functions } = parts;
  const { trigger, reason, schema } = inputs;
  return {
    name: "rollback",
    target: app.target.environment,
    inputs: {
      app: appOf(app.target),
      build: markOf(app.on.build),
      trigger,
      reason,
      after: parts.after,
      schema,
      database: wayOf(back?.way),
      safeguards: back === undefined ? [] : [...(parts.road?.safeguards ?? [])],
      functions: functions === undefined ? null : functions.runbook.inputs,
    },
    stages: [
      ...moving(parts),
      ...(functions?.stages ?? []),
      seeing(parts, inputs),
      [parts.record],
      ...(parts.notify === undefined ? [] : [[parts.notify]]),
    ].filter((stage) => stage.length > 0),
  };
}

/** As approvals and journals name it. */
export function wayOf(way: Way | undefined): Json {
  return way === undefined ? null : { ...way };
}

function moving({ app, back }: Parts): readonly Stage[] {
  const { on } = app;
  // Before the schema is back the release's own tests would say what everybody knows.
  const tests = back === undefined ? testsStep(on) : undefined;
  const steps = stepsToProduction(on, app, tests);
  return [...steps, ...(back === undefined ? [] : [databaseStep(back)])].map((step) => [step]);
}

/** The whole, as its users have it: side by side. */
function seeing(
  { app: { on }, back, functions, road, range }: Parts,
  { schema }: Pick<RollbackInputs, "schema">,
): Stage {
  const isAlone = back === undefined && functions === undefined;
  const tests = back === undefined ? undefined : testsStep(on, "stop");
  return [
    ...(on.settings.soak.for > 0 ? [soakStep(on, isAlone ? "undo" : "stop")] : []),
    ...(tests === undefined ? [] : [tests]),
    // Whoever keeps the schema has said that the release runs on another one than it says itself.
    ...(road === undefined ? [] : [schemaStep(road, schema === "keep" ? undefined : range)]),
  ];
}
