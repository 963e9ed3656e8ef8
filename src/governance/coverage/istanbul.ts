import * as z from "zod";
import { CoveredLines } from "./covered-lines.ts";
import { addLine, UnusableReport, type ReportedFile } from "./report.ts";

/**
 * `coverage-final.json` of Istanbul and of what follows it (jest, vitest, c8): where each statement begins,
 * and how often it was run. https://github.com/istanbuljs/istanbuljs/tree/main/packages/istanbul-lib-coverage
 */
const FILE = z.object({
  path: z.string().optional(),
  statementMap: z.record(z.string(), z.object({ start: z.object({ line: z.number().int().min(0) }) })),
  s: z.record(z.string(), z.number()),
});
const REPORT = z.record(z.string(), z.unknown());
/** `coverage-summary.json` has sums and no lines. */
const SUMMARY = z.object({ total: z.object({ lines: z.object({ total: z.unknown() }) }) });

/**
 * A line counts as often as the most often run statement that begins on it.
 *
 * @throws UnusableReport where it is cut off, or is another document
 */
export function readIstanbul(text: string): ReportedFile[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new UnusableReport(`is no whole JSON${placeIn((error as Error).message)}`);
  }
  if (SUMMARY.safeParse(document).success) {
    throw new UnusableReport("is a summary, which has sums and no lines: give coverage-final.json");
  }
  const report = REPORT.safeParse(document);
  if (!report.success) throw new UnusableReport("is no report of Istanbul's");
  return Object.entries(report.data).map(([key, value], at) => {
    // Vitest and nyc wrap each file's data in an object when they have mapped it.
    const plain = value !== null && typeof value === "object" && "data" in value ? value.data : value;
    const file = FILE.safeParse(plain);
    if (!file.success) throw new UnusableReport(`is no report of Istanbul's in its entry ${at + 1}`);
    const lines = new CoveredLines();
    for (const [id, { start }] of Object.entries(file.data.statementMap)) {
      addLine(lines, start.line, file.data.s[id] ?? 0);
    }
    return { places: [file.data.path ?? key, key], lines };
  });
}

/** Where the parser stopped, without what it found there. */
function placeIn(message: string): string {
  const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(message) ?? [];
  return line === undefined ? "" : `, at its line ${line}, column ${column!}`;
}
