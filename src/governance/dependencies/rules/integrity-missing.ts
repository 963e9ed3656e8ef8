import { printableLine } from "../../../kernel/printable.ts";
import { strengthOf } from "../integrity.ts";
import { renewal, type LockedPackage } from "../lock.ts";
import { pinsCommit } from "../origin.ts";
import { named } from "./install-script.ts";
import { eachVersion, type Rule } from "./rule.ts";

/** See its texts. */
export const INTEGRITY_MISSING: Rule = {
  name: "integrity-missing",
  severity: "error",
  about: "state",
  problem:
    "The lock file has no checksum of a package, or none that is whole: whatever the registry answers is " +
    "installed. A git repository must be pinned to a commit instead.",
  solution:
    "Remove node_modules and the entry, clear the cache (`npm cache clean --force`), and install again. " +
    "Not meant are packages inside the archives of others, folders, and what yarn fetches on other " +
    "platforms only.",
  find: ({ locks }) =>
    eachVersion(locks).flatMap(({ locked, lock }) => {
      const wrong = wrongWith(locked);
      if (wrong === undefined) return [];
      return [
        {
          subject: locked.name,
          file: lock.file,
          line: locked.line,
          message: `'${printableLine(named(locked))}' ${wrong}`,
          fix: `Take its entry out of ${lock.file}, run \`${renewal(lock.file)}\` and commit the result.`,
        },
      ];
    }),
};

function wrongWith({
  origin,
  version,
  integrity,
  resolved,
  withoutChecksum,
}: LockedPackage): string | undefined {
  if (origin === "git") {
    return resolved !== null && pinsCommit(resolved)
      ? undefined
      : "is a git repository and not pinned to a commit";
  }
  // An optional peer that nobody installed has no version either.
  if (origin === "local" || version === null || withoutChecksum !== null) return undefined;
  if (integrity === null) return "has no checksum";
  return strengthOf(integrity) === "none" ? "has a checksum that is no whole hash" : undefined;
}
