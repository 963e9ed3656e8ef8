import type { Report } from "../../commands/define.ts";
import { printable, printableLine } from "../../kernel/printable.ts";
import { tableText } from "./table-text.ts";

/** How a report looks. */
export interface ReportStyle {
  readonly color?: boolean;
  /** Of the terminal; absent where it is none. */
  readonly columns?: number | undefined;
}

/** A report for a screen: the verdict, then tables with aligned columns, then notes. */
export function reportText(report: Report, { color = false, columns }: ReportStyle = {}): string {
  const mark = report.good ? "✔" : "✘";
  const headline = `${mark} ${printableLine(report.headline)}`;
  const parts = [color ? `\u001B[1;${report.good ? "32" : "31"}m${headline}\u001B[0m` : headline];
  for (const table of report.tables) if (table.rows.length > 0) parts.push("", ...tableText(table, columns));
  if (report.notes.length > 0) {
    parts.push("", ...report.notes.map((note) => `- ${printable(note).replaceAll("\n", "\n  ")}`));
  }
  return `${parts.join("\n")}\n`;
}
