import { namesOf } from "../../copy/artifacts/toc-names.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";

/**
 * Triggers of an archive that reach out of the database, by the archive's own notes of what each entry comes
 * after: names of functions in a definition's text are not looked for.
 *
 * @param functions that send, as `schema.name`
 */
export function webhookTriggers(
  contents: readonly TocEntry[],
  functions: readonly string[],
): readonly TocEntry[] {
  const senders = new Set(
    contents
      .filter((entry) => entry.type === "FUNCTION" && functions.includes(functionOf(entry).join(".")))
      .map(({ id }) => id),
  );
  return contents.filter(({ type, needs }) => type === "TRIGGER" && needs.some((id) => senders.has(id)));
}

/** Schema and name of a function, whose tag holds its arguments too. */
export function functionOf(entry: TocEntry): [schema: string, name: string] {
  const { schema = "", tag } = namesOf(entry);
  return [schema, tag.replace(/\([^()]*\)$/s, "")];
}
