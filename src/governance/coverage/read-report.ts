import { readCobertura } from "./cobertura.ts";
import { foreignForm } from "./foreign.ts";
import { readIstanbul } from "./istanbul.ts";
import { readLcov } from "./lcov.ts";
import { UnusableReport, type ReportedFile } from "./report.ts";

const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Reads a report of lcov's, Cobertura's or Istanbul's; which of them it is, it says itself.
 *
 * @throws UnusableReport where it is cut off, empty, or none of these
 */
export function readReport(bytes: Buffer): ReportedFile[] {
  const whole = bytes.toString("utf8");
  const text = whole.startsWith(BYTE_ORDER_MARK) ? whole.slice(1) : whole;
  const [first = ""] = text.trimStart();
  if (first === "") throw new UnusableReport("is empty");
  const foreign = foreignForm(text.trimStart());
  if (foreign !== undefined) throw new UnusableReport(foreign);
  const files = first === "<" ? readCobertura(text) : first === "{" ? readIstanbul(text) : readLcov(text);
  if (files.length === 0) throw new UnusableReport("tells of no line of any file");
  return files;
}
