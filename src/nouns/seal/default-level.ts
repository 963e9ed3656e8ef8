/**
 * The zstd level that is used where none is asked for; the only one that has match tables of our own
 * (see `zstd.ts`).
 */
export const DEFAULT_LEVEL = 1;
