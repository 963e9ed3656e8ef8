/** Ways in which GitHub merges pull requests. */
export const METHODS = ["merge", "squash", "rebase"] as const;
export type MergeMethod = (typeof METHODS)[number];

/** Those that a protected branch allows where the settings do not say which (strategy A1). */
export const PROTECTED_METHODS: readonly MergeMethod[] = ["merge", "squash"];
