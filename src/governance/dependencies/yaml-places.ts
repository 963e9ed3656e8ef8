import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Node, type Pair } from "yaml";
import { printableLine } from "../../kernel/printable.ts";
import { withoutMark, type Placed, type PlacedEntry, type PlacedMap, type Trouble } from "./placed.ts";

/** The documents of the text that are maps, and everything that is wrong. */
export interface ReadYaml {
  readonly documents: readonly PlacedMap[];
  readonly troubles: readonly Trouble[];
}

/**
 * Reads YAML as lock files have it, with the lines of its keys: every value is a text, whatever it looks like
 * (a commit `1234567e5` is no number). Anchors, tags and keys that are there twice are troubles: no package
 * manager writes them.
 *
 * @param fix What to do where it is no YAML, a full sentence.
 */
export function readYaml(given: string, fix: string): ReadYaml {
  const text = withoutMark(given);
  const lines = new LineCounter();
  const troubles: Trouble[] = [];
  const lineOf = (node: Node): number => lines.linePos(node.range?.[0] ?? 0).line;
  const trouble = (line: number, message: string): void => void troubles.push({ line, message, fix });

  const placed = (node: unknown, line: number): Placed => {
    if (isMap(node)) {
      return placedMap(node.items, node.range === undefined || node.range === null ? line : lineOf(node));
    }
    if (isSeq(node)) {
      return { kind: "list", line, items: node.items.map((each) => placed(each, lineOf(each as Node))) };
    }
    if (isAlias(node)) {
      trouble(lineOf(node), `a reference '*${printableLine(node.source)}', which no lock file has`);
    }
    return { kind: "text", line, value: isScalar(node) ? textOf(node.value) : "" };
  };
  const placedMap = (items: readonly Pair[], line: number): PlacedMap => {
    const entries = new Map<string, PlacedEntry>();
    for (const { key, value } of items) {
      if (!isScalar(key)) {
        trouble(line, "a key that is no text");
        continue;
      }
      const name = textOf(key.value);
      const keyLine = lineOf(key);
      const before = entries.get(name);
      if (before !== undefined) {
        trouble(
          keyLine,
          `the same key is there twice: '${printableLine(name)}' (lines ${before.line} and ${keyLine})`,
        );
      }
      entries.set(name, { line: keyLine, value: placed(value, keyLine) });
    }
    return { kind: "map", line, entries };
  };

  try {
    // The library's own look for keys that are there twice takes the square of their number.
    const documents = parseAllDocuments(text, {
      schema: "failsafe",
      uniqueKeys: false,
      // A mistake's line is cut out for each, of which one line may have thousands.
      prettyErrors: false,
      lineCounter: lines,
    });
    if (!Array.isArray(documents) || documents.length === 0) {
      return { documents: [], troubles: [{ line: 1, message: "the file is empty", fix }] };
    }
    for (const { errors } of documents) {
      const [first] = errors;
      if (first === undefined) continue;
      const said = printableLine(first.message.split("\n")[0] ?? "");
      trouble(Math.max(1, lines.linePos(first.pos[0]).line), `no valid YAML: ${said}`);
    }
    if (troubles.length > 0) return { documents: [], troubles };
    return {
      documents: documents.flatMap(({ contents }) => {
        const tree = placed(contents, 1);
        if (tree.kind === "map") return [tree];
        trouble(1, "the file holds no keys");
        return [];
      }),
      troubles,
    };
  } catch (error) {
    // Thousands of brackets one in another: the library calls itself for each.
    if (!(error instanceof RangeError)) throw error;
    return { documents: [], troubles: [{ line: null, message: "values are nested too deep", fix }] };
  }
}

/** The schema makes a text of every value; nothing at all is an empty one. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
