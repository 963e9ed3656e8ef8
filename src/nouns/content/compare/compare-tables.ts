import { quantity } from "../../../kernel/quantity.ts";
import { retypedColumns } from "../rows/column-types.ts";
import { displayName } from "../../../postgres/display-name.ts";
import type { CompareOptions, Difference } from "./difference.ts";
import { Lacking } from "./missing-extensions.ts";
import type { ContentRecord, MeasuredContent, TableRecord } from "../record.ts";
import { areNumbers, type Numbers } from "../rows/object-numbers.ts";
import { listed } from "../../../kernel/listed.ts";
import { contentDifference, sumOf } from "./row-sums.ts";

/** A finding and its place: gone, then wrong in number, then wrong in content. */
interface Ranked {
  readonly rank: 0 | 1 | 2;
  readonly difference: Difference;
}

/** What one comparison of tables goes by. */
interface Context {
  readonly copies: ReadonlyMap<string, TableRecord>;
  readonly lacking: Lacking;
  readonly doubts: ReadonlyMap<string, string>;
  /** Fingerprints of the two can be held against each other. */
  readonly content: boolean;
  readonly options: CompareOptions;
  /** Columns of a table that is no copy of the source's alone and that have got another type. */
  readonly retyped: (table: TableRecord) => ReadonlySet<string>;
  /** Of the copy. */
  readonly numbers: NonNullable<MeasuredContent["numbers"]>;
}

/**
 * The tables' existence, rows and content; where rows may have changed partitions, that of the whole tree.
 */
export function compareTables(
  expected: ContentRecord,
  actual: MeasuredContent,
  content: boolean,
  options: CompareOptions,
): Difference[] {
  const copies = new Map(actual.tables.map((table) => [displayName(table), table]));
  const context: Context = {
    copies,
    content,
    options,
    lacking: new Lacking(expected, options.unavailableExtensions ?? []),
    doubts: actual.doubts ?? new Map(),
    numbers: actual.numbers ?? new Map(),
    retyped: options.exact ? () => new Set() : retypedColumns(expected, actual),
  };
  const tables = expected.tables.map((table) => withTree(table, copies));
  const wanted = tables.filter((table) => options.only?.(table) ?? true);
  const found = [
    ...wanted.map(
      (table) =>
        compareExistence(table, context) ??
        (table.tree === undefined ? compareRows(table, context) : undefined),
    ),
    ...treesOf(wanted).map((leaves) => compareTree(leaves, tables, context)),
  ].filter((each) => each !== undefined);
  const known = new Set(expected.tables.map(displayName));
  const extra = options.exact ? actual.tables.filter((table) => !known.has(displayName(table))) : [];
  return [
    ...[0, 1, 2].flatMap((rank) => found.filter((each) => each.rank === rank).map((each) => each.difference)),
    ...extra.map((table): Difference => ({
      severity: "difference",
      about: "table",
      name: displayName(table),
      message: "exists, but not at the source",
    })),
  ];
}

function ranked(
  rank: Ranked["rank"],
  name: string,
  message: string,
  severity: Difference["severity"] = "difference",
): Ranked {
  return { rank, difference: { severity, about: "table", name, message } };
}

function compareExistence(table: TableRecord, { copies, lacking, options }: Context): Ranked | undefined {
  const name = displayName(table);
  const copy = copies.get(name);
  if (copy === undefined) {
    const message =
      "is " +
      `missing${brackets(table.rows === null ? "" : `the source held ${count(table.rows)}`, ownerOf(table))}`;
    const needs = lacking.ofTable(table);
    if (needs.length === 0) return ranked(0, name, message);
    const gap = ranked(
      0,
      name,
      `could not be proved: it needs ${needs.join(", ")}, not available here (it ${message})`,
      "gap",
    );
    return { ...gap, difference: { ...gap.difference, needs } };
  }
  if (copy.kind !== table.kind) {
    return ranked(0, name, `is a ${copy.kind}, at the source it was a ${table.kind}`);
  }
  if (!options.rows || table.populated === copy.populated) return undefined;
  return ranked(
    2,
    name,
    table.populated === true
      ? "was populated at the source and is not"
      : "is populated and was not at the source",
  );
}

function compareRows(
  table: TableRecord,
  { copies, content, doubts, options, retyped, numbers }: Context,
): Ranked | undefined {
  const name = displayName(table);
  const copy = copies.get(name);
  if (!options.rows || copy === undefined || table.rows === null || copy.rows === null) return undefined;
  const owner = brackets(ownerOf(table));
  if (table.rows !== copy.rows) {
    return ranked(1, name, `holds ${count(copy.rows)}, the source held ${count(table.rows)}${owner}`);
  }
  const others = retyped(table);
  const numbered = namesOfNumbers(table, copy, numbers.get(name));
  const differs = content ? contentDifference([table], [copy], new Set([...others, ...numbered])) : undefined;
  if (differs === undefined) {
    if (!content || contentDifference([table], [copy]) === undefined) return undefined;
    return contentDifference([table], [copy], numbered) === undefined
      ? ofNumbers(name, numbered)
      : ofRetyped(name, others);
  }
  const doubt = doubts.get(name);
  if (doubt !== undefined) {
    return ranked(
      2,
      name,
      `holds ${count(copy.rows)} as the source did, but their content could not be compared: ${doubt}`,
      "gap",
    );
  }
  return ranked(2, name, `holds ${count(copy.rows)} as the source did, but ${differs}${owner}`);
}

