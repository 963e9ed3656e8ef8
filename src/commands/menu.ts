import { backup } from "./backups/backup.ts";
import { keygen } from "./backups/keygen.ts";
import { list } from "./backups/list.ts";
import { restore } from "./backups/restore.ts";
import { validate } from "./backups/validate.ts";
import { init } from "./configuration/init.ts";
import { settingsCheck } from "./configuration/settings-check.ts";
import type { Command } from "./define.ts";
import { hotfixFinish } from "./governance/hotfix-finish.ts";
import { hotfixStart } from "./governance/hotfix-start.ts";
import { prPolicy } from "./governance/pr-policy.ts";
import { protectIssue } from "./governance/protect-issue.ts";
import { protect } from "./governance/protect.ts";
import { releaseCut } from "./governance/release-cut.ts";
import { releasePlan } from "./governance/release-plan.ts";
import { releasePublish } from "./governance/release-publish.ts";
import { releaseStatus } from "./governance/release-status.ts";
import { deploy } from "./rollout/deploy.ts";
import { functionsCheck } from "./rollout/functions-check.ts";
import { functionsDeploy } from "./rollout/functions-deploy.ts";
import { functionsRollback } from "./rollout/functions-rollback.ts";
import { functionsSnapshot } from "./rollout/functions-snapshot.ts";
import { functionsStatus } from "./rollout/functions-status.ts";
import { rollbackApp } from "./rollout/rollback-app.ts";
import { rollback } from "./rollout/rollback.ts";
import { sandbox } from "./rollout/sandbox.ts";
import { watch } from "./rollout/watch.ts";
import { migrateCheck } from "./schema/migrate-check.ts";
import { migrateRollback } from "./schema/migrate-rollback.ts";
import { migrateStatus } from "./schema/migrate-status.ts";
import { migrate } from "./schema/migrate.ts";

/** Every command, in the order people meet them. A command that is not here does not exist. */
export const MENU: readonly Command[] = [
  backup,
  list,
  validate,
  restore,
  keygen,
  migrateCheck,
  migrate,
  migrateRollback,
  migrateStatus,
  prPolicy,
  protect,
  releasePlan,
  releaseCut,
  releasePublish,
  releaseStatus,
  hotfixStart,
  hotfixFinish,
  deploy,
  rollback,
  rollbackApp,
  watch,
  sandbox,
  functionsCheck,
  functionsSnapshot,
  functionsDeploy,
  functionsRollback,
  functionsStatus,
  settingsCheck,
  init,
  protectIssue,
];
