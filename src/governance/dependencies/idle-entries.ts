import { printableLine } from "../../kernel/printable.ts";
import type { Finding } from "../findings/finding.ts";
import { fits } from "../../kernel/path-pattern.ts";
import { named } from "./rules/install-script.ts";
import { eachVersion, type Seen } from "./rules/rule.ts";
import { UNUSED_EXCEPTION } from "./rules/unused-exception.ts";
import type { Lock } from "./lock.ts";
import type { DependencySettings } from "./settings.ts";

/**
 * Entries of the settings that leave something out and meet nothing: mistyped, or of what is gone. They wait
 * for what nobody thought of, as an exception does.
 *
 * @param files paths of every file that could be ignored
 * @param locks those that are not ignored; where one cannot be read, nobody knows what is in it
 */
export function idleEntries(
  settings: DependencySettings,
  files: readonly string[],
  locks: readonly Seen<Lock>[],
): Finding[] {
  return [
    ...settings.ignore
      .filter((pattern) => !files.some((file) => fits(pattern, file)))
      .map((pattern) =>
        idle(
          `'${printableLine(pattern)}' in dependencies.ignore fits no package.json, lock file or ` +
            "configuration",
          "Correct it (it is a path, no name of a package), or take it out of `dependencies.ignore`.",
        ),
      ),
    ...idleScripts(settings["install-scripts"].allow, locks).map((entry) =>
      idle(
        `'${printableLine(entry)}' in dependencies.install-scripts.allow is in no lock file`,
        "Correct it, or take it out of `dependencies.install-scripts.allow`.",
      ),
    ),
  ];
}

function idleScripts(allow: readonly string[], locks: readonly Seen<Lock>[]): string[] {
  if (allow.length === 0 || locks.length === 0 || locks.some(({ read }) => read === undefined)) return [];
  const locked = new Set(eachVersion(locks).flatMap(({ locked }) => [locked.name, named(locked)]));
  return allow.filter((entry) => !locked.has(entry));
}

function idle(message: string, fix: string): Finding {
  const { name, severity } = UNUSED_EXCEPTION;
  return { rule: name, severity, file: null, line: null, message, fix };
}
