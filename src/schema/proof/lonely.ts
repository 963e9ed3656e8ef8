import { lastPart } from "../../postgres/display-name.ts";
import type { PreparedScript } from "../script/prepare.ts";
import { everyRelation, fieldsOf, textOf } from "../script/tree.ts";

const CHANGES = new Set(["UpdateStmt", "DeleteStmt", "MergeStmt"]);

/**
 * Of a pair that cannot be watched: those of the tables whose rows a statement changes and that reads others
 * besides. What has no partner there is met only where these others are empty. None where that is all of
 * them, for then nothing would be empty, and nothing but a name in the text tells.
 */
export function changedBesideOthers(
  tables: readonly string[],
  scripts: readonly PreparedScript[],
): readonly string[] {
  const changed = new Set<string>();
  for (const { type, tree } of scripts.flatMap(({ script }) => script.statements)) {
    const target = textOf(fieldsOf(fieldsOf(tree)["relation"])["relname"]);
    if (!CHANGES.has(type) || target === undefined) continue;
    if ([...everyRelation(tree)].some(({ relname }) => relname !== target)) changed.add(target);
  }
  const found = tables.filter((name) => changed.has(lastPart(name)));
  return found.length === tables.length ? [] : found;
}
