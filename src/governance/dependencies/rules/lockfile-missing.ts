import { quantity } from "../../../kernel/quantity.ts";
import type { Rule } from "./rule.ts";

/** See its texts. */
export const LOCKFILE_MISSING: Rule = {
  name: "lockfile-missing",
  severity: "error",
  about: "state",
  problem:
    "A package.json asks for packages and no lock file pins them: every installation may get others, " +
    "also ones that were published an hour ago. A lock file in a folder above counts only where that " +
    "package.json is one of its workspaces.",
  solution: "Install, commit the lock file, and take it out of .gitignore. Peers alone need none.",
  find: ({ pinned }) =>
    pinned.flatMap(({ manifest, lock }) => {
      const asked = manifest.asked.filter(({ group }) => group !== "peer");
      if (lock !== undefined || asked.length === 0) return [];
      return [
        {
          subject: manifest.file,
          file: manifest.file,
          line: asked[0]?.line ?? null,
          message: `asks for ${quantity(asked.length, "package")} that no lock file pins`,
          fix: "Run `npm install` (or pnpm, or yarn) there and commit the lock file that it writes.",
        },
      ];
    }),
};
