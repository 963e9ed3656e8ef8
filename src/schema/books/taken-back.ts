import type { DatabaseSession } from "../../ports/database.ts";
import { isVersion } from "../../nouns/migration-files/version.ts";
import { lackedColumns } from "../history/columns.ts";
import { patiently } from "../history/patience.ts";
import { keyText } from "./applied-of.ts";
import type { Books } from "./tool.ts";
import { saidApplied, type Words } from "./words.ts";

/** What rollbacks on record have taken back. */
export class TakenBack {
  /** Key of a version → what other tools' tables said at the last of them; null where that is not known. */
  readonly #words: ReadonlyMap<string, Words | null>;

  private constructor(words: ReadonlyMap<string, Words | null>) {
    this.#words = words;
  }

  /** None where there is no record, and for a role that may not read it, which then knows less. */
  static async read(session: DatabaseSession): Promise<TakenBack> {
    const [row] = await session.query<{ readable: boolean | null }>(`
      SELECT pg_catalog.has_table_privilege(pg_catalog.to_regclass('holdfast.rollbacks'),
                                            'SELECT') AS readable
    `);
    if (row!.readable !== true) return new TakenBack(new Map());
    const isOld = (await lackedColumns(session)).has("rollbacks.elsewhere");
    const rows = await patiently(session, () =>
      session.query<{ version: string; elsewhere: Words | null }>(`
      SELECT v.version, ${isOld ? "NULL" : "r.elsewhere"} AS elsewhere
        FROM holdfast.rollbacks r CROSS JOIN pg_catalog.unnest(r.done) AS v(version)
       ORDER BY r.begun_at, r.id
    `),
    );
    return new TakenBack(
      new Map(
        rows
          .filter(({ version }) => isVersion(version))
          .map(({ version, elsewhere }) => [keyText(version), elsewhere]),
      ),
    );
  }

  /** Keys of the versions, whether or not they were applied again since. */
  get keys(): ReadonlySet<string> {
    return new Set(this.#words.keys());
  }

  /**
   * Whether a tool's table names a version only because it named it already when that was taken back. One
   * that has come to name it since has applied it. Of a table that we keep ourselves the rollback has taken
   * it out.
   */
  isOldWord({ table, kept }: Books, version: string): boolean {
    if (kept || !isVersion(version)) return false;
    const words = this.#words.get(keyText(version));
    return words === null || (words !== undefined && saidApplied(words, table, version));
  }
}
