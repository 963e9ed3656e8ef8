import { isMap, isScalar, isSeq, LineCounter, parseDocument, YAMLParseError, type Document } from "yaml";

/** More mistakes than a person reads; most of a thousand follow from the first. */
const ERRORS_MAX = 100;

/**
 * Reads a document of YAML, as `parseDocument` of the library does, in time that grows with its length: keys
 * that are there twice are looked for here, since the library holds each against all before it, and a mistake
 * is told by its place alone, since the library cuts out its line for each. What is nested deeper than can be
 * read is a mistake of the document too, and is not thrown.
 *
 * @param lines learns where lines begin
 * @returns with no more than a hundred errors, in the order of their places
 */
export function readYaml(text: string, lines = new LineCounter()): Document {
  const document = parsed(text, lines);
  const twice = [...repeatedKeys(document.contents)].map(
    (at) => new YAMLParseError([at, at + 1], "DUPLICATE_KEY", "Map keys must be unique"),
  );
  const errors = [...document.errors, ...twice].sort((a, b) => a.pos[0] - b.pos[0]);
  const deep = errors.find(({ message }) => message.startsWith("Maximum call stack"));
  if (deep !== undefined) deep.message = "Values are nested too deep";
  document.errors = deep === undefined ? errors.slice(0, ERRORS_MAX) : [deep];
  for (const error of [...document.errors, ...document.warnings]) {
    const { line, col } = lines.linePos(error.pos[0]);
    error.message += ` at line ${line}, column ${col}`;
  }
  return document;
}

function parsed(text: string, lineCounter: LineCounter): Document {
  try {
    return parseDocument(text, { lineCounter, uniqueKeys: false, prettyErrors: false });
  } catch (error) {
    // Thousands of brackets one in another: the library calls itself for each, and catches it mostly itself.
    if (!(error instanceof RangeError)) throw error;
    const document = parseDocument("", { prettyErrors: false });
    document.errors.push(new YAMLParseError([0, 1], "RESOURCE_EXHAUSTION", error.message));
    return document;
  }
}

/** Where keys begin that a map has before already. */
function* repeatedKeys(contents: unknown): Generator<number> {
  const left: unknown[] = [contents];
  for (let node = left.pop(); left.length > 0 || node !== undefined; node = left.pop()) {
    if (isSeq(node)) for (const item of node.items) left.push(item);
    if (!isMap(node)) continue;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items) {
      left.push(key, value);
      if (!isScalar(key)) continue;
      if (seen.has(key.value)) yield key.range?.[0] ?? 0;
      seen.add(key.value);
    }
  }
}
