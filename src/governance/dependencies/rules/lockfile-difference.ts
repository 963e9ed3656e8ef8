import { listed } from "../../../kernel/listed.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { Change, LockDifference } from "../difference.ts";
import type { Hit, Rule } from "./rule.ts";

/** See its texts. */
export const LOCKFILE_DIFFERENCE: Rule = {
  name: "lockfile-difference",
  severity: "note",
  about: "change",
  problem: "What a pull request does to a lock file is not seen in a difference of thousands of lines.",
  solution:
    "Nothing to do: packages that came, went and moved are counted, with major jumps and licences by name.",
  find: ({ differences }) => differences.flatMap(told),
};

function told({ file, state, changes }: LockDifference): Hit[] {
  const hit = (message: string): Hit => ({
    subject: file,
    file,
    line: null,
    message,
    fix: "Look at what is new, and at major jumps, before merging.",
  });
  if (state === "unreadable") {
    return [hit("what changed cannot be told: one of the two states cannot be read")];
  }
  if (changes.length === 0) return [];
  const counts = (["added", "removed", "upgraded", "downgraded", "changed", "swapped"] as const).flatMap(
    (kind) => {
      const count = changes.filter((each) => each.kind === kind).length;
      return count === 0 ? [] : [`${count} ${kind}`];
    },
  );
  const majors = changes.filter(({ major }) => major).map(moved);
  const licences = changes
    .filter(
      ({ licenceFrom, licenceTo, from, to }) => from !== null && to !== null && licenceFrom !== licenceTo,
    )
    .map(
      ({ name, licenceFrom, licenceTo }) =>
        `${name} ${licenceFrom ?? "not told"} → ${licenceTo ?? "not told"}`,
    );
  const prefix = { compared: "", new: "a new file: ", deleted: "the file is gone: " }[state];
  const more = [
    ...(majors.length > 0 ? [`major jumps: ${listed(majors)}`] : []),
    ...(licences.length > 0 ? [`other licences: ${listed(licences)}`] : []),
  ];
  return [hit(printableLine([prefix + counts.join(", "), ...more].join("; ")))];
}

const moved = ({ name, from, to }: Change): string => `${name} ${from ?? ""} → ${to ?? ""}`;
