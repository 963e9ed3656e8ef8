import { HoldfastError } from "../../../../kernel/errors.ts";
import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { alike, commonColumns, heldRules, sameKey, tableSql, uniqueValues, type Fitting } from "./staged.ts";
import type { UniqueShape } from "./table-shape.ts";

/**
 * Rows of the target that have a value which another row is to get: two people who have exchanged e-mail
 * addresses since the backup. Unique indexes are looked at row by row, so such rows step aside while the
 * others are written. Where triggers and keys are switched off they are taken out whole and put back, every
 * column of them; where they are not, what refers to them would go too, and they give up the value instead.
 */
export class Exchanged {
  readonly #session: DatabaseSession;
  readonly #one: Fitting;
  readonly #key: readonly string[];
  #aside: string | undefined;

  /** @param key by which a row is known */
  constructor(session: DatabaseSession, one: Fitting, key: readonly string[]) {
    this.#session = session;
    this.#one = one;
    this.#key = key;
  }

  /**
   * @param quiet triggers and keys do not act
   * @throws database.query where the rows can give nothing up
   */
  async stepAside(quiet: boolean): Promise<void> {
    const { title } = this.#one;
    const table = tableSql(this.#one);
    const [right] = await this.#session.query<{ may: boolean }>(
      "SELECT has_table_privilege($1::regclass, 'DELETE') AS may",
      [table],
    );
    for (const rule of heldRules(this.#one)) {
      const holding = this.#holding(rule);
      const [found] = await this.#session.query<{ any: boolean }>(
        `SELECT EXISTS (SELECT FROM ${table} t WHERE ${holding}) AS any`,
      );
      if (!found!.any) continue;
      if (quiet && right!.may) {
        await this.#takeOut(holding);
        continue;
      }
      const column = rule.nullsAlike ? undefined : rule.emptiable[0];
      if (column === undefined) throw cannotGiveUp(title, rule.name);
      await this.#session.query(`UPDATE ${table} t SET ${quoteIdentifier(column)} = NULL WHERE ${holding}`);
    }
  }

  /** @returns rows that were put back, as the backup has them */
  async comeBack(): Promise<number> {
    const aside = this.#aside;
    if (aside === undefined) return 0;
    const columns = commonColumns(this.#one).filter((name) => !this.#key.includes(name));
    const sets = columns.map((name) => `${quoteIdentifier(name)} = s.${quoteIdentifier(name)}`).join(", ");
    await this.#session.query(
      `UPDATE ${aside} t SET ${sets} FROM ${this.#one.temporary} s WHERE ${sameKey(this.#key)}`,
    );
    const list = this.#written().join(", ");
    const [row] = await this.#session.query<{ n: string }>(`
      WITH written AS (
        INSERT INTO ${tableSql(this.#one)} (${list}) OVERRIDING SYSTEM VALUE
          SELECT ${list}
            FROM ${aside}
          RETURNING 1
      )
      SELECT count(*) AS n FROM written
    `);
    return Number(row!.n);
  }

  async #takeOut(holding: string): Promise<void> {
    const list = this.#written().join(", ");
    const table = tableSql(this.#one);
    if (this.#aside === undefined) {
      const name = `${this.#one.temporary.replace(/^pg_temp\./, "")}_aside`;
      await this.#session.query(
        `CREATE TEMPORARY TABLE ${name} ON COMMIT DROP AS SELECT ${list} FROM ${table} WITH NO DATA`,
      );
      this.#aside = `pg_temp.${name}`;
    }
    await this.#session.query(`
      WITH gone AS (
        DELETE FROM ${table} t WHERE ${holding} RETURNING t.*
      )
      INSERT INTO ${this.#aside} (${list}) SELECT ${list} FROM gone
    `);
  }

  /** Columns that can be written, the target's own among them. */
  #written(): string[] {
    return this.#one.shape.columns
      .filter(({ generated }) => !generated)
      .map(({ name }) => quoteIdentifier(name));
  }

  /**
   * Rows `t` whose value by this rule another row of the backup has. Every one of them is in the backup
   * itself: else it was refused before.
   */
  #holding(rule: UniqueShape): string {
    const key = this.#key.map(quoteIdentifier).join(", ");
    const values = uniqueValues(rule);
    return `
      (${this.#key.map((name) => `t.${quoteIdentifier(name)}`).join(", ")}) IN (
          SELECT ${this.#key.map((name) => `h.${quoteIdentifier(name)}`).join(", ")}
            FROM (SELECT ${values}, ${key} FROM ${tableSql(this.#one)} WHERE ${rule.where}) h
            JOIN (SELECT ${values}, ${key} FROM ${this.#one.temporary} WHERE ${rule.where}) s
                ON ${alike(rule, "s", "h")}
           WHERE NOT (${sameKey(this.#key, "s", "h")}))
    `;
  }
}

function cannotGiveUp(title: string, rule: string): HoldfastError {
  return new HoldfastError(
    "database.query",
    `rows of ${title} have exchanged values since the backup, and must have one each at every ` +
      `moment (${rule})`,
    {
      hint:
        "Use a role that may set session_replication_role and delete rows of that table, or change these " +
        "rows at the target.",
    },
  );
}
