/** Tools whose lists of unsafe operations this one is held against. */
export type OtherTool = "squawk" | "strong_migrations" | "pgroll" | "Eugene";

/** What another tool warns of and no rule here does, and why. */
export interface LeftOut {
  readonly tool: OtherTool;
  /** As that tool calls it, or its documents do. */
  readonly rule: string;
  readonly why: string;
}

/**
 * Held by a test against squawk itself: each of its default rules has a finding here or its line, never
 * both. Sources:
 * https://squawkhq.com/docs/rules, https://github.com/ankane/strong_migrations#checks,
 * https://github.com/kaaveland/eugene, https://github.com/xataio/pgroll
 */
export const LEFT_OUT: readonly LeftOut[] = [
  {
    tool: "squawk",
    rule: "require-lock-timeout",
    why:
      "whoever applies the file sets the timeout, once for all files; a line in each only hides the " +
      "others",
  },
  { tool: "squawk", rule: "require-statement-timeout", why: "as require-lock-timeout" },
  { tool: "squawk", rule: "prefer-bigint-over-int", why: "a choice of the data model, which takes no lock" },
  {
    tool: "squawk",
    rule: "prefer-bigint-over-smallint",
    why: "a choice of the data model, which takes no lock",
  },
  {
    tool: "squawk",
    rule: "prefer-identity",
    why: "a choice of style; what a serial column on an old table does is found by `rewriting-default`",
  },
  {
    tool: "squawk",
    rule: "prefer-text-field",
    why:
      "a longer varchar rewrites nothing, and a change that does rewrite is found by trying it " +
      "(`type-change`)",
  },
  { tool: "squawk", rule: "prefer-timestamp-tz", why: "a choice of the data model, which takes no lock" },
  { tool: "squawk", rule: "ban-char-field", why: "a choice of the data model, which takes no lock" },
  {
    tool: "squawk",
    rule: "ban-create-domain-with-constraint",
    why:
      "a new domain has no columns yet; a constraint added to one that has is found by " +
      "`domain-constraint`",
  },
  {
    tool: "squawk",
    rule: "ban-duplicate-column-assignments",
    why: "the server refuses the statement, so the pair is `failed` at that line",
  },
  {
    tool: "squawk",
    rule: "unused-ignore",
    why: "squawk's own comments are not read; an unused `-- holdfast: allow` is found by `unused-waiver`",
  },
  {
    tool: "squawk",
    rule: "require-table-schema",
    why: "not on by default there; a schema that changes with the search path shows in the comparison",
  },
  {
    tool: "strong_migrations",
    rule: "non-unique index over three columns or more",
    why:
      "a choice of the data model: whether such an index pays is seen in the queries, not in the " +
      "migration",
  },
  {
    tool: "strong_migrations",
    rule: "raw SQL",
    why: "every file is SQL here; what a DO block makes itself is found by `dynamic-sql`",
  },
  {
    tool: "Eugene",
    rule: "W12 several ALTER TABLE that could be one",
    why: "in one transaction the lock is the same, and each statement's line of its own is worth more",
  },
  {
    tool: "Eugene",
    rule: "E4 statements after an exclusive lock",
    why:
      "each statement's time is in the report; what takes long under a lock (rows, scans, rewrites) is " +
      "found",
  },
  {
    tool: "Eugene",
    rule: "E15 foreign key without an index",
    why:
      "whether one is needed depends on deletes at the other end; nothing is locked for longer by its " +
      "lack",
  },
  {
    tool: "pgroll",
    rule: "dual writes between two schema versions",
    why: "a way to carry changes out, not a finding; the safe forms of the rules say the same in plain SQL",
  },
];
