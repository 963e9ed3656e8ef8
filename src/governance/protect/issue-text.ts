import { createHash } from "node:crypto";
import { escapeMarkdown } from "../../kernel/markdown.ts";
import { quantity } from "../../kernel/quantity.ts";
import type { IssueText } from "../../ports/forge-issues.ts";
import type { Digest } from "./digest.ts";

/** What the issue begins with; with its label, how it is found again. */
export const MARK = "<!-- holdfast protection-audit -->";

/** An audit that ended; undefined where it ended without an answer. */
export type Audit = Digest | undefined;

/** https://docs.github.com/rest/issues/issues: a text may have 65,536 letters. */
const LETTERS_MAX = 60_000;

/** Title and text for what an audit found. */
export function issueText(audit: Audit, repository: string, run: string | undefined): IssueText {
  const lines = [MARK, stateLine(audit), told(audit, repository), ...sections(audit), last(run)];
  const body = lines.join("\n\n");
  // Characters written as references make long what was cut to be short.
  const tooLong = "The lists are too long to be shown here; the run has them.";
  const short = [MARK, stateLine(audit), told(audit, repository), tooLong, last(run)].join("\n\n");
  return { title: titleOf(audit), body: body.length > LETTERS_MAX ? short : body };
}

function titleOf(audit: Audit): string {
  if (audit === undefined) return "Protection of branches and tags could not be audited";
  if (audit.verdict === "cannot-see" && audit.errors.length === 0) {
    return "Protection of branches and tags cannot be seen whole";
  }
  return "Protection of branches and tags is not as declared";
}

/** Whether a text is of the same findings; when it ran and where is no difference. */
export function isSameState(body: string, audit: Audit): boolean {
  return body.includes(stateLine(audit));
}

function stateLine(audit: Audit): string {
  const hash = createHash("sha256").update(JSON.stringify(audit ?? null));
  return `<!-- state ${hash.digest("hex").slice(0, 16)} -->`;
}

/** One sentence for what it is; also said in a comment when it changes. */
export function told(audit: Audit, repository: string): string {
  const what = escapeMarkdown(repository);
  if (audit === undefined) {
    return (
      `The audit of ${what} ended without an answer: its token has expired or was not given, GitHub ` +
      "did not answer, or the settings are wrong. So nobody knows whether the protection is as declared."
    );
  }
  const { drift, unseen, errors, more } = audit;
  const parts = [
    ...(drift.length > 0 ? [`${drift.length} differ from the declaration`] : []),
    ...(errors.length > 0
      ? [`the declaration contradicts itself or the workflows in ${quantity(errors.length, "place")}`]
      : []),
    ...(unseen.length > 0 ? [`${unseen.length} cannot be seen with this token`] : []),
  ];
  const rest = more > 0 ? ` (and ${more} more)` : "";
  return `Of what protects ${what}, ${parts.join("; ")}${rest}.`;
}

function sections(audit: Audit): string[] {
  if (audit === undefined) return [];
  const { drift, unseen, errors } = audit;
  const missing = [...new Set(unseen.map(({ permission }) => permission))].filter((each) => each !== "");
  const lacks = missing.map((each) => `**${escapeMarkdown(each)}**`).join(", ");
  return [
    ...table(["where", "what of it", "what differs"], drift, ["subject", "about", "message"]),
    ...table(["rule", "what is wrong with the declaration"], errors, ["rule", "message"]),
    ...table(["where", "what of it", "why it cannot be seen"], unseen, ["subject", "about", "message"]),
    ...(unseen.length === 0
      ? []
      : [
          "What cannot be seen is taken for neither declared nor empty, and keeps this issue open. " +
            `The token lacks ${lacks}.`,
        ]),
    ...(drift.length === 0
      ? []
      : [
          "`holdfast protect` shows what would be written, `--do apply` brings it in order; or change the " +
            "declaration.",
        ]),
  ];
}

function table<K extends string>(
  columns: readonly string[],
  rows: readonly Readonly<Record<K, string>>[],
  keys: readonly K[],
): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    [
      line(columns),
      line(columns.map(() => "---")),
      ...rows.map((row) => line(keys.map((key) => escapeMarkdown(row[key])))),
    ].join("\n"),
  ];
}

function last(run: string | undefined): string {
  const where = run === undefined ? "" : ` [The run](${run}) has all of it.`;
  return `This issue is kept up to date by the audit, which closes it when all is as declared.${where}`;
}
