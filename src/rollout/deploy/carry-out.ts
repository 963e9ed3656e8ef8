import { redaction } from "../../kernel/redact.ts";
import type { Journal } from "../../nouns/runbook/journal.ts";
import { runId, runPlanned, type Came, type Prepared } from "../../nouns/runbook/run-planned.ts";
import type { Step } from "../../nouns/runbook/runbook.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import { PRODUCTION_SLOT, type SlotHost } from "../../ports/slot-host.ts";
import { newestBefore } from "../app/choose-record.ts";
import { lookAtApp, productionNow } from "../app/app-part.ts";
import { deployRunbook } from "./runbook.ts";
import { lockApp } from "../app/environment-lock.ts";
import { isVerified, makeRecord, productionBefore } from "../app/make-record.ts";
import type { PackageSource } from "../app/package-shelf.ts";
import type { Preflight } from "../app/preflight.ts";
import { newestOf, RolloutRecords, unreadLines, type RolloutRecord } from "../app/records.ts";
import { markAt, type Build } from "../app/release-mark.ts";
import type { AppInputs, AppPorts, AppSettings } from "../app/request.ts";
import { callOf, MINUTE_MS } from "../app/steps/on-app.ts";
import { recordStep } from "../app/steps/record.ts";

/** What shall come to production. */
export interface Wanted {
  readonly build: Build;
  readonly source: PackageSource | undefined;
  readonly keep?: Step | undefined;
  /** The schemas that the build runs on; null where it has none, undefined where nobody told. */
  readonly schema: RolloutRecord["schema"];
}

const REASON = "deployment";

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
export async function carryOut(
  wanted: Wanted,
  app: AppSettings,
  { host, store }: { readonly host: SlotHost; readonly store: BlobStore },
  inputs: AppInputs,
  ports: AppPorts,
): Promise<CarriedOut> {
  const { build, source, keep, schema } = wanted;
  const { target } = app;
  const id = runId(inputs, ports);
  await using lock = inputs.dryRun ? undefined : await lockApp(target, "deploy", store, ports);
  const cancelled = lock === undefined ? ports.cancelled : AbortSignal.any([ports.cancelled, lock.lost]);
  const { checked, on } = await lookAtApp(build, "forward", app, host, ports, cancelled);
  const records = new RolloutRecords(store, target);
  const writing: { journal?: Journal } = {};
  const record = recordStep(id, records, () =>
    makeRecord({ kind: "deploy", target, reason: REASON, id, schema }, on, writing.journal!, ports),
  );
  const now = await markAt(host, PRODUCTION_SLOT, callOf(cancelled, 2 * MINUTE_MS));
  const read = await records.all();
  for (const line of unreadLines(read)) ports.log.warn(line);
  const after = await newestBefore(read, inputs.resume, store, now);
  const hasPreview = !checked.facts.hasSignIn;
  const prepared: Prepared = {
    runbook: deployRunbook(on, { target, reason: REASON, source, keep, hasPreview, record, after }),
    isIdle: (plan) => isVerified(plan, build, newestOf(read)),
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
  const production =
    came.kind === "ran" ? await productionNow(host, cancelled) : productionBefore(came.plan, build);
  return { came, checked, production };
}
