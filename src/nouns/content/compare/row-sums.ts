import { displayPart } from "../../../postgres/display-name.ts";
import { listed } from "../../../kernel/listed.ts";
import type { TableRecord } from "../record.ts";

/** The sum of a number over several tables, or undefined when one of them has none. */
export function sumOf(
  tables: readonly TableRecord[],
  value: (table: TableRecord) => number | string | null,
): bigint | undefined {
  const values = tables.map(value).filter((each) => each !== null);
  return values.length < tables.length
    ? undefined
    : values.reduce<bigint>((sum, each) => sum + BigInt(each), 0n);
}

/**
 * What differs in the content of tables with equally many rows; as a clause, such as `column price differs`.
 *
 * @param besides columns whose own difference is none, because their hashes may differ for another reason
 * @returns undefined where nothing does, or where one of the tables has no fingerprint
 */
export function contentDifference(
  expected: readonly TableRecord[],
  actual: readonly TableRecord[],
  besides: ReadonlySet<string> = new Set(),
): string | undefined {
  const fingerprint = (table: TableRecord): string | null => table.fingerprint;
  const [before, now] = [sumOf(expected, fingerprint), sumOf(actual, fingerprint)];
  if (before === undefined || now === undefined) return undefined;
  const [were, are] = [columnSums(expected), columnSums(actual)];
  if (were === undefined || are === undefined) {
    return before === now || besides.size > 0 ? undefined : "their content differs";
  }
  const gone = [...were.keys()].filter((name) => !are.has(name));
  const added = [...are.keys()].filter((name) => !were.has(name));
  if (gone.length + added.length > 0) return otherColumns(gone, added);
  const others = [...were].filter(([name, sum]) => are.get(name) !== sum).map(([name]) => name);
  const differing = others.filter((name) => !besides.has(name));
  if (differing.length === 0) {
    return before === now || others.length > 0 ? undefined : "values have moved between its rows";
  }
  const computed = new Set(expected.flatMap((table) => table.computed ?? []));
  return (
    `${differing.length === 1 ? "column" : "columns"} ${listed(differing.map(displayPart))} ` +
    `${differing.length === 1 ? "differs" : "differ"}${reason(differing, computed)}`
  );
}

function columnSums(tables: readonly TableRecord[]): ReadonlyMap<string, bigint> | undefined {
  const sums = new Map<string, bigint>();
  for (const { columns } of tables) {
    if (columns === undefined) return undefined;
    for (const [name, sum] of columns) sums.set(name, (sums.get(name) ?? 0n) + BigInt(sum));
  }
  return sums;
}

function otherColumns(gone: readonly string[], added: readonly string[]): string {
  const parts = [
    ...(gone.length > 0 ? [`without ${listed(gone.map(displayPart))}`] : []),
    ...(added.length > 0 ? [`with ${listed(added.map(displayPart))} besides`] : []),
  ];
  return `its columns are others: ${parts.join(", ")}`;
}

/** A restore runs the expression of a stored generated column again, with whatever functions it finds. */
function reason(differing: readonly string[], computed: ReadonlySet<string>): string {
  const anew = differing.filter((name) => computed.has(name));
  if (anew.length === 0) return "";
  const subject =
    differing.length === 1
      ? "a stored generated column"
      : `${listed(anew.map(displayPart))} ` +
        (anew.length === 1 ? "is a stored generated column" : "are stored generated columns");
  return (
    ` (${subject}: the restore computed it anew; what it is computed with may have changed since ` +
    "the rows were written)"
  );
}
