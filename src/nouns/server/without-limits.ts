import type { DatabaseSession } from "../../ports/database.ts";
import { askAgain } from "../../ports/ask-again.ts";

/**
 * Takes the limits of time that the role or the database has away from a session that began bare: they are
 * for applications. A migration is given its own, and what is written down about it takes as long as it
 * takes.
 */
export async function withoutLimits(session: DatabaseSession): Promise<void> {
  // It may be too short for more than this.
  await withoutLimit(session);
  await session.queryPrepared(WITHOUT_LIMITS, []);
}

/** The first half of {@link withoutLimits}; without it there may be no time for the other. */
export async function withoutLimit(session: DatabaseSession): Promise<void> {
  await askAgain(session, "SET statement_timeout = 0");
}

/** The other half. Two of them are newer than the oldest servers: 14 and 17. */
export const WITHOUT_LIMITS = `
  SELECT pg_catalog.set_config(name, '0', false)
    FROM pg_catalog.unnest(ARRAY['lock_timeout', 'idle_in_transaction_session_timeout',
                                 'idle_session_timeout', 'transaction_timeout']) AS name
   WHERE pg_catalog.current_setting(name, true) IS NOT NULL
`;
