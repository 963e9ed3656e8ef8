import * as z from "zod";
import { EXIT } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import { orAbort } from "../../kernel/or-abort.ts";
import { describeAddress, parseDatabaseUrl } from "../../postgres/database-url.ts";
import type { Ports } from "../../ports/ports.ts";
import type { DatabaseRoad, PlannedWay, Way } from "../../rollout/rollback/database-road.ts";
import type { Backups } from "../../schema/rollback/run.ts";
import type { MigrateRollbackInputs } from "../../schema/rollback/request.ts";

/** What the road to a database is given, by `holdfast rollback`. */
export interface RoadInputs {
  readonly database: Secret | undefined;
  readonly migrations: string;
  readonly confirm: string | undefined;
  readonly store: string;
  readonly storeSecret: Secret | undefined;
  readonly recipients: readonly string[];
  readonly identity: Secret | undefined;
  readonly allowUnencrypted: boolean;
  readonly withoutBackup: boolean;
  readonly allowUnproved: boolean;
  readonly lockTimeout: number;
  readonly statementTimeout: number;
}

type Given = Pick<MigrateRollbackInputs, "reason" | "dryRun" | "planHash">;

const WAIT_MS = 2 * 60_000;
const RETRIES = 10;

/** The road to the database that a rollback takes: `migrate-rollback`, whose backups are of a third wing. */
export async function openDatabaseRoad(inputs: RoadInputs, ports: Ports): Promise<DatabaseRoad | undefined> {
  const { database: url } = inputs;
  if (url === undefined) return undefined;
  const [{ appliedNow }, { KnownProofs }, { runMigrateRollback }, { restoreInto, takeAndValidate }] =
    await Promise.all([
      import("../../schema/status/applied-now.ts"),
      import("../../schema/rollback/known-proofs.ts"),
      import("../../schema/rollback/run.ts"),
      import("../schema/rollback-backups.ts"),
    ]);
  const address = parseDatabaseUrl(url.reveal(), "database");
  const database = await ports.openDatabase(address);
  // It is planned for the approval, and once more right before it is done.
  const proofs = new KnownProofs();
  const run = async (way: Way, given: Given, cancelled: AbortSignal): Promise<Outcome> => {
    const whole = migrateRollbackInputs({ ...inputs, database: url }, way, given);
    // It ends with the step, and with the rollback's own locks.
    const bound = { ...ports, cancelled };
    const backups: Backups = {
      take: (plan) => takeAndValidate(plan.request, whole, bound),
      restore: (dry) => restoreInto(whole, dry, bound),
    };
    return await runMigrateRollback(whole, bound, backups, proofs);
  };
  return {
    name: describeAddress(address),
    safeguards: safeguardsOf(inputs),
    secrets: [url, ...(inputs.identity === undefined ? [] : [inputs.identity])],
    now: async (signal) => await orAbort(signal, appliedNow(database)),
    plan: async (way, reason, signal) =>
      plannedWay(await run(way, { reason, dryRun: true, planHash: undefined }, signal)),
    async goBack(way, reason, planHash, signal) {
      const { exit, report } = await run(way, { reason, dryRun: false, planHash }, signal);
      return { isWhole: exit === EXIT.done, what: report.headline, notes: report.notes };
    },
  };
}

/** In words, because they are part of what is approved, and of the journal. */
function safeguardsOf({ withoutBackup, allowUnproved, recipients }: RoadInputs): readonly string[] {
  const readers = recipients.length === 0 ? "none" : [...recipients].sort().join(", ");
  return [
    withoutBackup ? "without a safety backup" : `a safety backup, recipients: ${readers}`,
    ...(allowUnproved ? ["scripts need not be proved"] : []),
  ];
}

/** Of an outcome of `migrate-rollback`'s dry run. */
function plannedWay({ exit, outputs, report: { headline, notes } }: Outcome): PlannedWay {
  const { "plan-hash": hash, losses, to } = planned.parse(outputs);
  const plain = headline.replace(/^dry run: nothing was changed; /, "");
  const lost = listed(
    losses.map(({ object, rows }) => (rows === null ? object : `${object} (${quantity(rows, "row")})`)),
    5,
  );
  return {
    hash,
    version: to === "nothing" ? "" : to,
    what: losses.length === 0 ? plain : `${plain}; with them go ${lost}`,
    refused:
      exit === EXIT.done ? undefined : (notes.at(-1) ?? "See what migrate-rollback says with --dry-run."),
  };
}

const planned = z.object({
  "plan-hash": z.string(),
  to: z.string(),
  losses: z.array(z.object({ object: z.string(), rows: z.number().nullable() })),
});

function migrateRollbackInputs(
  inputs: RoadInputs & { readonly database: Secret },
  way: Way,
  given: Given,
): MigrateRollbackInputs {
  const { store, withoutBackup } = inputs;
  return {
    ...inputs,
    ...given,
    to: way.kind === "scripts" ? way.to : undefined,
    fromBackup: way.kind === "backup" ? way.backup : undefined,
    // The store has the journal in any case; scripts without a safety backup have none to put into it.
    store: way.kind === "scripts" && withoutBackup ? undefined : store,
    wait: WAIT_MS,
    retries: RETRIES,
  };
}
