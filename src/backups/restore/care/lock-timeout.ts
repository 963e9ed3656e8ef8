/**
 * Longest wait for a table of a live target: longer, and whoever waits behind this restore waits too
 * (https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT).
 */
export const LOCK_TIMEOUT = "30s";
