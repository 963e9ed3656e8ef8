import lint from "@commitlint/lint";
import conventional from "@commitlint/config-conventional";
import type { QualifiedRules } from "@commitlint/types";
import { PARSER_OPTIONS } from "./message.ts";

/** One rule of commitlint that a message breaks. */
export interface LintProblem {
  /** As commitlint calls it, such as `type-enum`. */
  readonly rule: string;
  readonly level: "error" | "warning";
  readonly message: string;
}

const { Error: ERROR, Off: OFF } = { Error: 2, Off: 0 } as const;

/**
 * The rules of @commitlint/config-conventional (https://commitlint.js.org/reference/rules), without those on
 * the length of lines of the body: links and what bots write are longer.
 */
export function defaultRules(
  types: readonly string[],
  scopes: readonly string[] | undefined,
): QualifiedRules {
  return {
    ...(conventional.rules as QualifiedRules),
    "type-enum": [ERROR, "always", [...types]],
    "body-max-line-length": [OFF],
    "footer-max-line-length": [OFF],
    ...(scopes === undefined ? {} : { "scope-enum": [ERROR, "always", [...scopes]] as const }),
  } as QualifiedRules;
}

/** Holds a message against the rules; merges and the like are the caller's to leave out. */
export async function lintMessage(message: string, rules: QualifiedRules): Promise<readonly LintProblem[]> {
  const { errors, warnings } = await lint(message.replaceAll("\r\n", "\n"), rules, {
    parserOpts: PARSER_OPTIONS,
    defaultIgnores: false,
  } as Parameters<typeof lint>[2]);
  const told =
    (level: LintProblem["level"]) =>
    ({ name, message: words }: { readonly name: string; readonly message: string }): LintProblem => ({
      rule: name,
      level,
      message: words,
    });
  return [...errors.map(told("error")), ...warnings.map(told("warning"))];
}
