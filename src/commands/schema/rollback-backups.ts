import { takeSafetyBackup } from "../../backups/backup/safety.ts";
import { runRestore } from "../../backups/restore/run.ts";
import { runValidate } from "../../backups/validate/run.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import type { Ports } from "../../ports/ports.ts";
import type { RollbackBackup } from "../../schema/rollback/apply.ts";
import type { MigrateRollbackInputs, RollbackRequest } from "../../schema/rollback/request.ts";

const JOBS = 2;
/** The longest that a backup may keep the server from cleaning up. */
const SNAPSHOT_LIMIT_MS = 4 * 3_600_000;

/** The safety backup of what scripts are about to destroy, proved as far as the keys at hand allow. */
export async function takeAndValidate(
  { database, store, recipients }: RollbackRequest,
  { identity, store: url, storeSecret: secret }: MigrateRollbackInputs,
  ports: Ports,
): Promise<RollbackBackup> {
  const backup = await takeSafetyBackup(
    { database, store: store!, recipients, jobs: JOBS, snapshotLimitMs: SNAPSHOT_LIMIT_MS },
    ports,
  );
  const outcome = await runValidate(
    {
      store: url!,
      storeSecret: secret,
      backup: backup.id,
      since: undefined,
      source: undefined,
      tier: undefined,
      depth: identity === undefined ? "stored" : "restored",
      scratch: undefined,
      identity,
      jobs: JOBS,
      acceptGaps: [],
      installClient: false,
      dryRun: false,
    },
    ports,
  );
  const { verdict } = outcome.outputs;
  const isWord = typeof verdict === "string";
  return { ...backup, verdict: isWord ? verdict : "failed", headline: outcome.report.headline };
}

/** The whole database, by `restore`'s own choice of the way; it makes its own safety backup. */
export async function restoreInto(
  inputs: MigrateRollbackInputs,
  dry: boolean,
  ports: Ports,
): Promise<Outcome> {
  const { store, storeSecret, database, identity, recipients, allowUnencrypted, confirm } = inputs;
  return await runRestore(
    {
      store: store!,
      storeSecret,
      backup: inputs.fromBackup!,
      before: undefined,
      source: undefined,
      tier: undefined,
      target: database,
      identity,
      what: "whole",
      tables: [],
      mode: "auto",
      into: "auto",
      withSessions: false,
      confirm,
      safetyBackup: !inputs.withoutBackup,
      recipients,
      allowUnencrypted,
      allowGaps: false,
      allowEmptyViews: false,
      noOwner: false,
      noPrivileges: false,
      createRoles: false,
      jobs: JOBS,
      snapshotLimit: SNAPSHOT_LIMIT_MS,
      installClient: false,
      dryRun: dry,
    },
    ports,
    ({ request: { target, catalog, jobs, snapshotLimitMs }, safetyRecipients }) =>
      takeSafetyBackup(
        { database: target, store: catalog.store, recipients: safetyRecipients, jobs, snapshotLimitMs },
        ports,
      ),
  );
}
