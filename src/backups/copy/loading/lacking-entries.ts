import { extensionsOfSequence } from "../../../nouns/content/compare/extension-sequences.ts";
import { Lacking } from "../../../nouns/content/compare/missing-extensions.ts";
import type { ContentRecord } from "../../../nouns/content/record.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { UnavailableExtension } from "./extensions.ts";
import { likelyNamesOf } from "../artifacts/toc-names.ts";

/** Extensions that cannot be had here and that an entry of an archive cannot do without. */
export type LackingOf = (entry: TocEntry) => readonly string[];

/**
 * Follows an archive's own notes of what each entry comes after, from the extensions that are not here to
 * everything that stands on them. No name is read out of a text: what failed for another reason is not put
 * down to an extension.
 *
 * @param contents of the archive that makes the schema, in its order, in which everything comes after
 *   what it needs
 * @param source for the rows, which may lie in another archive than the tables
 */
export function lackingEntries(
  contents: readonly TocEntry[],
  unavailable: readonly UnavailableExtension[],
  source: ContentRecord,
): LackingOf {
  if (unavailable.length === 0) return () => [];
  const names = unavailable.map(({ name }) => name);
  const byId = new Map<string, readonly string[]>();
  const byLine = new Map<string, readonly string[]>();
  for (const { id, type, line, rest, needs } of contents) {
    const own = type === "EXTENSION" ? names.filter((name) => rest.split(" ")[1] === name) : [];
    const lacks = [...new Set([...own, ...needs.flatMap((one) => byId.get(one) ?? [])])];
    byId.set(id, lacks);
    // Numbers begin anew in every archive, and a whole line is of one alone.
    byLine.set(line, lacks);
  }
  const rows = rowsLacking(source, names);
  return (entry) => {
    const { line, type, rest } = entry;
    const { schema, tag } = likelyNamesOf(entry);
    return [
      ...new Set([
        ...(byLine.get(line) ?? []),
        ...(rows.get(`${type} ${rest}`) ?? []),
        ...(rows.get(`${type} ${schema} ${tag}`) ?? []),
      ]),
    ];
  };
}

/** Entries of rows and values of tables that cannot be made. */
function rowsLacking(
  source: ContentRecord,
  unavailable: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const lacking = new Lacking(source, unavailable);
  // The line of an archive ends with the owner, who is in no record of an extension's sequence.
  const sequences = source.sequences.flatMap((sequence) => {
    const needs = extensionsOfSequence(source, sequence);
    // One that may be of an extension that is here failed for some other reason, as far as is known.
    return needs.length === 0 || !needs.every((name) => unavailable.includes(name))
      ? []
      : [[`SEQUENCE SET ${sequence.schema} ${sequence.name}`, needs] as const];
  });
  return new Map([
    ...sequences,
    ...source.tables.flatMap((table) => {
      const needs = lacking.ofTable(table);
      if (needs.length === 0) return [];
      const values = (table.sequences ?? []).map((name) => ["SEQUENCE SET", name] as const);
      return [["TABLE DATA", table.name] as const, ...values].map(
        ([type, name]) => [`${type} ${table.schema} ${name} ${table.owner}`, needs] as const,
      );
    }),
  ]);
}
