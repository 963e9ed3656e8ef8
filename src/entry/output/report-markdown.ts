import type { Report, ReportTable } from "../../commands/define.ts";
import { escapeMarkdown, sentenceMarkdown } from "../../kernel/markdown.ts";
import type { Failure } from "../process/failure.ts";

/** A table longer than this is no summary. */
const ROWS_MAX = 200;

/**
 * The runner drops a step's summary above 1 MiB whole; some room is left for what says that it was cut.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
const BYTES_MAX = 1024 * 1024 - 1024;

/** A report for the job summary: the verdict first, then tables, then notes. */
export function reportMarkdown(command: string, report: Report): string {
  const parts = [
    `### ${report.good ? "✅" : "❌"} ${escapeMarkdown(command)}: ${escapeMarkdown(report.headline)}`,
  ];
  for (const table of report.tables) if (table.rows.length > 0) parts.push(tableMarkdown(table));
  if (report.mermaid !== undefined) parts.push(fenced(report.mermaid));
  const notes = report.notes.slice(0, ROWS_MAX).map((note) => `- ${sentenceMarkdown(note)}`);
  if (report.notes.length > notes.length) {
    notes.push(`- … and ${report.notes.length - notes.length} more; they are in the log`);
  }
  if (notes.length > 0) parts.push(notes.join("\n"));
  return fitting(`${parts.join("\n\n")}\n`);
}

/** A fence that nothing in the chart can end. */
function fenced(chart: string): string {
  const longest = Math.max(2, ...[...chart.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}mermaid\n${chart.trimEnd()}\n${fence}`;
}

/** Whole lines, as many as the runner takes. */
function fitting(markdown: string): string {
  if (Buffer.byteLength(markdown) <= BYTES_MAX) return markdown;
  const lines = markdown.split("\n");
  let bytes = 0;
  const first = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > BYTES_MAX);
  const shown = lines.slice(0, first).join("\n");
  return `${shown}\n\n… and ${lines.length - first} more lines; they are in the log.\n`;
}

/** The summary of a run that did not get as far as a report. */
export function failureMarkdown(command: string, failure: Failure): string {
  const hint = failure.hint === undefined ? "" : `\n\n${sentenceMarkdown(failure.hint)}`;
  const message = failure.message.split("\n").map(escapeMarkdown).join("<br>");
  return (
    `### ❌ ${escapeMarkdown(command)}: ${message}${hint}\n\n\`${failure.code}\`, exit code ` +
    `${failure.exit}\n`
  );
}

function tableMarkdown(table: ReportTable): string {
  const line = (cells: readonly string[]): string =>
    `| ${table.columns.map((_, column) => sentenceMarkdown(cells[column] ?? "")).join(" | ")} |`;
  const shown = table.rows.slice(0, ROWS_MAX).map(line);
  const rest = table.rows.length - shown.length;
  const body = [line(table.columns), `|${table.columns.map(() => "---").join("|")}|`, ...shown].join("\n");
  const title = table.title === undefined ? "" : `**${escapeMarkdown(table.title)}**\n\n`;
  return `${title}${body}${rest > 0 ? `\n\n… and ${rest} more rows; they are in the outputs.` : ""}`;
}
