import { dropDatabase } from "./drop-database.ts";
import type { DatabaseSession } from "../../../ports/database.ts";
import type { Log } from "../../../ports/log.ts";

/**
 * Older ones belong to no living run, unless a session of that run is in them: it was killed, or its
 * clean-up failed.
 */
const LEFTOVER_HOURS = 24;

/**
 * The time of its making as it stands in a database's name: fixed in length, so that texts sort as times do.
 */
const TIME = 'YYYYMMDD"t"HH24MISS';

/**
 * Names of databases that Holdfast makes for a while and drops again: what they begin with, the time in UTC,
 * random digits.
 */
export class PassingName {
  readonly #prefix: string;

  /** @param prefix lower-case letters and underscores */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** @param at when it is made, for the sweep of those that are left behind */
  make(at: Date, random: string): string {
    const [day, time] = at
      .toISOString()
      .replaceAll(/[-:]|\.\d+Z$/g, "")
      .split("T");
    return `${this.#prefix}${day}t${time}_${random}`;
  }

  /**
   * Databases of such a name that are old, unused, and droppable by this role. Compared as text, because
   * anybody may give a database a name whose digits are no time.
   */
  async leftovers(admin: DatabaseSession): Promise<readonly string[]> {
    const rows = await admin.query<{ name: string }>(`
      SELECT d.datname::text AS name
        FROM pg_catalog.pg_database d
       WHERE d.datname ~ '^${this.#prefix}[0-9]{8}t[0-9]{6}_[0-9a-f]+$'
         AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
         AND pg_catalog.substr(d.datname::text,
                               ${this.#prefix.length + 1},
                               15) COLLATE "C" < pg_catalog.to_char(
                                 pg_catalog.now() AT TIME ZONE 'UTC' - interval '${LEFTOVER_HOURS} hours',
                                 '${TIME}')
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
       ORDER BY 1
    `);
    return rows.map(({ name }) => name);
  }
}

/** How a sweep speaks and connects. */
export interface Sweep {
  readonly admin: DatabaseSession;
  connect(database: string): Promise<DatabaseSession>;
  readonly log: Pick<Log, "info" | "warn">;
  dropped(name: string): string;
  kept(name: string, why: string): string;
}

/**
 * Drops what killed runs left behind. What cannot be dropped is said, and left to whoever may.
 *
 * @returns how many were found
 */
export async function sweepLeftovers(names: PassingName, sweep: Sweep): Promise<number> {
  const found = await names.leftovers(sweep.admin);
  for (const name of found) {
    try {
      await dropDatabase(sweep.admin, name, () => sweep.connect(name));
      sweep.log.info(sweep.dropped(name));
    } catch (error) {
      sweep.log.warn(sweep.kept(name, (error as Error).message));
    }
  }
  return found.length;
}
