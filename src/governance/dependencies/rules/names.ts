/**
 * Rules that the settings may switch and whose findings they may except. Each has a file of its own here; the
 * texts are there.
 */
export const RULE_NAMES = [
  "lockfile-missing",
  "lockfile-out-of-step",
  "dependency-range",
  "registry-host",
  "resolved-mismatch",
  "install-script",
  "install-script-untold",
  "integrity-missing",
  "integrity-weak",
  "integrity-changed",
  "advisory",
  "audit-unknown",
  "lockfile-difference",
] as const;

/** One of {@link RULE_NAMES}. */
export type RuleName = (typeof RULE_NAMES)[number];

/** Rules that are always on: without them the others would judge what nobody read. */
export const FIXED_RULE_NAMES = [
  "lockfile-unreadable",
  "manifest-unreadable",
  "expired-exception",
  "unused-exception",
] as const;

/** Any rule about dependencies. */
export type AnyRuleName = RuleName | (typeof FIXED_RULE_NAMES)[number];
