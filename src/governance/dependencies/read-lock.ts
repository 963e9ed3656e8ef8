import { readBerryLock } from "./berry-lock.ts";
import { readClassicLock } from "./classic-lock.ts";
import { baseOf, FOREIGN_LOCK_FILES, LOCK_FILES, renewal, type ReadLock } from "./lock.ts";
import { readNpmLock } from "./npm-lock.ts";
import { conflictLine, withoutMark, type Trouble } from "./placed.ts";
import { readPnpmLock } from "./pnpm-lock.ts";

/**
 * Reads a lock file by its name. Never throws: what cannot be read is a trouble, so that nothing half read is
 * taken for a project without dependencies.
 *
 * @param file Path from the repository's root.
 */
export function readLock(file: string, text: string): ReadLock {
  const base = baseOf(file);
  if (FOREIGN_LOCK_FILES.includes(base)) {
    return fatal({
      line: null,
      message: `'${base}' is of a package manager whose lock files are not read`,
      fix: "Use npm, pnpm or yarn, or let the folder out of the check with `dependencies.ignore`.",
    });
  }
  const conflict = conflictLine(text);
  if (conflict !== undefined) {
    return fatal({
      line: conflict,
      message: "the file still has the marks of a merge conflict",
      fix: `Take the base branch's file, run \`${renewal(file)}\` and commit the result.`,
    });
  }
  const manager = Object.hasOwn(LOCK_FILES, base) ? LOCK_FILES[base] : undefined;
  if (manager === undefined) {
    return fatal({
      line: null,
      message: `'${base}' is not the name of a lock file`,
      fix: `Give one of ${Object.keys(LOCK_FILES).join(", ")}.`,
    });
  }
  switch (manager) {
    case "npm":
      return readNpmLock(file, text);
    case "pnpm":
      return readPnpmLock(file, text);
    case "yarn":
      return /^__metadata:/m.test(withoutMark(text))
        ? readBerryLock(file, text)
        : readClassicLock(file, text);
  }
}

const fatal = (trouble: Trouble): ReadLock => ({ lock: undefined, troubles: [trouble] });
