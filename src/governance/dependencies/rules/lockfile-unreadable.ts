import { troubleHits, type Rule } from "./rule.ts";

/** See its texts. */
export const LOCKFILE_UNREADABLE: Rule = {
  name: "lockfile-unreadable",
  severity: "error",
  about: "state",
  problem:
    "A lock file is damaged, cut short, holds a merge conflict or a key twice, or is of a version or " +
    "package manager that is not read. What is in it is then unknown, which is not the same as nothing.",
  solution: "Let the package manager write it anew, and commit that.",
  find: ({ locks }) => locks.flatMap(troubleHits),
};
