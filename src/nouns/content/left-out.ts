import { displayName } from "../../postgres/display-name.ts";
import { namesMap } from "./names-map.ts";
import { belongingTo } from "./objects-of-tables.ts";
import type { ContentRecord, ObjectKind } from "./record.ts";

/** A table or sequence that a backup leaves out, knowingly and by name. */
export interface LeftOut {
  readonly kind: "table" | "sequence";
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  /** Object id at the source. */
  readonly oid: string;
}

/**
 * What an inventory says without some relations and all that stands on them: pg_dump leaves that
 * out with them.
 */
export function withoutRelations(content: ContentRecord, left: readonly LeftOut[]): ContentRecord {
  if (left.length === 0) return content;
  const names = new Set(left.map(displayName));
  const isLeft = (relation: { readonly schema: string; readonly name: string }): boolean =>
    names.has(displayName(relation));
  const belongs = belongingTo(
    content,
    isLeft,
    left.filter(({ kind }) => kind === "sequence"),
  );
  const objects = Object.entries(content.objects).map(
    ([kind, all]) =>
      [
        kind,
        namesMap(Object.entries(all).filter(([identity]) => !belongs(kind as ObjectKind, identity))),
      ] as const,
  );
  return {
    ...content,
    tables: content.tables.filter((table) => !isLeft(table)),
    sequences: content.sequences.filter((sequence) => !isLeft(sequence)),
    objects: Object.fromEntries(objects),
  };
}
