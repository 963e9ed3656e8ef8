import { displayPart, lastPart } from "../../postgres/display-name.ts";
import { everyRelation, fieldsOf, nameParts, relationParts } from "../script/tree.ts";
import type { Statement } from "../script/script.ts";
import type { ScriptFailure } from "../shadow/run-script.ts";
import { compareStates, kindOf, nameOf } from "./compare-states.ts";
import type { SchemaState } from "./state.ts";

/** Kinds of what a statement can name as a relation, the likeliest first. */
const RELATIONS = ["table", "view", "materialized-view", "sequence", "index"];

/**
 * What a refused statement was about: the table that the server names, else what the statement itself does
 * something to; empty where that cannot be said for certain.
 *
 * @param states in which its name may be found
 */
export function failedObject({ refusal, statement }: ScriptFailure, states: readonly SchemaState[]): string {
  // The server names it without its schema.
  const named = refusal?.table === undefined ? "" : found([refusal.table], states);
  if (named !== "" || statement === undefined) return named;
  const parts = mainRelation(statement);
  const known = parts.length === 0 ? "" : found(parts, states);
  if (known !== "" || parts.length < 2) return known;
  return `${kindMeant(statement)} ${parts.map(displayPart).join(".")}`;
}

/** What `ALTER`, `CREATE` or `DROP`, or a statement about rows, is of; of one that is about several none. */
function mainRelation({ type, tree }: Statement): readonly string[] {
  const fields = fieldsOf(tree);
  const own = relationParts(fields["relation"] ?? fields["view"]);
  if (own.length > 0) return own;
  if (type === "DropStmt") {
    const names = Array.isArray(fields["objects"]) ? fields["objects"].map(nameParts) : [];
    return names.length === 1 && DROPPED_RELATIONS.has(String(fields["removeType"])) ? names[0]! : [];
  }
  const named = [...everyRelation(tree)].map(relationParts);
  const texts = new Set(named.map((parts) => JSON.stringify(parts)));
  return texts.size === 1 ? named[0]! : [];
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["OBJECT_TABLE", "table"],
  ["OBJECT_VIEW", "view"],
  ["OBJECT_MATVIEW", "materialized-view"],
  ["OBJECT_SEQUENCE", "sequence"],
  ["OBJECT_INDEX", "index"],
  ["OBJECT_FOREIGN_TABLE", "table"],
]);
const DROPPED_RELATIONS: ReadonlySet<string> = new Set(KINDS.keys());

/** Where nothing of the name is there: what the statement takes it for. */
function kindMeant({ type, tree }: Statement): string {
  const fields = fieldsOf(tree);
  const kind = fields["objtype"] ?? fields["removeType"] ?? fields["renameType"];
  if (type === "ViewStmt") return "view";
  return KINDS.get(String(kind)) ?? "table";
}

/** The one object of this name; where several schemas have one, nobody knows which is meant. */
function found(parts: readonly string[], states: readonly SchemaState[]): string {
  const name = parts.map(displayPart).join(".");
  const isIt = (identity: string): boolean =>
    parts.length > 1 ? identity === name : lastPart(identity) === parts[0];
  const objects = new Set(
    states.flatMap((state) =>
      [...state.keys()].filter((object) => RELATIONS.includes(kindOf(object)) && isIt(nameOf(object))),
    ),
  );
  return objects.size === 1 ? [...objects][0]! : "";
}

/** What a migration changes, where that is one object or belongs to one table; else empty. */
export function changedObject(before: SchemaState, after: SchemaState): string {
  const objects = compareStates(before, after).map(({ object }) => object);
  if (objects.length === 1) return objects[0]!;
  const tables = new Set(objects.map((object) => tableOf(object, [after, before])));
  return tables.size === 1 ? [...tables][0]! : "";
}

/** The table itself, or the one that a column, constraint, trigger, policy or index of it belongs to. */
function tableOf(object: string, states: readonly SchemaState[]): string {
  if (kindOf(object) === "table") return object;
  const name = nameOf(object);
  const table = `table ${name.replace(/\.(?:"(?:[^"]|"")*"|[^".]+)$/, "")}`;
  return states.some((state) => state.has(table)) ? table : "";
}
