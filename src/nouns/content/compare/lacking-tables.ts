import { gap, type Difference } from "./difference.ts";
import type { Lacking } from "./missing-extensions.ts";
import type { ObjectKind } from "../record.ts";

/** Fields that speak of tables which another object belongs to or holds. */
const OF_TABLES: Readonly<Partial<Record<ObjectKind, ReadonlySet<string>>>> = {
  sequence: new Set(["owned-by"]),
  publication: new Set(["tables", "columns", "filters", "has-filters"]),
};

/**
 * What an object says of tables that cannot be made for lack of an extension is not there for
 * the same reason.
 *
 * @param differing fields of the object that differ
 * @returns those that differ all the same, and what is said of the others
 */
export function withoutLackingTables(
  lacking: Lacking,
  kind: ObjectKind,
  name: string,
  differing: readonly string[],
): { readonly differing: readonly string[]; readonly lacking: readonly Difference[] } {
  const { needs, known, tables } = lackingTables(lacking, kind, name);
  const fields = needs.length === 0 ? [] : differing.filter((field) => OF_TABLES[kind]?.has(field) === true);
  if (fields.length === 0) return { differing, lacking: [] };
  const words = fields.map((field) => field.replaceAll("-", " ")).join(", ");
  // A publication's other tables are in the same digest: that nothing else differs in it is not known.
  const found =
    kind === "sequence"
      ? {
          ...gap(
            kind,
            name,
            `could not be compared in ${words}: it needs ${needs.join(", ")}, not available here`,
          ),
          needs,
        }
      : gap(
          kind,
          name,
          `could not be compared in ${words}: tables that need ${needs.join(", ")} are not here, ` +
            `and ${known ? "belong to it" : "may belong to it"}${namedTables(tables)}`,
        );
  return { differing: differing.filter((field) => !fields.includes(field)), lacking: [found] };
}

function lackingTables(
  lacking: Lacking,
  kind: ObjectKind,
  name: string,
): ReturnType<Lacking["ofPublication"]> {
  if (kind === "publication") return lacking.ofPublication(name);
  return { needs: kind === "sequence" ? lacking.ofObject(kind, name) : [], known: true, tables: [] };
}

/** Tables told of a publication. */
const TOLD_MAX = 5;

/** One is it; of several the record does not say which. */
function namedTables(tables: readonly string[]): string {
  if (tables.length === 0) return "";
  const more = tables.length > TOLD_MAX ? ` and ${tables.length - TOLD_MAX} more` : "";
  return `: ${tables.length === 1 ? "" : "some of "}${tables.slice(0, TOLD_MAX).join(", ")}${more}`;
}
