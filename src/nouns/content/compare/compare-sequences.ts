import { displayName } from "../../../postgres/display-name.ts";
import type { CompareOptions, Difference } from "./difference.ts";
import { unquoted } from "../../../postgres/display-name.ts";
import { extensionsOfSequence } from "./extension-sequences.ts";
import type { ContentRecord, SequenceRecord } from "../record.ts";

/**
 * Sequences move outside of transactions: the copy's value must lie between the source's readings before and
 * after the dump.
 */
export function compareSequences(
  expected: ContentRecord,
  actual: ContentRecord,
  options: CompareOptions,
): Difference[] {
  const copies = new Map(actual.sequences.map((sequence) => [displayName(sequence), sequence]));
  // Those are reported once, among the objects; an extension's own sequences are not there.
  const objects = new Set(Object.keys(expected.objects.sequence ?? {}).map(unquoted));
  return sequencesOf(expected, options).flatMap((sequence): Difference[] => {
    const name = displayName(sequence);
    const copy = copies.get(name);
    if (copy === undefined) {
      return objects.has(unquoted(name)) ? [] : [ofMissingExtension(sequence, expected, options)];
    }
    if (isBetween(sequence, copy)) return [];
    const message = `stands at ${spell(copy.before)}, at the source it was ${wanted(sequence)}`;
    return [{ severity: "difference", about: "sequence", name, message }];
  });
}

/** Of named tables those that their columns own. */
function sequencesOf(source: ContentRecord, { only }: CompareOptions): readonly SequenceRecord[] {
  if (only === undefined) return source.sequences;
  const owned = new Set(
    source.tables
      .filter(only)
      .flatMap(({ schema, sequences = [] }) => sequences.map((name) => displayName({ schema, name }))),
  );
  return source.sequences.filter((sequence) => owned.has(displayName(sequence)));
}

function ofMissingExtension(
  sequence: SequenceRecord,
  expected: ContentRecord,
  { unavailableExtensions = [] }: CompareOptions,
): Difference {
  const name = displayName(sequence);
  const its = extensionsOfSequence(expected, sequence);
  const lacking =
    its.length > 0
      ? its.filter((extension) => unavailableExtensions.includes(extension))
      : unavailableExtensions;
  if (lacking.length === 0) return { severity: "difference", about: "sequence", name, message: "is missing" };
  const message =
    `could not be proved: it belongs to an extension, and ${lacking.join(", ")} ` +
    `${lacking.length === 1 ? "is" : "are"} not available here`;
  // Where it may be of one that is here, it is not accepted with those that are not, but by its own name.
  const needs = its.every((extension) => lacking.includes(extension)) ? { needs: lacking } : {};
  return { severity: "gap", about: "sequence", name, message, ...needs };
}

function wanted({ before, after }: SequenceRecord): string {
  const moved = before.value !== after.value || before.called !== after.called;
  return moved ? `between ${spell(before)} and ${spell(after)}` : spell(before);
}

/**
 * How a sequence moves is not in every manifest; the copy's own is the same, or its definition differs and is
 * reported as such.
 */
function isBetween(source: SequenceRecord, copy: SequenceRecord): boolean {
  const down = source.descending ?? copy.descending ?? false;
  const cyclic = source.cyclic ?? copy.cyclic ?? false;
  const [start, end, now] = [
    position(source.before, down),
    position(source.after, down),
    position(copy.before, down),
  ];
  if (start <= end) return start <= now && now <= end;
  // Past its last value and on from the other end; or, where it cannot do that, set back by hand.
  return cyclic ? now >= start || now <= end : end <= now && now <= start;
}

type Reading = SequenceRecord["before"];

/** Grows as the sequence goes on: a value that was handed out comes after the same value that was not. */
function position(reading: Reading, down: boolean): bigint {
  return BigInt(reading.value) * (down ? -2n : 2n) + (reading.called ? 1n : 0n);
}

function spell(reading: Reading): string {
  return reading.called ? reading.value : `${reading.value} (not yet handed out)`;
}
