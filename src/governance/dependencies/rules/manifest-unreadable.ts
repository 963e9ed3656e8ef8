import { troubleHits, type Rule } from "./rule.ts";

/** See its texts. */
export const MANIFEST_UNREADABLE: Rule = {
  name: "manifest-unreadable",
  severity: "error",
  about: "state",
  problem:
    "A package.json is no valid JSON, or says the same thing twice, so that nobody can say what it asks for.",
  solution: "Make it valid: no marks of a merge conflict, no key twice, ranges in quotes.",
  find: ({ manifests }) => manifests.flatMap(troubleHits),
};
