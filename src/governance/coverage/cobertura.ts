import { SaxesParser, type SaxesTagPlain } from "saxes";
import { CoveredLines } from "./covered-lines.ts";
import { addLine, UnusableReport, type ReportedFile } from "./report.ts";
import { before, withoutTrailing } from "../../kernel/cut.ts";

/** Each file may lie in each of them, so that the places to look in multiply; tools write a few. */
const SOURCES_MAX = 100;

/**
 * Reads Cobertura's XML (https://cobertura.github.io/cobertura/, coverage-04.dtd). Lines are told once below
 * their method and once below their class. Nothing is fetched and no entity of a DOCTYPE is resolved.
 *
 * @throws UnusableReport where it is cut off or is no XML
 */
export function readCobertura(text: string): ReportedFile[] {
  const sources: string[] = [];
  const files = new Map<string, CoveredLines>();
  let lines: CoveredLines | undefined;
  let source: string | undefined;
  const parser = new SaxesParser();
  // The first one counts: what comes after it is a guess of the parser's.
  parser.on("error", (error) => {
    // What the parser says after a colon is of the file.
    const why = before(error.message.replace(/^\d+:\d+: /, ""), ":", ".");
    throw new UnusableReport(`is no whole XML: ${why}, at its line ${parser.line}`);
  });
  parser.on("opentag", (tag) => {
    if (tag.name === "source") source = "";
    if (tag.name === "class") {
      const path = attribute(tag, "filename");
      lines = files.get(path) ?? new CoveredLines();
      files.set(path, lines);
    }
    if (tag.name !== "line" || lines === undefined) return;
    addLine(lines, count(tag, "number", parser.line), count(tag, "hits", parser.line));
  });
  parser.on("text", (words) => {
    if (source !== undefined) source += words;
  });
  parser.on("closetag", ({ name }) => {
    if (name === "class") lines = undefined;
    if (name !== "source" || source === undefined) return;
    if (source.trim() !== "") sources.push(withoutTrailing(source.trim(), "/\\"));
    source = undefined;
    if (sources.length > SOURCES_MAX) {
      throw new UnusableReport(`names more than ${SOURCES_MAX} folders of sources (<source>)`);
    }
  });
  parser.write(text).close();
  return [...files].map(([path, found]) => ({
    places: [...sources.map((folder) => `${folder}/${path}`), path],
    areAlike: sources.length > 1,
    lines: found,
  }));
}

function attribute({ name, attributes }: SaxesTagPlain, which: string): string {
  const value = attributes[which];
  if (value === undefined || value === "") throw new UnusableReport(`has a <${name}> without ${which}`);
  return value;
}

function count(tag: SaxesTagPlain, which: "number" | "hits", line: number): number {
  const is = which === "hits" ? /^\d+(?:\.\d+)?$/ : /^\d+$/;
  const text = attribute(tag, which);
  if (is.test(text)) return Number(text);
  throw new UnusableReport(`has a <line> whose ${which} is no count, at its line ${line}`);
}
