import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Document,
  type Node,
  type Scalar,
} from "yaml";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import { isVersion, type TextPlace } from "./version-text.ts";

/** Keys from the top of a file; of a list its indexes. */
export type KeyPath = readonly string[];

/** A value of a file that is looked for. */
interface Wanted {
  readonly path: string;
  readonly text: string;
  readonly key: KeyPath;
}

/**
 * Where the version stands that JSON or YAML has at a key, without its quotes and without `v`.
 *
 * @returns undefined where there is none, if that may be
 * @throws input.malformed where there must be one; where it is no text, no version, or there twice; where the
 *   file cannot be read
 */
export function versionAtKey(
  wanted: Wanted,
  absent: "must be there" | "may be missing",
): TextPlace | undefined {
  const found = documentsOf(wanted).flatMap((document) => valuesAt(document, wanted.key));
  const [value, ...more] = found;
  if (more.length > 0) throw trouble(wanted, "is there more than once", "Leave one of them.");
  if (value === undefined) {
    if (absent === "may be missing") return undefined;
    throw trouble(wanted, "is not there", "Correct the key, or write it into the file with a version.");
  }
  if (!isScalar(value) || typeof value.value !== "string") {
    const hint = "Put the version there, in quotes where YAML would read a number.";
    throw trouble(wanted, isAlias(value) ? "is a reference to another value" : "is no text", hint);
  }
  return placeOf(value as Scalar<string>, wanted);
}

/** JSON is YAML too, and the library says where a value stands. */
function documentsOf(wanted: Wanted): readonly Document.Parsed[] {
  if (/\.json$/i.test(wanted.path)) refuseNoJson(wanted);
  const documents = parsed(wanted);
  const [first] = documents.flatMap(({ errors }) => errors);
  if (first === undefined) return documents;
  throw unreadable(wanted, `it is no YAML: ${printableLine(first.message.split("\n")[0] ?? "")}`);
}

function parsed(wanted: Wanted): readonly Document.Parsed[] {
  try {
    // The library's own look for keys that are there twice takes the square of their number.
    const documents = parseAllDocuments(wanted.text, { uniqueKeys: false });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    if (error instanceof RangeError) throw unreadable(wanted, "it is nested too deep");
    throw error;
  }
}

function refuseNoJson(wanted: Wanted): void {
  try {
    JSON.parse(wanted.text.replace(/^\uFEFF/, ""));
  } catch {
    throw unreadable(wanted, "it is no JSON");
  }
}

/** More than one where a key is there twice. */
function valuesAt(document: Document.Parsed, key: KeyPath): readonly unknown[] {
  let nodes: readonly unknown[] = [document.contents];
  for (const part of key) {
    nodes = nodes.flatMap((node) => {
      if (isSeq(node)) return /^\d{1,6}$/.test(part) ? (node.items[Number(part)] ?? []) : [];
      if (!isMap(node)) return [];
      return node.items.flatMap((pair) => {
        const isIt = isScalar(pair.key) && String(pair.key.value) === part;
        return isIt ? [pair.value ?? pair.key] : [];
      });
    });
  }
  return nodes;
}

/** The text itself, as it is written: between its quotes, if it has any. */
function placeOf(value: Scalar<string>, wanted: Wanted): TextPlace {
  const [from, to] = (value as Node).range!;
  const written = wanted.text.slice(from, to);
  const quoted = /^(["'])[^]*\1$/.test(written) ? 1 : 0;
  const inside = written.slice(quoted, written.length - quoted);
  const mark = /^v\d/.test(inside) ? 1 : 0;
  if (isVersion(inside.slice(mark))) return { start: from + quoted + mark, end: to - quoted };
  throw trouble(
    wanted,
    `is '${printableLine(value.value.slice(0, 100))}', which is no version`,
    "Correct the key, or put a version such as 1.2.3 there, on the key's own line.",
  );
}

function trouble({ path, key }: Wanted, what: string, hint: string): HoldfastError {
  const shown = printableLine(key.map((part) => (part === "" ? '""' : part)).join("."));
  return new HoldfastError(
    "input.malformed",
    `the key ${shown} of the version file ${printableLine(path)} ${what}`,
    { hint },
  );
}

function unreadable({ path }: Wanted, why: string): HoldfastError {
  return new HoldfastError(
    "input.malformed",
    `the version file ${printableLine(path)} cannot be read: ${why}`,
    {
      hint: "Mend it, or take it out of release.version-files.",
    },
  );
}
