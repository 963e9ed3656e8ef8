import * as z from "zod";
import { ACROSS } from "../../nouns/settings/across.ts";
import { mergeContradictions } from "../merging/contradictions.ts";
import { METHODS } from "../merging/merge-methods.ts";
import { glob } from "../patterns/glob.ts";
import { RULE_NAMES } from "./rules/names.ts";

/**
 * The sections `policy` and `coverage` of the settings file: what a pull request has to be. Every key has a
 * default, so that a repository without a file is judged by these.
 */

/** No branch has any of these in its name: https://git-scm.com/docs/git-check-ref-format */
const branchGlob = glob.refine(
  (text) => !/[[\]~^:\\\s]/.test(text),
  "matches nothing: no branch is called so; a * stands for a part of a name, and there are no [sets]",
);

/** How much the findings of a rule weigh, or that it is not asked. */
export const SEVERITIES = ["error", "warning", "note", "off"] as const;

const section = z.strictObject({
  name: z.string().min(1).describe("How the section is called in findings."),
  headings: z
    .array(z.string().min(1))
    .min(1)
    .describe("Words that its heading has, one of them; upper and lower case are the same."),
});

/** GitHub's own name for it; then every place counts in which GitHub looks. */
export const DEFAULT_TEMPLATE = ".github/pull_request_template.md";

/** What is expected of a description where nothing else is declared (strategy A6). */
const SECTIONS: z.infer<typeof section>[] = [
  { name: "what", headings: ["what", "summary", "description", "overview", "changes"] },
  { name: "why", headings: ["why", "motivation", "reason", "context", "background", "problem"] },
  { name: "how", headings: ["how", "approach", "implementation", "solution", "details"] },
  { name: "testing evidence", headings: ["test", "tests", "tested", "testing", "verification", "evidence"] },
];

function isExpression(text: string): boolean {
  try {
    return new RegExp(text).source !== "";
  } catch {
    return false;
  }
}

const description = z.strictObject({
  sections: z
    .array(section)
    .default(SECTIONS)
    .describe("Sections that a description must have, each with something in it."),
  template: z
    .string()
    .default(DEFAULT_TEMPLATE)
    .describe(
      "The template of the repository: what stands in it too says nothing. By default every one that " +
        "GitHub takes, in the root, `docs` or `.github`, whatever the case.",
    ),
  choices: z
    .array(z.string().min(1))
    .default([])
    .describe(
      "Words of headings under which one box of several is to be ticked, such as `type of change`, also " +
        "below headings of their own; elsewhere all of them are.",
    ),
  trackers: z
    .array(z.string().min(1).max(200).refine(isExpression, "is no regular expression"))
    .default([])
    .describe(
      "Patterns (regular expressions) of issues in another tracker, such as `SHOP-[0-9]+`; issues of " +
        "GitHub and links to issues count anyway.",
    ),
});

const documentation = z.strictObject({
  documents: z
    .array(glob)
    .default(["docs/**", "**/*.md", "**/*.mdx", "**/*.rst", "**/*.adoc"])
    .describe("Files that are documentation."),
  headings: z
    .array(z.string().min(1))
    .default(["documentation", "docs"])
    .describe("Headings under which a description may say why none had to be changed."),
  paths: z.array(glob).default(["**"]).describe("Files whose change is to be documented."),
});

const branches = z.strictObject({
  allowed: z
    .array(
      z.strictObject({
        head: branchGlob.describe("Pattern of branches that are merged, such as `feature/*`."),
        bases: z.array(branchGlob).min(1).describe("Branches that they may be merged into."),
      }),
    )
    .default([])
    .describe("Which branches may be merged into which. Empty: any into any."),
  twins: z
    .array(
      z.strictObject({
        head: branchGlob.describe("Pattern of branches, such as `hotfix/*`."),
        base: branchGlob.describe("The branch that they are merged into, such as `main`."),
        also: z.string().min(1).max(300).describe("Another that must get the same, such as `develop`."),
      }),
    )
    .default([])
    .describe(
      "Branches whose commits another branch must have too, or get by a pull request that the description " +
        "names.",
    ),
});

const merge = z.strictObject({
  methods: z
    .array(z.enum(METHODS))
    .min(1)
    .optional()
    .describe("Ways in which pull requests are merged. By default what GitHub tells, else any."),
  "squash-title": z
    .enum(["pr-title", "commit-or-pr-title"])
    .optional()
    .describe(
      "What a squash is called: the pull request's title, or of a single commit its own header, as GitHub " +
        "has it unless told otherwise. By default what GitHub tells, else either.",
    ),
  "squash-body": z
    .enum(["commits", "description", "other"])
    .optional()
    .describe(
      "What a squash writes below the title: the messages of its `commits` or the `description`, whose " +
        "BREAKING CHANGE footers stay; of anything else only the title counts. By default what GitHub " +
        "tells, else `other`.",
    ),
});

const commits = z.strictObject({
  types: z
    .array(z.string().regex(/^[a-z][a-z0-9]*$/, "is no type: a lower-case letter, then letters and digits"))
    .min(1)
    .default(["build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"])
    .describe("Types that titles and commits may have."),
  scopes: z.array(z.string().min(1)).min(1).optional().describe("Scopes that they may have; any by default."),
});

/** What GitHub calls accounts, those that companies manage (`name_company`) and apps too. */
const LOGIN = /^[A-Za-z0-9][\w-]*(?:\[bot\])?$/;

export const policy = z.strictObject({
  bots: z
    .array(z.string().max(100).regex(LOGIN, "is no account: write its login, without @, * and spaces"))
    .default([])
    .describe(
      "Accounts of programs that open pull requests, beside dependabot, renovate and every GitHub App: " +
        "nobody asks them for a description.",
    ),
  branches: branches.prefault({}),
  merge: merge.prefault({}),
  commits: commits.prefault({}),
  description: description.prefault({}),
  documentation: documentation.prefault({}),
  rules: z
    .partialRecord(z.enum(RULE_NAMES), z.enum(SEVERITIES))
    .default({})
    .describe("Rules that weigh otherwise than by default, or are `off`, by their names."),
});

const percent = z.number().min(0).max(100).multipleOf(0.01);

export const coverage = z.strictObject({
  total: percent.default(85).describe("Least share of all lines that tests must run, in percent."),
  changed: percent.default(85).describe("Least share of the changed lines that tests must run, in percent."),
  required: z
    .boolean()
    .default(false)
    .describe(
      "Whether a pull request without a report is refused. By default not: what is judged by its title " +
        "alone has none.",
    ),
  sources: z
    .array(glob)
    .default([])
    .describe(
      "Files that reports must know when they are changed. By default those of the kinds that the reports " +
        "know, but tests and settings.",
    ),
  exclude: z.array(glob).default([]).describe("Files that no report has to know."),
});

policy.register(ACROSS, {
  against: "protection",
  contradictions(value, protection) {
    const { methods } = (value as Policy).merge;
    return methods === undefined ? [] : mergeContradictions(methods, protection);
  },
});

export type Policy = z.infer<typeof policy>;
export type CoveragePolicy = z.infer<typeof coverage>;
