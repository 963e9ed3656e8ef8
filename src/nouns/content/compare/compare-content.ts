import { isOnMember } from "../read/objects/grants.ts";
import { compareObjects } from "./compare-objects.ts";
import { compareProperties } from "./compare-properties.ts";
import { compareExtensionContents } from "./compare-extensions.ts";
import { compareSequences } from "./compare-sequences.ts";
import { compareTables } from "./compare-tables.ts";
import { difference, type Comparison, type CompareOptions, type Difference } from "./difference.ts";
import type { ContentRecord, MeasuredContent } from "../record.ts";
import { rowHashNamed } from "../rows/row-hash.ts";
import { displayPart } from "../../../postgres/display-name.ts";
import { listed } from "../../../kernel/listed.ts";

export type { Comparison, CompareOptions, Difference } from "./difference.ts";

/** What is said first. Everything not named here comes after `sequence`, in this order's place of `*`. */
const SEVERITY = ["database", "table", "large-objects", "sequence", "*", "extension", "role"];

/**
 * Holds what a copy is against what the source was. Pure: both records were measured before.
 *
 * @returns differences sorted most severe first, and notes on what was compared less strictly, and why
 */
export function compareContent(
  expected: ContentRecord,
  actual: MeasuredContent,
  options: CompareOptions,
): Comparison {
  const notes = options.rows ? surplusNotes(actual) : [];
  // What could not be compared here is no difference in anybody's object, but for rights that many a server
  // lets nobody give.
  const canBeOthers = ({ severity, about, name }: Difference): boolean =>
    severity === "difference" || (about === "grant" && isOnMember(name));
  const isOthers = (found: Difference): boolean => canBeOthers(found) && options.isOthers?.(found) === true;
  const objects = compareObjects(expected, actual, options);
  const contents =
    options.only === undefined && options.ignore?.has("extension") !== true
      ? compareExtensionContents(expected, actual)
      : [];
  const ofOthers = contents
    .filter(({ extension, found }) => options.isOthersExtension?.(extension, found) === true)
    .map(({ found }) => found);
  const differences = [
    ...comparability(expected, actual, options),
    ...compareTables(expected, actual, fingerprintsComparable(expected, actual), options),
    ...(options.rows ? compareLargeObjects(expected, actual, options) : []),
    ...(options.rows && options.ignore?.has("sequence") !== true
      ? compareSequences(expected, actual, options)
      : []),
    ...objects.filter((each) => !isOthers(each)),
    ...compareExtensions(expected, actual, options),
    ...contents.map(({ found }) => found).filter((each) => !ofOthers.includes(each)),
    ...compareRoles(expected, actual, options),
    ...(options.properties === true && options.only === undefined ? compareProperties(expected, actual) : []),
  ];
  return { differences: sort(differences), notes, others: [...objects.filter(isOthers), ...ofOthers] };
}

/** What is more than at the source is no loss, and no part of the proof. */
function surplusNotes({ surplus }: MeasuredContent): string[] {
  return [...(surplus ?? [])].map(
    ([table, columns]) =>
      `table ${table} has ${columns.length === 1 ? "a column" : "columns"} besides those of the source, ` +
      `which ${columns.length === 1 ? "was" : "were"} not compared: ${listed(columns.map(displayPart))}`,
  );
}

function sort(found: readonly Difference[]): Difference[] {
  const place = (difference: Difference): number => {
    const at = SEVERITY.indexOf(difference.about);
    return (difference.severity === "difference" ? 0 : 100) + (at < 0 ? SEVERITY.indexOf("*") : at);
  };
  // Stable: within one class the order in which things were found stays.
  return found
    .map((difference) => ({ difference, at: place(difference) }))
    .sort((a, b) => a.at - b.at)
    .map(({ difference }) => difference);
}

/** Whether fingerprints of the two can be held against each other at all. */
function fingerprintsComparable(expected: ContentRecord, actual: ContentRecord): boolean {
  return (
    expected.algorithm === actual.algorithm &&
    rowHashNamed(expected.algorithm) !== undefined &&
    expected.encoding === actual.encoding &&
    expected.proof === "content" &&
    actual.proof === "content"
  );
}

function comparability(
  expected: ContentRecord,
  actual: ContentRecord,
  options: CompareOptions,
): Difference[] {
  if (!options.rows) return [];
  const gap = (message: string): Difference[] => [
    { severity: "gap", about: "database", name: "content", message },
  ];
  if (expected.proof === "none") {
    return gap("the backup was taken without a proof, so rows could be restored but not compared");
  }
  if (expected.proof === "rows") {
    return gap("the backup was taken with row counts only, so the content of rows could not be compared");
  }
  if (rowHashNamed(expected.algorithm) === undefined) {
    return gap(
      `fingerprints were made as '${expected.algorithm}', which this version cannot make; ` +
        "only row counts were compared",
    );
  }
  if (expected.algorithm !== actual.algorithm) {
    return gap(
      `fingerprints were made as '${expected.algorithm}', and the copy's server can only make ` +
        `'${actual.algorithm}'; only row counts were compared`,
    );
  }
  if (expected.encoding !== actual.encoding) {
    return gap(
      `the copy's encoding is ${actual.encoding}, the source's ${expected.encoding}; ` +
        "only row counts were compared",
    );
  }
  return [];
}

function compareLargeObjects(
  expected: ContentRecord,
  actual: ContentRecord,
  options: CompareOptions,
): Difference[] {
  if (options.only !== undefined) return [];
  const [before, now] = [expected.largeObjects, actual.largeObjects];
  if (before.count > now.count || (options.exact && before.count !== now.count)) {
    return [
      difference("large-objects", "large objects", `${now.count} exist, the source held ${before.count}`),
    ];
  }
  if (
    before.count === now.count &&
    fingerprintsComparable(expected, actual) &&
    before.fingerprint !== now.fingerprint
  ) {
    return [
      difference(
        "large-objects",
        "large objects",
        `${now.count} exist as at the source, but their content differs`,
      ),
    ];
  }
  return [];
}

function compareExtensions(
  expected: ContentRecord,
  actual: ContentRecord,
  options: CompareOptions,
): Difference[] {
  if (options.ignore?.has("extension")) return [];
  const present = new Map(actual.extensions.map((extension) => [extension.name, extension.version]));
  return expected.extensions.flatMap(({ name, version }): Difference[] => {
    const now = present.get(name);
    if (now === version) return [];
    if (now !== undefined) {
      return [
        {
          severity: "gap",
          about: "extension",
          name,
          message:
            `is version ${now} here and was ${version} at the source; ` +
            "a dump does not hold extensions themselves",
        },
      ];
    }
    return options.unavailableExtensions?.includes(name)
      ? [
          {
            severity: "gap",
            about: "extension",
            name,
            message:
              `version ${version} of the source is not available here, so what depends on it ` +
              "could not be proved",
          },
        ]
      : [difference("extension", name, "is missing")];
  });
}

/** A missing role is no damage to the data, but what it owned and might do cannot be proved. */
function compareRoles(expected: ContentRecord, actual: ContentRecord, options: CompareOptions): Difference[] {
  if (options.ignore?.has("role")) return [];
  const present = new Set(actual.roles.map((role) => role.name));
  return expected.roles
    .filter((role) => role.needed !== false && !present.has(role.name))
    .map((role): Difference => ({
      severity: "gap",
      about: "role",
      name: role.name,
      message: "does not exist here, so its ownership and rights could not be proved",
    }));
}
