import type * as z from "zod";
import { isMap, isScalar, isSeq, LineCounter, type Document } from "yaml";
import { MiB } from "../../../kernel/bytes.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { readYaml } from "../../../kernel/yaml.ts";
import { functionManifest, type FunctionManifest } from "./manifest.ts";

/** One thing that is wrong with a manifest. */
export interface ManifestProblem {
  /** From 1. */
  readonly line: number;
  /** Where it is, as people write it: `functions.orders.version`. */
  readonly key: string;
  readonly message: string;
}

/** A manifest as it was read. */
export interface ReadManifest {
  /** Undefined where its form is broken. */
  readonly manifest: FunctionManifest | undefined;
  readonly problems: readonly ManifestProblem[];
  /** The line of a key, or of the nearest one above it that is there. */
  lineOf(path: readonly PropertyKey[]): number;
}

const SIZE_MAX = 8 * MiB;

/** Reads a manifest and holds it against its form; every problem with its line. */
export function readManifest(bytes: Buffer): ReadManifest {
  const lines = new LineCounter();
  const nowhere = (message: string): ReadManifest => ({
    manifest: undefined,
    problems: [{ line: 1, key: "", message }],
    lineOf: () => 1,
  });
  if (bytes.length > SIZE_MAX) return nowhere("is larger than any manifest");
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  let value: unknown;
  let why = "";
  try {
    value = JSON.parse(text);
  } catch (error) {
    why = printableLine((error as Error).message).slice(0, 200);
  }
  // JSON is YAML too, whose reader knows where things stand, and sees keys that are there twice.
  const document = readYaml(text, lines);
  const lineOf = (path: readonly PropertyKey[]): number => lineIn(document, lines, path);
  const problems = document.errors.map(({ pos, message }) => ({
    line: lines.linePos(pos[0]).line,
    key: "",
    message: printableLine(message),
  }));
  if (why !== "") {
    return {
      manifest: undefined,
      problems: problems.length > 0 ? problems : [{ line: 1, key: "", message: why }],
      lineOf,
    };
  }
  const checked = functionManifest.safeParse(value);
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      const { path } = issue;
      problems.push({ line: lineOf(path), key: keyText(path), message: printableLine(messageOf(issue)) });
    }
  }
  return { manifest: checked.data, problems, lineOf };
}

/** Of a key that is not allowed zod tells no more than that it is not. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_key") return issue.message;
  return `'${String(issue.path.at(-1))}' ${issue.issues.map(({ message }) => message).join(", and ")}`;
}

/** `functions.orders.dependencies[0]`. */
export function keyText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${printableLine(String(part))}`))
    .join("")
    .replace(/^\./, "");
}

function lineIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let at = 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) break;
      at = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? at;
      node = pair.value;
    } else if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      at = (node as { range?: [number] | null } | undefined)?.range?.[0] ?? at;
    } else break;
  }
  return lines.linePos(at).line || 1;
}
