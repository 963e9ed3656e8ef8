import { lastPart } from "../../postgres/display-name.ts";
import type { PreparedScript } from "../script/prepare.ts";
import type { Statement } from "../script/script.ts";
import { everyRelation, fieldsOf } from "../script/tree.ts";
import { compareStates } from "./compare-states.ts";
import type { SchemaState } from "./state.ts";

/** Kinds of statement that carry nobody's code out, and change no row and no table but what they name. */
const PLAIN = new Set([
  "IndexStmt",
  "ReindexStmt",
  "VacuumStmt",
  "AlterEnumStmt",
  "CommentStmt",
  "TransactionStmt",
  "VariableSetStmt",
]);

/**
 * A function, a trigger or a cascade may change rows of whatever table, and no text says which: what is not
 * known to leave them alone is taken to change them.
 */
function isPlain({ type, tree }: Statement): boolean {
  if (PLAIN.has(type)) return true;
  return type === "DropStmt" && fieldsOf(tree)["removeType"] === "OBJECT_INDEX";
}

/**
 * Of a pair that cannot be watched: every table of before, unless all that its scripts do is plain; then
 * those that either script changes anything of, or names.
 */
export function changedTables(
  { before, after }: { readonly before: SchemaState; readonly after: SchemaState },
  scripts: readonly PreparedScript[],
): string[] {
  const names = [...before.keys()].flatMap((object) => /^(?:table|sequence) (.*)$/s.exec(object)?.[1] ?? []);
  const statements = scripts.flatMap(({ script }) => script.statements);
  const hooked = [...before.keys()].some((object) => object.startsWith("event-trigger "));
  if (hooked || !statements.every(isPlain)) return names;
  const changed = new Set(compareStates(before, after).flatMap(({ object }) => ownersIn(object)));
  const named = new Set(
    statements.flatMap(({ tree }) => [...everyRelation(tree)].map(({ relname }) => relname)),
  );
  return names.filter((name) => changed.has(name) || named.has(lastPart(name)));
}

/** `column app.t.c` → app.t.c, app.t, app: whatever the name may be a part of. */
function ownersIn(object: string): string[] {
  const owners: string[] = [];
  const part = /\.?(?:"(?:[^"]|"")*"|[^."\s]+)/y;
  for (part.lastIndex = object.indexOf(" ") + 1; part.test(object);) {
    owners.push(object.slice(object.indexOf(" ") + 1, part.lastIndex));
  }
  return owners;
}
