import { printableLine } from "../../../kernel/printable.ts";
import { strengthOf } from "../integrity.ts";
import { renewal } from "../lock.ts";
import { named } from "./install-script.ts";
import { eachVersion, type Rule } from "./rule.ts";

/** See its texts. */
export const INTEGRITY_WEAK: Rule = {
  name: "integrity-weak",
  severity: "warning",
  about: "state",
  problem:
    "The only checksum of a package is SHA-1 or MD5, for which other files of the same checksum can be made.",
  solution:
    "Take the entry out of the lock file and install again: registries know SHA-512 of every package.",
  find: ({ locks }) =>
    eachVersion(locks).flatMap(({ locked, lock }) => {
      if (locked.origin === "local" || locked.integrity === null) return [];
      if (strengthOf(locked.integrity) !== "weak") return [];
      return [
        {
          subject: locked.name,
          file: lock.file,
          line: locked.line,
          message: `'${printableLine(named(locked))}' has no better checksum than SHA-1 or MD5`,
          fix: `Take its entry out of ${lock.file}, run \`${renewal(lock.file)}\` and commit the result.`,
        },
      ];
    }),
};
