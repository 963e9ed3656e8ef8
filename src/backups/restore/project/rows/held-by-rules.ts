import { quoteIdentifier } from "../../../../postgres/quoting.ts";
import type { DatabaseSession } from "../../../../ports/database.ts";
import { refusal } from "../../../../nouns/server/refusal.ts";
import { brokenCheckRemedy, brokenKeyRemedy, doubledRowsRemedy } from "./broken-rules.ts";
import { count, rows } from "./count-rows.ts";
import {
  alike,
  commonColumns,
  differs,
  heldRules,
  keyColumns,
  sameKey,
  tableSql,
  uniqueValues,
  type Fitting,
  type Staged,
} from "./staged.ts";

/**
 * Whether the target's unique rules, checks and keys hold for the rows of a backup: a sentence for each
 * that does not.
 */

/**
 * Rows that stay at the target and that a row of the backup cannot stand beside: the same e-mail
 * under another id.
 */
export async function collisions(session: DatabaseSession, one: Fitting): Promise<string[]> {
  const key = keyColumns(one);
  if (key === undefined) return [];
  const found: string[] = [];
  for (const rule of heldRules(one)) {
    const { name, where, reads } = rule;
    const values = uniqueValues(rule);
    const same = reads.filter((column) => !key.includes(column)).join(", ");
    const colliding = await count(
      session,
      `
        SELECT count(*) AS n
          FROM (SELECT ${values} FROM ${one.temporary} WHERE ${where}) s
          JOIN (SELECT ${values}, ${key.map(quoteIdentifier).join(", ")}
                  FROM ${tableSql(one)}
                 WHERE ${where}) t
            ON ${alike(rule)}
         WHERE NOT EXISTS (SELECT FROM ${one.temporary} o WHERE ${sameKey(key, "o", "t")})
      `,
    );
    if (colliding > 0) {
      found.push(
        `${rows(colliding)} of ${one.title} in the backup collide with rows at the target that have ` +
          `another ${key.join(", ")} (${name}: the same ${same})`,
      );
    }
    const given = rule.nullsAlike
      ? ""
      : `HAVING ${rule.keys.map((_, index) => `k${index} IS NOT NULL`).join(" AND ")}`;
    const group = rule.keys.map((_, index) => `k${index}`).join(", ");
    const doubled = await count(
      session,
      `
        SELECT coalesce(sum(n), 0) AS n
          FROM (SELECT count(*) AS n
                  FROM (SELECT ${values} FROM ${one.temporary} WHERE ${where}) s
                 GROUP BY ${group} ${given}) AS found
         WHERE n > 1
      `,
    );
    if (doubled > 0) {
      found.push(
        `${rows(doubled)} of ${one.title} in the backup are alike by a rule of the target that the source ` +
          `did not hold (${name}: the same ${same}): ${doubledRowsRemedy(one.title, name)}`,
      );
    }
  }
  return found;
}

/** To ask what an index of the user's makes of a row would be to run his functions. */
export function unseenRules({ title, shape }: Fitting, backup: number): string[] {
  const unseen = backup === 0 ? [] : shape.uniques.filter(({ primary, builtin }) => !primary && !builtin);
  return unseen.map(
    ({ name }) =>
      `index ${name} of ${title} calls functions that are not the server's own, so that it was not asked ` +
      "whether rows collide by it",
  );
}

/**
 * Rows that are to be written and that a check of the target's refuses. One that calls what people wrote is
 * not asked, nor one of columns that the backup has not.
 */
export async function unchecked(session: DatabaseSession, one: Fitting): Promise<string[]> {
  const common = new Set(commonColumns(one));
  const key = keyColumns(one);
  const there =
    key === undefined
      ? "false"
      : `EXISTS (SELECT FROM ${tableSql(one)} t WHERE ${sameKey(key)} AND NOT ${differs(one)})`;
  const found: string[] = [];
  for (const { name, condition } of one.shape.checks.filter(
    ({ builtin, reads }) => builtin && reads.every((column) => common.has(column)),
  )) {
    let broken = 0;
    // What cannot be evaluated for a row shows when it is written, with the check's name.
    await refusal(
      session,
      async () => {
        broken = await count(
          session,
          `
            SELECT count(*) AS n
              FROM (SELECT * FROM ${one.temporary} WHERE (${condition}) IS FALSE) s
             WHERE NOT ${there}
          `,
        );
      },
      "database.query",
      "database.permission",
    );
    if (broken > 0) {
      found.push(
        `${rows(broken)} of ${one.title} in the backup ${broken === 1 ? "breaks" : "break"} a check ` +
          `that the target has (${name}): ${brokenCheckRemedy(one.title, name)}`,
      );
    }
  }
  return found;
}

/** Rows that refer to rows which neither side has; the keys are switched off while rows are written. */
export async function orphans(
  session: DatabaseSession,
  one: Fitting,
  staged: readonly Staged[],
): Promise<string[]> {
  const common = new Set(commonColumns(one));
  const found: string[] = [];
  for (const { name, columns, parent, parentColumns } of one.shape.references) {
    if (!columns.every((column) => common.has(column))) continue;
    // What is said of these rows already ends the restore.
    if (staged.some((other) => other.isText && other.schema === parent[0] && other.name === parent[1])) {
      continue;
    }
    const given = columns.map((column) => `s.${quoteIdentifier(column)} IS NOT NULL`).join(" AND ");
    const match = columns
      .map((column, index) => `p.${quoteIdentifier(parentColumns[index]!)} = s.${quoteIdentifier(column)}`)
      .join(" AND ");
    const brought = staged.find((other) => other.schema === parent[0] && other.name === parent[1]);
    const inBackup =
      brought !== undefined && parentColumns.every((column) => brought.columns.includes(column))
        ? `AND NOT EXISTS (SELECT FROM ${brought.temporary} p WHERE ${match})`
        : "";
    const lost = await count(
      session,
      `
        SELECT count(*) AS n
          FROM ${one.temporary} s
         WHERE ${given}
           AND NOT EXISTS (SELECT FROM ${tableSql({ schema: parent[0], name: parent[1] })} p
                            WHERE ${match}) ${inBackup}
      `,
    );
    if (lost > 0) {
      found.push(
        `${rows(lost)} of ${one.title} in the backup ${lost === 1 ? "refers" : "refer"} ` +
          `to rows of ${parent.join(".")} that neither the backup brings nor the target has ` +
          `(${name}): ${brokenKeyRemedy(one.title, name)}`,
      );
    }
  }
  return found;
}
