import { HoldfastError } from "../../../kernel/errors.ts";
import { leadingNames } from "../../../nouns/platform/identity.ts";
import type { TocEntry, TocNames } from "../../../ports/dump-tools.ts";

/**
 * What an archive says of an entry, field by field.
 *
 * @throws tool.failed where the archive is of a version that is not known: its listing does not tell names
 *   with blanks apart
 */
export function namesOf({ names, type, rest }: TocEntry): TocNames {
  if (names !== undefined) return names;
  throw new HoldfastError(
    "tool.failed",
    `the names of the entry ${type} ${rest} cannot be read: the archive is of a version of pg_dump ` +
      "that is not known",
    {
      hint: "Update Holdfast, or restore the backup into a database of its own, with --into database.",
    },
  );
}

/**
 * The same for whoever can do with a guess: where the archive's version is not known, its listing is taken
 * apart at blanks, `schema name owner`.
 */
export function likelyNamesOf({ names, rest }: Pick<TocEntry, "names" | "rest">): TocNames {
  if (names !== undefined) return names;
  const words = rest.split(" ");
  return {
    schema: words[0] === "-" ? undefined : words[0],
    tag: words.slice(1, -1).join(" "),
    owner: words.at(-1) ?? "",
  };
}

/**
 * Whether an entry may be of what has these names, dotted and quoted as people and the server write them.
 * Where the archive's version is not known, blanks, dots and quotes are all one.
 */
export function mayBe(entry: Pick<TocEntry, "names" | "rest">, identity: string): boolean {
  const { schema, tag } = likelyNamesOf(entry);
  if (entry.names !== undefined && schema !== undefined) {
    const [first, ...others] = leadingNames(identity);
    return first === schema && others.join(" ") === tag;
  }
  const words = (text: string): string => text.replaceAll('"', "").replaceAll(".", " ");
  return words(schema === undefined ? tag : `${schema} ${tag}`) === words(identity);
}

/** As people read an entry: `TRIGGER auth users on_auth_user_created`. */
export function entryTitle(entry: TocEntry): string {
  return [entry.type, ...placeOf(entry)].join(" ");
}

/** Whether an entry is of what has this name alone: a table, its rows, a sequence's value. */
export function isNamed(
  entry: TocEntry,
  { schema, name }: { readonly schema: string; readonly name: string },
): boolean {
  const names = namesOf(entry);
  return names.schema === schema && names.tag === name;
}

/** An event trigger, or what is said of one. */
export function isOfEventTrigger(entry: TocEntry): boolean {
  const { schema, tag } = namesOf(entry);
  return (
    entry.type === "EVENT TRIGGER" ||
    (entry.type === "COMMENT" && schema === undefined && tag.startsWith("EVENT TRIGGER "))
  );
}

/** Types whose tag ends with the types of arguments. */
const WITH_ARGUMENTS: ReadonlySet<string> = new Set(["FUNCTION", "PROCEDURE", "AGGREGATE"]);

/**
 * The kind and the names of an entry as one text, equal to that of an identity in a content record
 * (`nameKey`); arguments of functions are left out.
 */
export function entryKey(entry: TocEntry): string {
  const kind = WITH_ARGUMENTS.has(entry.type)
    ? "function"
    : entry.type
        .replace(/^(?:FK|CHECK) |^FOREIGN (?=TABLE$)/, "")
        .replace(/^DOMAIN$/, "TYPE")
        .replaceAll(" ", "-")
        .toLowerCase();
  return `${kind} ${entryPlace(entry)}`;
}

/** Whether an entry is named with arguments. */
export function isFunction({ type }: TocEntry): boolean {
  return WITH_ARGUMENTS.has(type);
}

/**
 * The names of an entry alone, as the dotted names of an identity joined by blanks; arguments of functions
 * are left out.
 */
export function entryPlace(entry: TocEntry): string {
  const place = placeOf(entry).join(" ");
  return WITH_ARGUMENTS.has(entry.type) ? place.replace(/\([^()]*\)$/s, "") : place;
}

function placeOf(entry: TocEntry): string[] {
  const { schema, tag } = namesOf(entry);
  // `USER MAPPING role SERVER name`, which a content record calls `role on name`.
  if (entry.type === "USER MAPPING") return [tag.replace(/^USER MAPPING (.*) SERVER (.*)$/s, "$1 on $2")];
  return schema === undefined ? [tag] : [schema, tag];
}
