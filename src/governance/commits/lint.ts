import lint from "@commitlint/lint";
import conventional from "@commitlint/config-conventional";
import { RuleConfigSeverity, type QualifiedRules } from "@commitlint/types";
import { PARSER_OPTIONS } from "./message.ts";

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

/** Holds a message against the rules; merges and the like are the caller's to leave out. */
export async function lintMessage(message: string, rules: QualifiedRules): Promise<readonly LintProblem[]> {
  const { errors, warnings } = await lint(message.replaceAll("\r\n", "\n"), rules, {
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
