/**
 * Reading a syntax tree: every node is an object with one key, its type, and under it the fields. The types
 * that come with the parser are a union of hundreds; what is asked here is asked by name, and what is not
 * there is undefined. https://github.com/pganalyze/libpg_query/blob/18-latest/protobuf/pg_query.proto
 */

/** The fields of a node, by their names. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields below a node's type; of a node that stands without its type (a `RangeVar` in its place) its own.
 */
export function fieldsOf(node: unknown): Fields {
  if (typeof node !== "object" || node === null || Array.isArray(node)) return {};
  const keys = Object.keys(node);
  const [only] = keys;
  const inner =
    keys.length === 1 && only !== undefined && /^[A-Z]/.test(only) ? (node as Fields)[only] : undefined;
  return typeof inner === "object" && inner !== null ? (inner as Fields) : (node as Fields);
}

/** The name of a node's type; empty for one that stands without it. */
export function typeOf(node: unknown): string {
  const [only, ...more] = typeof node === "object" && node !== null ? Object.keys(node) : [];
  return only !== undefined && more.length === 0 && /^[A-Z]/.test(only) ? only : "";
}

/** A list, or an empty one where there is none. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  const { items } = fieldsOf(value);
  return Array.isArray(items) ? items : [];
}

/** The text of a `String` node, or the text itself. */
export function textOf(node: unknown): string | undefined {
  if (typeof node === "string") return node;
  const { sval, str } = fieldsOf(node);
  return typeof sval === "string" ? sval : typeof str === "string" ? str : undefined;
}

/** The parts of a name: `[schema, table]` or `[table]`. */
export function nameParts(list: unknown): readonly string[] {
  return listOf(list).flatMap((each) => textOf(each) ?? []);
}

/** A relation's name as written, schema first where it has one. */
export function relationParts(relation: unknown): readonly string[] {
  const { schemaname, relname } = fieldsOf(relation);
  return [schemaname, relname].filter((part): part is string => typeof part === "string");
}

/** Every node of a tree with its type, from the outside in. */
export function* everyNode(tree: unknown): Generator<{ readonly type: string; readonly fields: Fields }> {
  if (typeof tree !== "object" || tree === null) return;
  if (!Array.isArray(tree)) {
    const type = typeOf(tree);
    if (type !== "") yield { type, fields: fieldsOf(tree) };
  }
  for (const each of Array.isArray(tree) ? tree : Object.values(tree)) yield* everyNode(each);
}

/** Every relation that a tree names, also where it stands in its place without its type. */
export function* everyRelation(tree: unknown): Generator<Fields> {
  if (typeof tree !== "object" || tree === null) return;
  if (typeof (tree as Fields)["relname"] === "string") yield tree as Fields;
  for (const each of Object.values(tree)) yield* everyRelation(each);
}
