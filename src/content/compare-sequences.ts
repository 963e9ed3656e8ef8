import { displayName } from "./display-name.ts";
import type { Difference } from "./difference.ts";
import type { SequenceRecord } from "./record.ts";

/** Sequences move outside of transactions: the copy's value must lie between the source's readings before and after the dump. */
export function compareSequences(expected: readonly SequenceRecord[], actual: readonly SequenceRecord[]): Difference[] {
  const copies = new Map(actual.map((sequence) => [displayName(sequence), sequence]));
  return expected.flatMap((sequence): Difference[] => {
    const copy = copies.get(displayName(sequence));
    // Reported once, among the objects.
    if (copy === undefined || isBetween(sequence, copy)) return [];
    const { before, after } = sequence;
    const wanted = before.value === after.value && before.called === after.called ? spell(before) : `between ${spell(before)} and ${spell(after)}`;
    return [{ severity: "difference", about: "sequence", name: displayName(sequence), message: `stands at ${spell(copy.before)}, at the source it was ${wanted}` }];
  });
}

/** How a sequence moves is not in every manifest; the copy's own is the same, or its definition differs and is reported as such. */
function isBetween(source: SequenceRecord, copy: SequenceRecord): boolean {
  const down = source.descending ?? copy.descending ?? false;
  const cyclic = source.cyclic ?? copy.cyclic ?? false;
  const [start, end, now] = [position(source.before, down), position(source.after, down), position(copy.before, down)];
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
