import type { Report, ReportTable } from "../../commands/define.ts";
import { printable, printableLine } from "../../kernel/printable.ts";
import { padToWidth, textWidth } from "../../kernel/text-width.ts";

/** A report for a screen: the verdict, then tables with aligned columns, then notes. */
export function reportText(report: Report, color = false): string {
  const mark = report.good ? "✔" : "✘";
  const headline = `${mark} ${printableLine(report.headline)}`;
  const parts = [color ? `\u001B[1;${report.good ? "32" : "31"}m${headline}\u001B[0m` : headline];
  for (const table of report.tables) if (table.rows.length > 0) parts.push("", ...tableLines(table));
  if (report.notes.length > 0) parts.push("", ...report.notes.map((note) => `- ${printable(note).replaceAll("\n", "\n  ")}`));
  return `${parts.join("\n")}\n`;
}

function tableLines(table: ReportTable): string[] {
  const rows = [table.columns, ...table.rows].map((row) => row.map(printableLine));
  const widths = table.columns.map((_, column) => Math.max(...rows.map((row) => textWidth(row[column] ?? ""))));
  const lines = rows.map((row) => `  ${widths.map((width, column) => padToWidth(row[column] ?? "", width)).join("  ")}`.trimEnd());
  const [head = "", ...body] = lines;
  const rule = `  ${widths.map((width) => "─".repeat(width)).join("  ")}`;
  return [...(table.title === undefined ? [] : [printableLine(table.title)]), head, rule, ...body];
}
