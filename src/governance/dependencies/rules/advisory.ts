import { printableLine } from "../../../kernel/printable.ts";
import { ADVISORY_SEVERITIES } from "../../../ports/advisory-source.ts";
import { affectedBy } from "../advisories.ts";
import { named } from "./install-script.ts";
import { readable, type Rule } from "./rule.ts";

/** See its texts. */
export const ADVISORY: Rule = {
  name: "advisory",
  severity: "error",
  about: "state",
  problem:
    "A vulnerability is known of a locked version. Below `dependencies.audit.level` it is a warning. A " +
    "version or range that nobody can read counts as affected.",
  solution:
    "Update the package, or the one that brings it. Where nothing better exists, except the advisory by " +
    "its identifier until a day on which somebody looks again.",
  find: ({ audit, locks, settings }) =>
    audit?.asked !== true
      ? []
      : affectedBy(audit.advisories, readable(locks)).map(({ advisory, lock, locked, certain }) => {
          const refuses =
            ADVISORY_SEVERITIES.indexOf(advisory.severity) >=
            ADVISORY_SEVERITIES.indexOf(settings.audit.level);
          const said = `${advisory.id} (${advisory.severity}): ${advisory.title}`;
          return {
            subject: locked.name,
            advisory: advisory.id,
            ...(refuses || !certain ? {} : { severity: "warning" as const }),
            file: lock.file,
            line: locked.line,
            message:
              `'${printableLine(named(locked))}' ${certain ? "has" : "may have"} ${printableLine(said)}; ` +
              `known of ${printableLine(advisory.vulnerable)}`,
            fix: `Update it to a version outside of that range; see ${printableLine(advisory.url)}.`,
          };
        }),
};
