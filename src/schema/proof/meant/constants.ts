import { fieldsOf, listOf, nameParts, typeOf, type Fields } from "../../script/tree.ts";
import { arrayOf } from "../canary/values.ts";

/** The text of a constant, cast or with a sign too; null for NULL, undefined for anything else. */
export function constantOf(node: unknown): string | null | undefined {
  const fields = fieldsOf(node);
  switch (typeOf(node)) {
    case "A_Const":
      return textOfConstant(fields);
    case "TypeCast":
      return constantOf(fields["arg"]);
    case "A_ArrayExpr": {
      const elements = listOf(fields["elements"]).map(constantOf);
      return elements.every((each) => typeof each === "string") ? arrayOf(elements) : undefined;
    }
    case "A_Expr": {
      if (fields["lexpr"] !== undefined || nameParts(fields["name"])[0] !== "-") return undefined;
      const of = constantOf(fields["rexpr"]);
      return typeof of === "string" ? `-${of}` : undefined;
    }
    default:
      return undefined;
  }
}

/** The constants of a list or an array, `IN (…)` or `ANY (…)`; none where one of them is something else. */
export function elementsOf(node: unknown): readonly (string | null)[] {
  const [type, fields] = [typeOf(node), fieldsOf(node)];
  if (type === "TypeCast") return elementsOf(fields["arg"]);
  if (type === "List" || type === "A_ArrayExpr") {
    return listOf(type === "List" ? node : fields["elements"]).flatMap((each) => {
      const of = constantOf(each);
      return of === undefined ? [] : [of];
    });
  }
  const text = constantOf(node);
  return typeof text === "string" ? (elementsIn(text) ?? []) : [];
}

/** `{a,"b, c"}`: of one dimension. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-INPUT */
export function elementsIn(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return undefined;
  const inner = trimmed.slice(1, -1);
  if (inner.trimStart().startsWith("{")) return undefined;
  const parts = inner.matchAll(/"((?:[^"\\]|\\.)*)(?:"|\\?$)|([^",{}]+)/gs);
  return [...parts].flatMap(([, quoted, plain]) => {
    if (quoted !== undefined) return [quoted.replace(/\\(.)/gs, "$1")];
    // Between a comma and a quote there may be blanks.
    const value = plain!.trim();
    return value === "" ? [] : [value];
  });
}

function textOfConstant(fields: Fields): string | null | undefined {
  if (fields["isnull"] === true) return null;
  const inner = (name: string): Fields | undefined => fields[name] as Fields | undefined;
  const text = inner("sval")?.["sval"] ?? inner("fval")?.["fval"];
  if (typeof text === "string") return text;
  // The parser leaves out what is zero, false or empty.
  const number = inner("ival");
  if (number !== undefined) return typeof number["ival"] === "number" ? `${number["ival"]}` : "0";
  const truth = inner("boolval");
  if (truth !== undefined) return truth["boolval"] === true ? "true" : "false";
  return inner("sval") === undefined ? undefined : "";
}
