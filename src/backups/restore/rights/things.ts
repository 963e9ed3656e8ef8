import type { Finding } from "../../../nouns/catalog/manifest.ts";
import { leadingNames, wordAndRest } from "../../../nouns/platform/identity.ts";
import { argumentsOf, fitsArguments } from "../../copy/judging/function-arguments.ts";

/**
 * Whether a finding and an entry of an archive are of the same thing. Its name alone does not say so: a
 * function, a table and an operator class may share one.
 */

/** Kinds that share their names, under one word for all of them; another kind stands for itself. */
const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/^(?:table|view|materialized-view|foreign-table|sequence|index)\b|^(?:column|row-security)$/, "relation"],
  [/^(?:function|aggregate|procedure)$/, "function"],
  [/^(?:type|shell-type|domain)$/, "type"],
  [/^(?:language|procedural-language)$/, "language"],
  [/^publication\b/, "publication"],
];

/** Words with which an identity begins, where several kinds are compared as one. */
const BY_WORD: Readonly<Record<string, string>> = {
  class: "operator-class",
  family: "operator-family",
  wrapper: "foreign-data-wrapper",
  server: "server",
  parser: "text-search-parser",
  template: "text-search-template",
  dictionary: "text-search-dictionary",
  configuration: "text-search-configuration",
};

/** What is compared of an object by itself: its kind comes before its name then. */
const SAID_OF = new Set(["grant", "owner", "comment", "security-label"]);

/** Kinds of which the identity begins with one of those words. */
const SEVERAL = new Set(["operator", "text-search", "foreign-server"]);

/** @param key of an entry: `entryKey` */
export function thingOfEntry(key: string): string {
  const [kind, place] = wordAndRest(key);
  return `${groupOf(kind)} ${place}`;
}

/** What a finding may be about, in the words of {@link thingOfEntry}. */
export function thingsOfFinding({ about, name }: Pick<Finding, "about" | "name">): string[] {
  const [word, rest] = SAID_OF.has(about) ? wordAndRest(name) : [about, name];
  const [second, after] = wordAndRest(rest);
  const isOfSeveral = SEVERAL.has(word) && Object.hasOwn(BY_WORD, second);
  const [kind, identity] = isOfSeveral
    ? [BY_WORD[second]!, after]
    : [Object.hasOwn(BY_WORD, word) ? BY_WORD[word]! : word, rest];
  const group = groupOf(kind);
  // An archive's name of a cast says so itself.
  if (group === "cast") return [`cast CAST (${identity.replace(" as ", " AS ")})`];
  return [`${group} ${identity}`, `${group} ${leadingNames(identity).join(" ")}`];
}

/**
 * Whether a finding is about what an entry makes; functions of one name are told apart.
 *
 * @param entry its `entryKey`, and its `entryTitle`, which has a function's arguments
 */
export function isAboutEntry(
  found: Pick<Finding, "about" | "name">,
  entry: { readonly key: string; readonly title: string },
): boolean {
  const thing = thingOfEntry(entry.key);
  if (!thingsOfFinding(found).includes(thing)) return false;
  return (
    !thing.startsWith("function ") ||
    fitsArguments(argumentsOf(entry.title).args, argumentsOf(found.name).args)
  );
}

function groupOf(kind: string): string {
  return GROUPS.find(([kinds]) => kinds.test(kind))?.[1] ?? kind;
}
