import { SCHEMA_COMMENT } from "../../nouns/settings/json-schema.ts";

/** A section that a description must have, as the settings declare it. */
export interface WantedSection {
  readonly name: string;
  readonly headings: readonly string[];
}

/** What a person begins with, and makes their own: once it is there it is never touched again. */

/**
 * A template with every section that `pr-policy` wants. Hints are comments: untouched, it counts as empty.
 */
export function templateText(sections: readonly WantedSection[], documentation: readonly string[]): string {
  const [documented] = documentation;
  const parts = [
    ...sections.map((each) => [headingOf(each), HINTS[each.name] ?? `Something on ${each.name}.`] as const),
    ...(documented === undefined
      ? []
      : [[capital(documented), "Which documents are changed; or why none has to be."] as const]),
    ["Issue", "Closes #123, or its address."] as const,
  ];
  return parts.map(([heading, hint]) => `## ${heading}\n\n<!-- ${hint} -->\n`).join("\n");
}

const HINTS: Readonly<Record<string, string>> = {
  what: "What changes, for whoever uses it.",
  why: "What was wrong, or is wanted.",
  how: "How it is done, and what else was thought of.",
  "testing evidence": "What was run, and what it said.",
};

/** Its name, where `pr-policy` would know it by that. */
function headingOf({ name, headings }: WantedSection): string {
  const words = name.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return capital(headings.some((each) => words.includes(each.toLowerCase())) ? name : headings[0]!);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Owners that are known; else a file that says how they are named, and names nobody. */
export function codeownersText(owners: readonly string[]): string {
  return `# Who must approve what is changed here; the last line that fits counts.
# https://docs.github.com/articles/about-code-owners
${owners.length === 0 ? "# *  @owner @organisation/team" : `*  ${owners.join(" ")}`}
`;
}

/**
 * The smallest file that says something; everything else has a default.
 *
 * @param isReported Whether a workflow of the checkout reports the check `pr-policy`: where none does, every
 * pull request would wait for it.
 */
export function settingsText(branches: readonly string[], isReported: boolean): string {
  return `${SCHEMA_COMMENT}
# What counts in the end, with its origin: holdfast settings check

policy: {}

# Lock files and the ranges of package.json are judged with it. Known vulnerabilities are asked for only
# where pr-policy is also told to: "audit: true" in its workflow.
# dependencies: {}

protection:
  branches:
    - branches: [${branches.map((each) => JSON.stringify(each)).join(", ")}]
${isReported ? REQUIRED : NOT_REQUIRED}`;
}

const REQUIRED = `      # In force by: holdfast protect --do apply --repository owner/name
      checks:
        - name: pr-policy
`;

const NOT_REQUIRED = `      # Once a workflow reports this check; before that every pull request would wait:
      # checks:
      #   - name: pr-policy
`;
