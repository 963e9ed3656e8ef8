import { ADVISORY } from "./advisory.ts";
import { AUDIT_UNKNOWN } from "./audit-unknown.ts";
import { DEPENDENCY_RANGE } from "./dependency-range.ts";
import { EXPIRED_EXCEPTION } from "./expired-exception.ts";
import { INSTALL_SCRIPT } from "./install-script.ts";
import { INSTALL_SCRIPT_UNTOLD } from "./install-script-untold.ts";
import { INTEGRITY_CHANGED } from "./integrity-changed.ts";
import { INTEGRITY_MISSING } from "./integrity-missing.ts";
import { INTEGRITY_WEAK } from "./integrity-weak.ts";
import { LOCKFILE_DIFFERENCE } from "./lockfile-difference.ts";
import { LOCKFILE_MISSING } from "./lockfile-missing.ts";
import { LOCKFILE_OUT_OF_STEP } from "./lockfile-out-of-step.ts";
import { LOCKFILE_UNREADABLE } from "./lockfile-unreadable.ts";
import { MANIFEST_UNREADABLE } from "./manifest-unreadable.ts";
import { REGISTRY_HOST } from "./registry-host.ts";
import { RESOLVED_MISMATCH } from "./resolved-mismatch.ts";
import type { Rule } from "./rule.ts";
import { UNUSED_EXCEPTION } from "./unused-exception.ts";

/** Every rule that looks at files or at the audit's answer, in the order in which findings are told. */
export const RULES: readonly Rule[] = [
  MANIFEST_UNREADABLE,
  LOCKFILE_UNREADABLE,
  LOCKFILE_MISSING,
  LOCKFILE_OUT_OF_STEP,
  DEPENDENCY_RANGE,
  REGISTRY_HOST,
  RESOLVED_MISMATCH,
  INSTALL_SCRIPT,
  INSTALL_SCRIPT_UNTOLD,
  INTEGRITY_MISSING,
  INTEGRITY_WEAK,
  INTEGRITY_CHANGED,
  ADVISORY,
  AUDIT_UNKNOWN,
  LOCKFILE_DIFFERENCE,
];

/** Rules about the exceptions themselves, which are told of whatever the settings say. */
export const EXCEPTION_RULES: readonly Omit<Rule, "find">[] = [EXPIRED_EXCEPTION, UNUSED_EXCEPTION];
