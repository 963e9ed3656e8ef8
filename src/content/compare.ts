import { quoteIdentifier } from "../kernel/sql.ts";
import { quantity } from "../kernel/quantity.ts";
import { compareObjects } from "./compare-objects.ts";
import { compareProperties } from "./compare-properties.ts";
import { Lacking } from "./lacking.ts";
import { compareExtensionContents } from "./omissions/extensions.ts";
import type { Comparison, CompareOptions, Difference } from "./difference.ts";
import { ROW_HASH } from "./row-hash.ts";
import type { ContentRecord, SequenceRecord, TableRecord } from "./record.ts";

export type { Comparison, CompareOptions, Difference } from "./difference.ts";

/** What is said first. Everything not named here comes after `sequence`, in this order's place of `*`. */
const SEVERITY = ["database", "table", "large-objects", "sequence", "*", "extension", "role"];

/**
 * Holds what a copy is against what the source was. Pure: both records were measured before.
 *
 * @returns differences sorted most severe first, and notes on what was compared less strictly, and why
 */
export function compareContent(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Comparison {
  const notes: string[] = [];
  const objects = compareObjects(expected, actual, options);
  const found = [
    ...comparability(expected, actual, options),
    ...compareTables(expected, actual, options),
    ...(options.rows ? compareLargeObjects(expected, actual, options) : []),
    ...(options.rows && options.only === undefined && options.ignore?.has("sequence") !== true ? compareSequences(expected.sequences, actual.sequences) : []),
    ...objects,
    ...compareExtensions(expected, actual, options),
    ...(options.only === undefined && options.ignore?.has("extension") !== true ? compareExtensionContents(expected, actual) : []),
    ...compareRoles(expected, actual, options),
    ...(options.properties === true && options.only === undefined ? compareProperties(expected, actual) : []),
  ];
  return { differences: sort(found), notes };
}

function sort(found: readonly Difference[]): Difference[] {
  const place = (difference: Difference): number => {
    const at = SEVERITY.indexOf(difference.about);
    return (difference.severity === "difference" ? 0 : 100) + (at < 0 ? SEVERITY.indexOf("*") : at);
  };
  // Stable: within one class the order in which things were found stays.
  return found.map((difference) => ({ difference, at: place(difference) })).sort((a, b) => a.at - b.at).map(({ difference }) => difference);
}

/** Whether fingerprints of the two can be held against each other at all. */
function fingerprintsComparable(expected: ContentRecord, actual: ContentRecord): boolean {
  return expected.algorithm === actual.algorithm && expected.algorithm === ROW_HASH && expected.encoding === actual.encoding
    && expected.proof === "content" && actual.proof === "content";
}

function comparability(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Difference[] {
  if (!options.rows) return [];
  const gap = (message: string): Difference[] => [{ severity: "gap", about: "database", name: "content", message }];
  if (expected.proof === "none") return gap("the backup was taken without a proof, so rows could be restored but not compared");
  if (expected.proof === "rows") return gap("the backup was taken with row counts only, so the content of rows could not be compared");
  if (expected.algorithm !== ROW_HASH) return gap(`fingerprints were made as '${expected.algorithm}', which this version cannot make; only row counts were compared`);
  if (expected.encoding !== actual.encoding) return gap(`the copy's encoding is ${actual.encoding}, the source's ${expected.encoding}; only row counts were compared`);
  return [];
}

function compareTables(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Difference[] {
  const copies = new Map(actual.tables.map((table) => [nameOf(table), table]));
  const wanted = expected.tables.filter((table) => options.only?.(table) ?? true);
  const content = fingerprintsComparable(expected, actual);
  const lacking = new Lacking(expected, options.unavailableExtensions ?? []);
  const found = wanted.map((table) => compareTable(table, copies.get(nameOf(table)), lacking.ofTable(table), content, options));
  const known = new Set(expected.tables.map(nameOf));
  const extra = options.exact ? actual.tables.filter((table) => !known.has(nameOf(table))) : [];
  // The worst first: gone, then wrong in number, then wrong in content, then too many.
  return [...[0, 1, 2].flatMap((rank) => found.filter((each) => each?.rank === rank).map((each) => each!.difference)),
    ...extra.map((table) => difference("table", nameOf(table), "exists, but not at the source"))];
}

/** @param lacking extensions it cannot be made without and that cannot be had here */
function compareTable(table: TableRecord, copy: TableRecord | undefined, lacking: readonly string[], content: boolean, options: CompareOptions): { rank: number; difference: Difference } | undefined {
  const result = (rank: number, message: string): { rank: number; difference: Difference } => ({ rank, difference: difference("table", nameOf(table), message) });
  if (copy === undefined) {
    const message = table.rows === null ? "is missing" : `is missing (the source held ${count(table.rows)})`;
    if (lacking.length === 0) return result(0, message);
    return { rank: 0, difference: { severity: "gap", about: "table", name: nameOf(table), message: `could not be proved: it needs ${lacking.join(", ")}, not available here (it ${message})` } };
  }
  if (copy.kind !== table.kind) return result(0, `is a ${copy.kind}, at the source it was a ${table.kind}`);
  if (!options.rows) return undefined;
  if (table.populated !== copy.populated) return result(2, table.populated === true ? "was populated at the source and is not" : "is populated and was not at the source");
  if (table.rows === null || copy.rows === null) return undefined;
  if (table.rows !== copy.rows) return result(1, `holds ${count(copy.rows)}, the source held ${count(table.rows)}`);
  if (content && table.fingerprint !== copy.fingerprint) return result(2, `holds ${count(copy.rows)} as the source did, but their content differs`);
  return undefined;
}

function count(rows: number): string {
  return quantity(rows, "row");
}

function compareLargeObjects(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Difference[] {
  if (options.only !== undefined) return [];
  const [before, now] = [expected.largeObjects, actual.largeObjects];
  if (before.count > now.count || (options.exact && before.count !== now.count)) {
    return [difference("large-objects", "large objects", `${now.count} exist, the source held ${before.count}`)];
  }
  if (before.count === now.count && fingerprintsComparable(expected, actual) && before.fingerprint !== now.fingerprint) {
    return [difference("large-objects", "large objects", `${now.count} exist as at the source, but their content differs`)];
  }
  return [];
}

/** Sequences move outside of transactions: the copy's value must lie between the source's readings before and after the dump. */
function compareSequences(expected: readonly SequenceRecord[], actual: readonly SequenceRecord[]): Difference[] {
  const copies = new Map(actual.map((sequence) => [nameOf(sequence), sequence.before]));
  return expected.flatMap((sequence): Difference[] => {
    const now = copies.get(nameOf(sequence));
    // Reported once, among the objects.
    if (now === undefined) return [];
    const [low, high] = [position(sequence.before), position(sequence.after)].sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint];
    if (position(now) >= low && position(now) <= high) return [];
    const wanted = low === high ? spell(sequence.before) : `between ${spell(sequence.before)} and ${spell(sequence.after)}`;
    return [difference("sequence", nameOf(sequence), `stands at ${spell(now)}, at the source it was ${wanted}`)];
  });
}

type Reading = SequenceRecord["before"];

/** A value that was handed out comes after the same value that was not. */
function position(reading: Reading): bigint {
  return BigInt(reading.value) * 2n + (reading.called ? 1n : 0n);
}

function spell(reading: Reading): string {
  return reading.called ? reading.value : `${reading.value} (not yet handed out)`;
}

function compareExtensions(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Difference[] {
  if (options.ignore?.has("extension")) return [];
  const present = new Map(actual.extensions.map((extension) => [extension.name, extension.version]));
  return expected.extensions.flatMap(({ name, version }): Difference[] => {
    const now = present.get(name);
    if (now === version) return [];
    if (now !== undefined) return [{ severity: "gap", about: "extension", name, message: `is version ${now} here and was ${version} at the source; a dump does not hold extensions themselves` }];
    return options.unavailableExtensions?.includes(name)
      ? [{ severity: "gap", about: "extension", name, message: `version ${version} of the source is not available here, so what depends on it could not be proved` }]
      : [difference("extension", name, "is missing")];
  });
}

/** A missing role is no damage to the data, but what it owned and might do cannot be proved. */
function compareRoles(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Difference[] {
  if (options.ignore?.has("role")) return [];
  const present = new Set(actual.roles.map((role) => role.name));
  return expected.roles.filter((role) => role.needed !== false && !present.has(role.name)).map((role): Difference =>
    ({ severity: "gap", about: "role", name: role.name, message: "does not exist here, so its ownership and rights could not be proved" }));
}

function difference(about: string, name: string, message: string): Difference {
  return { severity: "difference", about, name, message };
}

/** `schema.name`, quoted where SQL would need it. */
function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return [schema, name].map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoteIdentifier(part))).join(".");
}
