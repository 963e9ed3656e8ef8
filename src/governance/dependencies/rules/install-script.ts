import { printableLine } from "../../../kernel/printable.ts";
import { labelOf } from "../difference.ts";
import type { LockedPackage } from "../lock.ts";
import { eachVersion, type Rule } from "./rule.ts";

/** See its texts. */
export const INSTALL_SCRIPT: Rule = {
  name: "install-script",
  severity: "error",
  about: "change",
  problem:
    "A package that is new, or in a new version, runs a script when it is installed: on every " +
    "developer's machine and in CI, with everything that these may do. Nearly every attack by way of a " +
    "package begins there.",
  solution:
    "Look at the script (`npm view <name>@<version> scripts`, `npm pack`), then name the package, " +
    "better with its version, in `dependencies.install-scripts.allow`.",
  find: ({ locks, locksBefore, settings }) => {
    const before = new Set(
      eachVersion(locksBefore).flatMap(({ locked }) =>
        locked.installScript === true ? [named(locked)] : [],
      ),
    );
    const names = new Set(eachVersion(locksBefore).map(({ locked }) => locked.name));
    return eachVersion(locks).flatMap(({ locked, lock }) => {
      if (locked.installScript !== true || before.has(named(locked))) return [];
      const { allow } = settings["install-scripts"];
      if (allow.includes(locked.name) || allow.includes(named(locked))) return [];
      const how = names.has(locked.name) ? "is here in a version that is new" : "is new";
      return [
        {
          subject: locked.name,
          file: lock.file,
          line: locked.line,
          message: `'${printableLine(named(locked))}' ${how} and runs a script when it is installed`,
          fix:
            `Look at the script, then put \`${printableLine(named(locked))}\` ` +
            "in `dependencies.install-scripts.allow`.",
        },
      ];
    });
  },
};

/** `name@version`. */
export const named = (locked: LockedPackage): string =>
  `${locked.name}@${labelOf(locked) ?? locked.version ?? ""}`;
