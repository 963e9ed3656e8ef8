import { gap, type Difference } from "./difference.ts";
import type { ContentRecord, ObjectKind } from "../record.ts";

/** Collects what was compared, and could not be in full. */
export class NotInFull {
  /** Fields that were not compared, by kind. */
  readonly #left = new Map<ObjectKind, Set<string>>();

  add(kind: ObjectKind, fields: readonly string[]): void {
    for (const field of fields) this.#left.set(kind, (this.#left.get(kind) ?? new Set()).add(field));
  }

  /**
   * What could not be compared is no proof, however much of the rest agrees.
   *
   * @param marked of a manifest that digests definitions as a whole: none of them is that of the copy
   */
  gaps(expected: ContentRecord, actual: ContentRecord, marked: boolean): Difference[] {
    return [...this.#otherMajor(expected, actual), ...(marked ? [MARKS] : [])];
  }

  #otherMajor(expected: ContentRecord, actual: ContentRecord): Difference[] {
    const [source, copy] = [expected.serverMajor, actual.serverMajor];
    if (source === copy || (expected.digests === 2 && this.#left.size === 0)) return [];
    const left = [...this.#left].map(
      ([kind, fields]) => `${kind}: ${[...fields].map((field) => field.replaceAll("-", " ")).join(", ")}`,
    );
    return [
      gap(
        "database",
        "definitions",
        `could not be compared in full: the source is PostgreSQL ${source} and the copy ` +
          `${copy}, and different majors print expressions and queries differently; ` +
          "names, rights, types, keys and flags were compared, but not " +
          (left.length > 0 ? left.join("; ") : "the bodies of views, conditions, defaults and the like"),
      ),
    ];
  }
}

const MARKS = gap(
  "database",
  "columns",
  "could not be compared in full: this older manifest holds one digest of a column's whole " +
    "definition, and none of them is that of the copy, as when the source's server kept marks " +
    "of its own among the columns' options; types, NOT NULL, identity and the like were compared",
);
