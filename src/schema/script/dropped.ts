import { listOf, nameParts, type Fields } from "./tree.ts";

/** Names of what a DROP of this kind (`OBJECT_TABLE` …) drops; none where the statement is another one. */
export function droppedNames(type: string, fields: Fields, kind: string): readonly (readonly string[])[] {
  if (type !== "DropStmt" || fields["removeType"] !== kind) return [];
  return listOf(fields["objects"]).map(nameOf);
}

/** A schema's name is no list. */
function nameOf(node: unknown): readonly string[] {
  const parts = nameParts(node);
  return parts.length > 0 ? parts : nameParts([node]);
}
