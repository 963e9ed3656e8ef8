import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const PAIRS = 300;
export const TABLES = PAIRS / 3;

/**
 * A pair of every third kind: a table, columns with a default, an index; together a schema of a
 * hundred tables.
 */
export function pair(at: number): { readonly forward: string; readonly rollback: string } {
  const table = `app.t${Math.floor(at / 3)}`;
  if (at % 3 === 0) {
    const reference =
      at === 0 ? "" : `,\n  parent bigint REFERENCES app.t${Math.floor(at / 3) - 1} (id) ON DELETE CASCADE`;
    const columns =
      "id bigserial PRIMARY KEY,\n  name text NOT NULL DEFAULT '',\n  total numeric(10, 2) " +
      "CHECK (total >= 0),\n  made timestamptz NOT NULL DEFAULT now()";
    const schema = at === 0 ? ["CREATE SCHEMA app;\n", "\nDROP SCHEMA app;"] : ["", ""];
    return {
      forward: `${schema[0]}CREATE TABLE ${table} (\n  ${columns}${reference}\n);\n`,
      rollback: `DROP TABLE ${table};${schema[1]}\n`,
    };
  }
  if (at % 3 === 1) {
    return {
      forward:
        `ALTER TABLE ${table} ADD COLUMN note text, ADD COLUMN rank int NOT NULL DEFAULT 0;\nCOMMENT ON ` +
        `COLUMN ${table}.note IS 'said';\n`,
      rollback: `ALTER TABLE ${table} DROP COLUMN rank, DROP COLUMN note;\n`,
    };
  }
  const index = `t${Math.floor(at / 3)}_name`;
  return {
    forward: `CREATE INDEX ${index} ON ${table} (lower(name)) WHERE total > 0;\n`,
    rollback: `DROP INDEX app.${index};\n`,
  };
}

/** Writes the pairs numbered `from` to `to`, without the last, as `0001_step.up.sql` and `.down.sql`. */
export function writePairs(folder: string, from: number, to: number): void {
  mkdirSync(folder, { recursive: true });
  for (let at = from; at < to; at += 1) {
    const { forward, rollback } = pair(at);
    const name = `${String(at + 1).padStart(4, "0")}_step`;
    writeFileSync(join(folder, `${name}.up.sql`), forward);
    writeFileSync(join(folder, `${name}.down.sql`), rollback);
  }
}
