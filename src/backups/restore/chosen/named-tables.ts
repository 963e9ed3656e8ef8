import { HoldfastError } from "../../../kernel/errors.ts";
import { displayName } from "../../../postgres/display-name.ts";
import { listed } from "../../../kernel/listed.ts";
import { nearest } from "../../../kernel/suggest.ts";
import type { Backup } from "../../../nouns/catalog/catalog.ts";
import type { TableRecord } from "../../../nouns/content/record.ts";
import type { RestoreRequest } from "../request/request.ts";
import type { TableName } from "../request/table-name.ts";

/**
 * The tables of a backup that a request names; all of them when it names none.
 *
 * @throws input.malformed for a name that the backup does not have, or that is no table with rows of its own
 */
export function namedTables({ manifest, key }: Backup, request: RestoreRequest): readonly TableRecord[] {
  const all = manifest.content.tables.filter(
    (table) => table.kind === "table" || table.kind === "partitioned",
  );
  if (request.tables.length === 0) return all;
  return request.tables.map(({ schema, name }) => {
    const table = all.find((one) => one.schema === schema && one.name === name);
    if (table?.kind === "partitioned") {
      throw new HoldfastError(
        "input.malformed",
        `tables holds ${schema}.${name}, which is partitioned: its rows are in its partitions`,
        {
          hint: `Name the partitions instead. ${what(all.filter((one) => one.kind === "table"))}`,
        },
      );
    }
    if (table) return table;
    const other = manifest.content.tables.find((one) => one.schema === schema && one.name === name);
    if (other !== undefined) {
      const kind = NO_ROWS_OF[other.kind] ?? other.kind;
      const problem = `tables holds ${schema}.${name}, which is a ${kind}: only tables can be named`;
      throw new HoldfastError("input.malformed", problem, {
        hint:
          other.kind === "matview"
            ? `Name the tables it is made of, then REFRESH MATERIALIZED VIEW ${schema}.${name}.`
            : "Its rows are in no backup: they are where it gets them from.",
      });
    }
    throw new HoldfastError(
      "input.malformed",
      `tables holds ${displayName({ schema, name })}, which backup ${key.id} does not have`,
      {
        hint: `${meant({ schema, name }, all)}${what(all.filter((one) => one.kind === "table"))}`,
      },
    );
  });
}

/** Names shown of the tables that can be named. */
const SHOWN_MAX = 10;

function what(tables: readonly TableRecord[]): string {
  if (tables.length === 0) return "It has no tables at all: choose another backup with --backup.";
  return (
    `It has ${listed(tables.map(displayName), SHOWN_MAX)}; names are taken as they are, ` + "with their case."
  );
}

/** The same name in other letters or another schema, else the one that is written most like it. */
function meant(wanted: TableName, all: readonly TableRecord[]): string {
  const alike = all.filter((one) => one.name.toLowerCase() === wanted.name.toLowerCase()).map(displayName);
  const near = nearest(displayName(wanted), all.map(displayName));
  const names = alike.length > 0 || near === undefined ? alike : [near];
  return names.length === 0 ? "" : `Did you mean ${names.join(" or ")}? `;
}

/** Relations beside tables that the manifest lists, as people call them. */
const NO_ROWS_OF: Readonly<Partial<Record<TableRecord["kind"], string>>> = {
  matview: "materialized view",
  foreign: "foreign table",
};
