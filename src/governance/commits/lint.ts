import lint from "@commitlint/lint";
import conventional from "@commitlint/config-conventional";
import { RuleConfigSeverity, type QualifiedRules } from "@commitlint/types";

/** One rule of commitlint that a message breaks. */
export interface LintProblem {
  /** As commitlint calls it, such as `type-enum`. */
  readonly rule: string;
  readonly level: "error" | "warning";
  readonly message: string;
}

/**
 * The rules of @commitlint/config-conventional (https://commitlint.js.org/reference/rules), without those on
 * the length of lines of the body: links and what bots write are longer.
 */
export function defaultRules(
  types: readonly string[],
  scopes: readonly string[] | undefined,
): QualifiedRules {
  const { Error: error, Disabled: disabled } = RuleConfigSeverity;
  return {
    ...(conventional.rules as QualifiedRules),
    "type-enum": [error, "always", [...types]],
    "body-max-line-length": [disabled],
    "footer-max-line-length": [disabled],
    ...(scopes === undefined ? {} : { "scope-enum": [error, "always", [...scopes]] }),
  };
}

/** As the preset `conventionalcommits` reads headers. No rule asks for reverts, whose pattern is slow. */
const PARSER_OPTIONS = {
  headerPattern: /^(\w*)(?:\((.*)\))?!?: (.*)$/,
  breakingHeaderPattern: /^(\w*)(?:\((.*)\))?!: (.*)$/,
  headerCorrespondence: ["type", "scope", "subject"],
  noteKeywords: ["BREAKING CHANGE", "BREAKING-CHANGE"],
  revertPattern: /(?!)/,
  issuePrefixes: ["#"],
};

/** No rule looks further, and a message may be as large as somebody likes. */
const LINES_READ = 50;
const CHARACTERS_READ = 1_000;

/** Holds a message against the rules; merges and the like are the caller's to leave out. */
export async function lintMessage(message: string, rules: QualifiedRules): Promise<readonly LintProblem[]> {
  const read = message
    .split(/\r?\n/, LINES_READ)
    .map((line) => line.slice(0, CHARACTERS_READ))
    .join("\n");
  // Commitlint lets it pass, because git asks again; a history is never asked again.
  if (read.trim() === "") return [{ rule: "header-empty", level: "error", message: "the message is empty" }];
  const { errors, warnings } = await lint(read, rules, {
    parserOpts: PARSER_OPTIONS,
    defaultIgnores: false,
  });
  const told =
    (level: LintProblem["level"]) =>
    ({ name, message: words }: { readonly name: string; readonly message: string }): LintProblem => ({
      rule: name,
      level,
      message: words,
    });
  return [...errors.map(told("error")), ...warnings.map(told("warning"))];
}
