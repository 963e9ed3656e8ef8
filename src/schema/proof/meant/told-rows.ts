import { listed } from "../../../kernel/listed.ts";
import type { MeantRow } from "./meant-row.ts";
import type { MeantRows } from "./meant.ts";

const NAMED_MAX = 4;
const SHOWN_MAX = 40;

/** Rows by their values: `users.role = 'guest' and email is NULL`. */
export function toldRows(rows: readonly MeantRows[]): string {
  return listed([...new Set(rows.flatMap((each) => each.rows.map(toldRow)))], NAMED_MAX);
}

function toldRow(row: MeantRow): string {
  return row
    .map(({ relation, column, value }) => {
      const name = relation === undefined ? column : `${relation}.${column}`;
      if (value === null) return `${name} is NULL`;
      return `${name} = '${value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value}'`;
    })
    .join(" and ");
}