/** Columns whose sums differ by nothing but numbers that name something in the copy. */
function namesOfNumbers(
  table: TableRecord,
  copy: TableRecord,
  numbers: Numbers | undefined,
): ReadonlySet<string> {
  const sums = new Map(table.columns ?? []);
  const found =
    numbers === undefined
      ? []
      : (copy.columns ?? []).filter(
          ([column, sum]) =>
            sums.has(column) && areNumbers(BigInt(sums.get(column)!) - BigInt(sum), numbers.get(column)),
        );
  return new Set(found.map(([column]) => column));
}

function ofNumbers(name: string, columns: ReadonlySet<string>): Ranked {
  return ranked(
    2,
    name,
    `holds the source's rows, but could not be compared row by row: numbers in ${listed([...columns])} ` +
      "that named nothing at the source are those of objects here, and are written as their names",
    "gap",
  );
}

/**
 * Rows were put into a table whose columns are of other types by now, which took every value; that none of
 * them changed thereby is not shown.
 */
function ofRetyped(name: string, columns: ReadonlySet<string>): Ranked {
  const names = [...columns];
  const [columnsOf, theirs] = names.length === 1 ? ["column", "its type is"] : ["columns", "their types are"];
  return ranked(
    2,
    name,
    `got the source's rows, but the content of ${columnsOf} ${listed(names)} could not be compared: ` +
      `${theirs} not the source's any more`,
    "gap",
  );
}

/**
 * Records of format 1 do not say whether rows may change partitions; the copy's are made from the
 * same definitions.
 */
function withTree(table: TableRecord, copies: Context["copies"]): TableRecord {
  const tree = table.tree ?? copies.get(displayName(table))?.tree;
  return tree === undefined ? table : { ...table, tree };
}

/** Leaves whose rows are loaded through the top of their tree, by tree. */
function treesOf(tables: readonly TableRecord[]): TableRecord[][] {
  const trees = new Map<string, TableRecord[]>();
  for (const table of tables) {
    if (table.tree === undefined) continue;
    const name = displayName(table.tree);
    trees.set(name, [...(trees.get(name) ?? []), table]);
  }
  return [...trees.values()];
}

/**
 * Rows of one leaf may stand in another one after a restore: only their number and sums over all of them are
 * comparable.
 */
function compareTree(
  leaves: readonly TableRecord[],
  tables: readonly TableRecord[],
  { copies, content, options, retyped }: Context,
): Ranked | undefined {
  if (!options.rows) return undefined;
  const name = displayName(leaves[0]!.tree!);
  const all = tables.filter((table) => table.tree !== undefined && displayName(table.tree) === name);
  if (all.length !== leaves.length) {
    const message =
      "could not be compared: only some of its partitions were restored, and its rows may change " +
      `partitions (${leaves.map(displayName).join(", ")})`;
    return ranked(1, name, message, "gap");
  }
  const found = leaves.map((leaf) => copies.get(displayName(leaf)));
  const present = found.filter((leaf) => leaf !== undefined);
  const [before, now] = [sumOf(leaves, (leaf) => leaf.rows), sumOf(present, (leaf) => leaf.rows)];
  if (before === undefined || now === undefined) return undefined;
  const missing = leaves.filter((leaf) => !copies.has(displayName(leaf)));
  // The missing leaf is reported as such, and what hangs on that; of the rows beside it nothing else speaks.
  if (missing.length > 0 && now <= before) {
    const whole = now === before && (!content || contentDifference(leaves, present) === undefined);
    return whole
      ? undefined
      : ranked(
          1,
          name,
          `holds ${count(Number(now))} in its partitions here, the source held ${count(Number(before))}, ` +
            "and they could not be compared: rows may change partitions, and some are missing " +
            `(${missing.map(displayName).join(", ")})`,
          "gap",
        );
  }
  if (before !== now) {
    return ranked(
      1,
      name,
      `holds ${count(Number(now))} in its partitions, the source held ${count(Number(before))}`,
    );
  }
  const others = new Set(leaves.flatMap((leaf) => [...retyped(leaf)]));
  const differs = content ? contentDifference(leaves, present, others) : undefined;
  if (differs === undefined) {
    return content && contentDifference(leaves, present) !== undefined ? ofRetyped(name, others) : undefined;
  }
  return ranked(2, name, `holds ${count(Number(now))} in its partitions as the source did, but ${differs}`);
}

function count(rows: number): string {
  return quantity(rows, "row");
}

function ownerOf({ extension }: TableRecord): string {
  return extension === undefined
    ? ""
    : `it belongs to the extension ${extension}, whose version and own rows may be others here`;
}

function brackets(...parts: readonly string[]): string {
  const said = parts.filter((part) => part !== "");
  return said.length === 0 ? "" : ` (${said.join("; ")})`;
}
