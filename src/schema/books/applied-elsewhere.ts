import type { DatabaseSession } from "../../ports/database.ts";
import { isVersion } from "../../nouns/migration-files/version.ts";
import type { Standing } from "../history/standing.ts";
import { appliedOf, keysOf, keyText, maybeOurs } from "./applied-of.ts";
import { findBooks } from "./find-books.ts";
import { TakenBack } from "./taken-back.ts";
import type { Books, ToolName } from "./tool.ts";

/** What another tool has applied and the history does not know. */
export interface AppliedElsewhere {
  readonly tool: ToolName;
  /** `schema.name` of the table that says so. */
  readonly table: string;
  /** Files of the folder where they are of it, else the names or versions that the tool has. */
  readonly names: readonly string[];
  /** Why nobody can say what it has applied. */
  readonly unclear: Books["unclear"];
  /**
   * It has versions of this folder or its history was taken over, or there is no history yet that could tell.
   * Else it may be another application's in the same database.
   */
  readonly concerns: boolean;
}

/**
 * What other tools have applied without the history's knowing. On a database without a history of ours every
 * row of another tool's counts, whether the folder has that version or not: files may have been given other
 * numbers. What we have taken back ourselves a tool's table may still name; what it
 * has come to name since then counts.
 */
export async function appliedElsewhere(
  session: DatabaseSession,
  { pending, applied, missing, begun }: Standing,
): Promise<readonly AppliedElsewhere[]> {
  const history = [...applied.map(({ entry }) => entry), ...missing, ...begun];
  const recorded = keysOf(history);
  const takenBack = await TakenBack.read(session);
  const found: AppliedElsewhere[] = [];
  const ours = new Set([...recorded, ...takenBack.keys, ...keysOf(pending)]);
  for (const books of maybeOurs(await findBooks(session), ours)) {
    const isKnown = (version: string): boolean =>
      recorded.has(keyText(version)) || takenBack.isOldWord(books, version);
    const news = books.applied.filter(({ version }) =>
      isVersion(version) ? !isKnown(version) : history.length === 0,
    );
    const again =
      history.length === 0 ? appliedOf(books, pending).filter(({ version }) => !isKnown(version)) : [];
    const names = [
      ...new Set([
        ...again.map(({ forward }) => forward.file),
        ...news
          .filter(({ version }) => !again.some((each) => keyTextOf(each.version) === keyTextOf(version)))
          .map(({ version, name }) => (name === "" ? version : name)),
      ]),
    ];
    const { tool, table, unclear } = books;
    const isShared = ({ version }: { readonly version: string }): boolean =>
      isVersion(version) && ours.has(keyText(version));
    const isOfThisProject = history.some(({ adoptedFrom }) => adoptedFrom === tool);
    // A tool that keeps one version alone shows nothing by which its project could be told.
    const concerns =
      history.length === 0 ||
      isOfThisProject ||
      books.through !== undefined ||
      unclear !== undefined ||
      books.applied.some(isShared);
    if (names.length > 0 || unclear !== undefined) found.push({ tool, table, names, unclear, concerns });
  }
  return found;
}

/** Also of what is no version. */
function keyTextOf(version: string): string {
  return isVersion(version) ? keyText(version) : version;
}
