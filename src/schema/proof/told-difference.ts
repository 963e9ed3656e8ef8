import { listed } from "../../kernel/listed.ts";
import { quantity } from "../../kernel/quantity.ts";
import { fieldInWords } from "../../nouns/content/read/objects/code-words.ts";
import { kindOf, nameOf, type FieldChange, type StateDifference } from "./compare-states.ts";
import { toldChange } from "./told-change.ts";
import { toldRights, type ChangeWords } from "./told-rights.ts";

/** The difference in words, with the values where they are short enough to be read. */
export function describeDifference(difference: StateDifference, words: ChangeWords): string {
  const { change, fields } = difference;
  const rights = toldRights(difference, words);
  if (rights !== undefined) return rights;
  if (change !== "changed") return `${words[change]}${withInside(difference)}`;
  if (fields.some(({ name, is }) => name === "invalid" && is === "true")) {
    return "is not valid any more: the server keeps it and does not use it";
  }
  return fields
    .map((field) => inWords(difference, field))
    .map(({ name, was, is }) => `${name.replaceAll("-", " ")} ${toldChange(was, is)}`)
    .join("; ");
}

/** What a field was and is, without the codes of the catalogs. */
export function inWords({ object, whole }: StateDifference, { name, was, is }: FieldChange): FieldChange {
  const word = (text: string | undefined): string | undefined =>
    fieldInWords(kindOf(object), name, text, whole);
  return { name, was: word(was), is: word(is) };
}

/** Kinds of what stands in a schema by itself, as they are counted; all others are of one of these. */
const IN_SCHEMA: Readonly<Record<string, string>> = {
  view: "view",
  "materialized-view": "materialized view",
  sequence: "sequence",
  type: "type",
  function: "function",
  operator: "operator",
  collation: "collation",
  conversion: "conversion",
  statistics: "statistics object",
  "text-search": "text search object",
};
const INSIDE_MAX = 10;

/**
 * What went with a schema, or came with it: tables by name, for their rows went too; of all else how many of
 * which kind.
 */
function withInside({ change, inside = [] }: StateDifference): string {
  const named = inside.filter((object) => kindOf(object) === "table").map(nameOf);
  const counted = Object.entries(IN_SCHEMA).flatMap(([kind, noun]) => {
    const count = inside.filter((object) => kindOf(object) === kind).length;
    return count === 0 ? [] : [quantity(count, noun)];
  });
  if (named.length + counted.length === 0) return "";
  const rows = change === "missing" ? " with all rows" : "";
  const tables =
    named.length === 0
      ? []
      : [`${quantity(named.length, "table")}${rows} (${listed(named.sort(), INSIDE_MAX)})`];
  return `, and with it ${[...tables, ...counted].join(", ")}`;
}
