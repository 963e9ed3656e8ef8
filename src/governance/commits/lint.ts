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
  return atOnce(read, [...errors.map(told("error")), ...warnings.map(told("warning"))]);
}

/** Spaces that look like one and are another character. */
const ODD_SPACE = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]/;

/** A header that cannot be read has neither type nor subject, which is one thing to mend. */
function atOnce(text: string, problems: readonly LintProblem[]): LintProblem[] {
  const has = (name: string): boolean =>
    problems.some(({ rule, level }) => rule === name && level === "error");
  if (!has("type-empty") || !has("subject-empty")) return [...problems];
  const odd = ODD_SPACE.exec(text.split("\n")[0] ?? "")?.[0];
  const code = odd?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  const why = odd === undefined ? "" : `; it holds U+${code}, which looks like a space and is none`;
  return problems
    .filter(({ rule }) => rule !== "subject-empty")
    .map((each) =>
      each.rule === "type-empty"
        ? { ...each, message: `it has no type and subject, as \`type(scope): subject\` has${why}` }
        : each,
    );
}
