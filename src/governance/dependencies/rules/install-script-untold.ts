import { listed } from "../../../kernel/listed.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { quantity } from "../../../kernel/quantity.ts";
import { named } from "./install-script.ts";
import { eachVersion, type Rule } from "./rule.ts";

/** See its texts. */
export const INSTALL_SCRIPT_UNTOLD: Rule = {
  name: "install-script-untold",
  severity: "warning",
  about: "change",
  problem:
    "Packages are new, or in a new version, and the lock files of yarn, and of pnpm from 9 on, do not " +
    "say which packages run scripts when they are installed.",
  solution:
    "Let the package manager run none but those that are named: pnpm from 10 on does " +
    "(`onlyBuiltDependencies`); yarn with `enableScripts: false` in .yarnrc.yml, yarn 1 with " +
    "`ignore-scripts true` in .yarnrc. Then switch this rule off.",
  find: ({ locks, locksBefore, settings }) => {
    const before = new Set(eachVersion(locksBefore).map(({ locked }) => named(locked)));
    const { allow } = settings["install-scripts"];
    return locks.flatMap((seen) => {
      const untold = eachVersion([seen])
        .map(({ locked }) => locked)
        .filter((each) => each.installScript === null && each.origin !== "local" && !before.has(named(each)))
        .filter((each) => !allow.includes(each.name) && !allow.includes(named(each)));
      if (untold.length === 0) return [];
      const names = listed(untold.map((each) => printableLine(named(each))));
      return [
        {
          subject: seen.file,
          file: seen.file,
          line: untold[0]?.line ?? null,
          message:
            `${quantity(untold.length, "new package")} may run scripts, ` +
            `which this file does not tell: ${names}`,
          fix: "Switch install scripts off in the package manager, then this rule in `dependencies.rules`.",
        },
      ];
    });
  },
};
