import { LOST_CLIENT } from "../../postgres/keep-alive.ts";
import type { DatabaseSession } from "../../ports/database.ts";

/** What a session of PostgreSQL's own programs is told, so that the server notices when they are gone. */
export interface LostClientSettings {
  /** For a program to which the server sends next to nothing. */
  readonly loading: Readonly<Record<string, string>>;
  /**
   * For one that reads rows: without the limit of unacknowledged bytes. Linux counts as such what the program
   * does not take because the store behind it stands still, though it answers for all that time
   * (`tcp_probe_timer` in net/ipv4/tcp_timer.c), and the server would end a dump that only waits.
   */
  readonly dumping: Readonly<Record<string, string>>;
}

const NONE: LostClientSettings = { loading: {}, dumping: {} };

/**
 * What {@link LOST_CLIENT} has become in a session of ours, whose role or URL may know better. Only where the
 * server takes it: a pooler refuses the program for a setting that it does not know.
 *
 * @param session not one that began bare
 */
export async function lostClientSettings(session: DatabaseSession): Promise<LostClientSettings> {
  if (!session.takesStartupOptions) return NONE;
  const rows = await session.query<{ name: string; value: string | null }>(
    `
      SELECT name, pg_catalog.current_setting(name, true) AS value
        FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name
    `,
    [LOST_CLIENT.map(({ name }) => name)],
  );
  // 0 where the connection is no TCP: there is nothing to tell a program.
  const known = rows.flatMap(({ name, value }): [string, string][] =>
    value !== null && /^[1-9]/.test(value) ? [[name, value]] : [],
  );
  return {
    loading: Object.fromEntries(known),
    dumping: Object.fromEntries(known.filter(([name]) => name !== "tcp_user_timeout")),
  };
}

/** Values of {@link NOTICE_LOST_CLIENT}. */
export const NOTICED: readonly unknown[] = [
  LOST_CLIENT.map(({ name }) => name),
  LOST_CLIENT.map(({ value }) => value),
];

/**
 * Sets in a session that began bare what all others have from their beginning, but for what came with it: the
 * URL's options. What scripts hold are the heaviest locks of all. The search path is whoever's, so operators
 * say their schema too.
 */
export const NOTICE_LOST_CLIENT = `
  SELECT pg_catalog.set_config(s.name, ours.value::pg_catalog.text, false)
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.int4[]))
           AS ours(name, value)
    JOIN pg_catalog.pg_settings AS s ON s.name OPERATOR(pg_catalog.=) ours.name
   WHERE s.source OPERATOR(pg_catalog.<>) 'client'
     AND (s.setting::pg_catalog.int4 OPERATOR(pg_catalog.<=) 0
          OR s.setting::pg_catalog.int4 OPERATOR(pg_catalog.>) ours.value)
`;
