import type { ReportTable } from "../../commands/define.ts";
import { printableLine } from "../../kernel/printable.ts";
import { foldToWidth, padToWidth, textWidth } from "../../kernel/text-width.ts";

/** Between two columns, and before the first. */
const GAP = 2;

/** A last column narrower than this is not read; it goes below its row instead. */
const LAST_MIN = 32;

/** Before what stands below its row. */
const BELOW = " ".repeat(6);

/**
 * A table with aligned columns.
 *
 * @param columns of the terminal; what would be wider is folded. As wide as it is where absent: a log is
 * searched, not looked at
 */
export function tableText(table: ReportTable, columns?: number): string[] {
  const rows = [table.columns, ...table.rows].map((row) =>
    table.columns.map((_, column) => printableLine(row[column] ?? "")),
  );
  const title = table.title === undefined ? [] : [printableLine(table.title)];
  const widths = widthsOf(rows);
  const wide = totalOf(widths);
  if (columns === undefined || wide <= columns) return [...title, ...laidOut(rows, widths)];
  const last = widths.length - 1;
  const room = columns - (wide - widths[last]!);
  if (room >= LAST_MIN) return [...title, ...laidOut(rows, widths.with(last, room))];
  // A sentence speaks for itself, a number does not.
  return [
    ...title,
    ...withLastBelow(rows, columns, widths[last]! < LAST_MIN ? `${rows[0]?.[last] ?? ""}: ` : ""),
  ];
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => textWidth(row[column] ?? ""))));
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, 0);
}

/** The first row is the head. */
function laidOut(
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  after: (row: number) => readonly string[] = () => [],
): string[] {
  const [head = [], ...body] = rows.map((row) => lineOf(row, widths));
  const rule = `${" ".repeat(GAP)}${widths.map((width) => "─".repeat(width)).join(" ".repeat(GAP))}`;
  return [...head, rule, ...body.flatMap((lines, row) => [...lines, ...after(row)])];
}

function lineOf(row: readonly string[], widths: readonly number[]): string[] {
  const cells = widths.map((width, column) => foldToWidth(row[column] ?? "", width));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) =>
    (
      " ".repeat(GAP) +
      widths.map((width, column) => padToWidth(cells[column]?.[at] ?? "", width)).join(" ".repeat(GAP))
    ).trimEnd(),
  );
}

/**
 * The last column is the one that explains; what is before it is narrowed where even that is too wide, the
 * widest first.
 */
function withLastBelow(rows: readonly (readonly string[])[], columns: number, label: string): string[] {
  const firsts = rows.map((row) => row.slice(0, -1));
  const widths = widthsOf(firsts);
  while (totalOf(widths) > columns && Math.max(...widths) > 8) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest]! -= 1;
  }
  const below = (row: number): string[] => {
    const text = rows[row + 1]?.at(-1) ?? "";
    return text === ""
      ? []
      : foldToWidth(label + text, Math.max(20, columns - BELOW.length)).map((line) => BELOW + line);
  };
  return laidOut(firsts, widths, below);
}
