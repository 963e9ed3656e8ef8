import { quantity } from "../../../kernel/quantity.ts";
import { displayName } from "../../../postgres/display-name.ts";
import { UNDECIDED } from "../compare/compare-extensions.ts";
import type { Difference } from "../compare/difference.ts";
import type { ContentRecord } from "../record.ts";

/**
 * Tables with rows that this role may not read: whether they hold more than the extension ships will
 * never be known.
 */
export function unreadableExtensionTables(content: ContentRecord): Difference[] {
  return (content.extensionContents ?? []).flatMap(({ name: extension, relations }) =>
    relations
      .filter(({ unreadable, kind }) => unreadable === true && kind === "table")
      .map((relation): Difference =>
        gap(
          "table",
          displayName(relation),
          `belongs to extension ${extension}, which has not marked it for dumping, and the role that made ` +
            "this backup may not read it: rows of users in it would be in no backup",
        ),
      ),
  );
}

/** Tables with rows that a dump does not hold: a user's, or what CREATE EXTENSION makes again. */
export function undumpedExtensionRows(content: ContentRecord): Difference[] {
  return (content.extensionContents ?? []).flatMap(({ name: extension, relations }) =>
    relations
      .filter(({ kind, filtered, rows }) => kind === "table" && filtered !== true && (rows ?? 0) > 0)
      .map((relation): Difference =>
        gap(
          UNDECIDED,
          displayName(relation),
          `holds ${quantity(relation.rows ?? 0, "row")} that this backup does not: ` +
            `extension ${extension} has not marked the table for dumping; ` +
            "a proof by restoring tells whether CREATE EXTENSION makes the same",
        ),
      ),
  );
}

function gap(about: string, name: string, message: string): Difference {
  return { severity: "gap", about, name, message };
}
