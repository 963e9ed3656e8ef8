import { printableLine } from "../../../kernel/printable.ts";
import { labelOf } from "../difference.ts";
import { readable, type Rule } from "./rule.ts";

/** See its texts. */
export const INTEGRITY_CHANGED: Rule = {
  name: "integrity-changed",
  severity: "error",
  about: "change",
  problem:
    "The same version of a package has another checksum than on the base branch. Registries never " +
    "change what was published, so that either the old or the new bytes are not what they should be.",
  solution: "Compare with what the registry says: `npm view <name>@<version> dist.integrity`.",
  find: ({ differences, locks }) =>
    differences.flatMap(({ file, changes }) => {
      const packages = readable(locks).find((lock) => lock.file === file)?.packages ?? [];
      return changes
        .filter(({ kind }) => kind === "swapped")
        .map(({ name, to }) => ({
          subject: name,
          file,
          line: packages.find((each) => each.name === name && labelOf(each) === to)?.line ?? null,
          message: `'${printableLine(`${name}@${to ?? ""}`)}' has other bytes than this version had before`,
          fix: "Compare with `npm view <name>@<version> dist.integrity` and find out who changed it.",
        }));
    }),
};
