/**
 * What a standby says when it ends what still needs rows that its primary has removed:
 * https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-CONFLICT
 */
export const CONFLICT_WITH_RECOVERY = /conflict with recovery/;

/** What keeps it from doing so. */
export const ON_STANDBY =
  "This server is a standby, and ended what still needed rows that its primary has removed: set " +
  "hot_standby_feedback = on there, or raise max_standby_streaming_delay for the time of the run, or give " +
  "the primary's address.";
