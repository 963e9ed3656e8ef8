import { Redactor } from "../../kernel/redact.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Journal } from "../../nouns/runbook/journal.ts";
import type { Plan } from "../../nouns/runbook/plan.ts";
import { runId, runPlanned, type Came, type Prepared } from "../../nouns/runbook/run-planned.ts";
import type { Step } from "../../nouns/runbook/runbook.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { PRODUCTION_SLOT, type SlotHost } from "../../ports/slot-host.ts";
import { newestBefore } from "./choose-record.ts";
import { lookAtApp, productionNow } from "./app-part.ts";
import { appRunbook } from "./app-runbook.ts";
import { lockApp } from "./environment-lock.ts";
import { makeRecord, productionBefore } from "./make-record.ts";
import type { PackageSource } from "./package-shelf.ts";
import type { Preflight } from "./preflight.ts";
import { RolloutRecords, type RolloutRecord } from "./records.ts";
import { markAt, markOf, type Build } from "./release-mark.ts";
import type { AppInputs, AppPorts, AppSettings } from "./request.ts";
import { callOf, MINUTE_MS } from "./steps/on-app.ts";
import { recordStep } from "./steps/record.ts";

/** What shall come to production, and why. */
export interface Wanted {
  readonly kind: "deploy" | "rollback";
  readonly build: Build;
  readonly source: PackageSource | undefined;
  readonly keep?: Step | undefined;
  readonly reason: string;
  /** The schemas that the build runs on; null where it has none, undefined where nobody told. */
  readonly schema: RolloutRecord["schema"];
}

/** What came of it. */
export interface CarriedOut {
  readonly came: Came;
  readonly checked: Preflight;
  /** The mark of production now; null where it holds nothing of ours, undefined where nobody could say. */
  readonly production: string | null | undefined;
}

/**
 * Plans, and carries out what was planned under the environment's lock.
 *
 * @throws lock.held; refused.unconfirmed; input.*; what store and host throw while nothing was begun
 */
export async function carryOutOnApp(
  wanted: Wanted,
  app: AppSettings,
  { host, store }: { readonly host: SlotHost; readonly store: BlobStore },
  inputs: AppInputs,
  ports: AppPorts,
): Promise<CarriedOut> {
  const { kind, build, reason, source, keep, schema } = wanted;
  const { target } = app;
  const id = runId(inputs, ports);
  await using lock = inputs.dryRun ? undefined : await lockApp(target, kind, store, ports);
  const cancelled = lock === undefined ? ports.cancelled : AbortSignal.any([ports.cancelled, lock.lost]);
  const { checked, on } = await lookAtApp(build, app, host, ports, cancelled);
  const records = new RolloutRecords(store, target);
  const writing: { journal?: Journal } = {};
  const record = recordStep(id, records, () =>
    makeRecord({ kind, target, reason, id, schema }, on, writing.journal!, ports),
  );
  const now = await markAt(host, PRODUCTION_SLOT, callOf(cancelled, 2 * MINUTE_MS));
  const after = await newestBefore(await records.all(() => undefined), inputs.resume, store, now);
  const hasPreview = !checked.facts.hasSignIn;
  const prepared: Prepared = {
    runbook: appRunbook(on, { kind, target, reason, source, keep, hasPreview, record, after }),
    isIdle: (plan) => isVerified(plan, build, records),
    problems: checked.problems,
  };
  const came = await runPlanned(
    prepared,
    inputs,
    {
      id,
      store,
      cancelled,
      redact: redaction([inputs.storeSecret]),
      journal: (journal) => (writing.journal = journal),
    },
    ports,
  );
  const production = came.kind === "ran" ? await productionNow(host, cancelled) : productionBefore(came.plan);
  return { came, checked, production };
}

/** Production is it, and a record says that this was seen to be good. */
export async function isVerified(plan: Plan, build: Build, records: RolloutRecords): Promise<boolean> {
  if (plan.steps.find(({ id }) => id === "swap")?.observed.kind !== "true") return false;
  const all = await records.all(() => undefined);
  return all.at(-1)?.mark === markOf(build);
}

/** Covers secrets in what is written down. */
export function redaction(secrets: readonly (Secret | undefined)[]): (text: string) => string {
  const redactor = new Redactor();
  for (const secret of secrets) if (secret !== undefined) redactor.add(secret.reveal());
  return (text) => redactor.redact(text);
}
