import { NOTICE_LOST_CLIENT, NOTICED } from "../../nouns/server/lost-clients.ts";
import { WITHOUT_LIMITS, withoutLimit } from "../../nouns/server/without-limits.ts";
import type { Database, DatabaseSession } from "../../ports/database.ts";

/**
 * The sessions in which scripts are carried out, one after the other. Nothing that a script has set, made or
 * locked reaches the next one; yet the server goes on with one session where it can, because a new one knows
 * nothing of the catalog, and reading the schema after each script would take several times as long.
 * Disposing ends them.
 */
export class ScriptSessions implements AsyncDisposable {
  readonly #database: Database;
  readonly #purpose: string;
  #idle: Begun | undefined;

  constructor(database: Database, purpose: string) {
    this.#database = database;
    this.#purpose = purpose;
  }

  /** Runs `work` in a session that is as a new one, and keeps it where `mayKeep` says so of what came out. */
  async use<T>(work: (session: DatabaseSession) => Promise<T>, mayKeep: (outcome: T) => boolean): Promise<T> {
    const { session, begins } = (await this.#takeIdle()) ?? (await this.#begin());
    let keep = false;
    try {
      const outcome = await work(session);
      keep = mayKeep(outcome) && session.transaction === "none" && !session.lost.aborted;
      return outcome;
    } finally {
      if (keep) this.#idle = { session, begins };
      else await session.close();
    }
  }

  async #begin(): Promise<Begun> {
    const session = await this.#database.connect({ purpose: this.#purpose, bare: true });
    try {
      return { session, begins: await begin(session) };
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** One that does not come back as a new one would begin is ended, and a new one begun. */
  async #takeIdle(): Promise<Begun | undefined> {
    const idle = this.#idle;
    this.#idle = undefined;
    if (idle === undefined) return undefined;
    try {
      await idle.session.empty();
      const begins = await begin(idle.session);
      if (idle.begins !== undefined && begins === idle.begins) return idle;
    } catch {
      // Whatever it was, a new session meets it too, and says it better.
    }
    await idle.session.close();
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#idle?.session.close();
    this.#idle = undefined;
  }
}

interface Begun {
  readonly session: DatabaseSession;
  /** How a session began at that time; undefined where only a new one is like a new one. */
  readonly begins: string | undefined;
}

/** Sets the session up for a script, and says how it began. */
async function begin(session: DatabaseSession): Promise<string | undefined> {
  await withoutLimit(session);
  const [row] = await session.queryPrepared<{ begins: string | null }>(BEGINNING, NOTICED);
  return row?.begins ?? undefined;
}

/**
 * What a session gets at its beginning and never again: settings of the role and the database, which a script
 * may have changed for the next one, and who it is; and which settings of applications' own it knows, which a
 * function may have made. Triggers on logging in (since 17) do what they want. The search path is whoever's,
 * so operators say their schema too.
 */
const HOW_SESSIONS_BEGIN = `
  SELECT CASE
    WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtevent OPERATOR(pg_catalog.=) 'login')
    THEN pg_catalog.concat_ws(E'\\n', session_user, current_user,
           (SELECT pg_catalog.string_agg(o.name, ',' ORDER BY o.name) FROM pg_catalog.pg_settings o
             WHERE o.category OPERATOR(pg_catalog.=) 'Customized Options'),
           (SELECT pg_catalog.string_agg(
                     pg_catalog.concat_ws(' ', s.setdatabase, s.setrole, s.setconfig), E'\\n'
                     ORDER BY s.setdatabase, s.setrole)
              FROM pg_catalog.pg_db_role_setting s
              LEFT JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
              LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.setrole
             WHERE (d.oid IS NULL OR d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
               AND (r.oid IS NULL OR r.rolname OPERATOR(pg_catalog.=) session_user)))
    END AS begins
`;

/** In one question, because it is asked before every script. */
const BEGINNING = `
  SELECT (${HOW_SESSIONS_BEGIN}) AS begins,
         (SELECT pg_catalog.count(l.set_config) FROM (${WITHOUT_LIMITS}) AS l) AS unlimited,
         (SELECT pg_catalog.count(n.set_config) FROM (${NOTICE_LOST_CLIENT}) AS n) AS noticing
`;
