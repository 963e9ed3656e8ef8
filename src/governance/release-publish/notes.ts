import type { SourceHistory } from "../../ports/source-history.ts";
import { sectionOf } from "../versions/changelog.ts";
import type { ReleaseSettings } from "../versions/settings.ts";

/** Characters that GitHub takes of a release's text, with room for the sentence at the end. */
const BODY_MAX = 124_000;

/** Notes that are longer than a release's text may be are attached whole, under this name. */
export const NOTES_FILE = "release-notes.md";

export function isTooLong(notes: string): boolean {
  return notes.length > BODY_MAX;
}

/** Notes as far as a release's text takes them; cut at the end of a line. */
export function bodyOf(notes: string): string {
  if (!isTooLong(notes)) return notes;
  const cut = notes.slice(0, BODY_MAX);
  const kept = cut.slice(0, Math.max(cut.lastIndexOf("\n"), 0)) || cut;
  return `${kept}\n\nAll of them are in ${NOTES_FILE}, attached below.\n`;
}

/**
 * The section of a version in the changelog of a commit; undefined where there is none. @throws
 * source.history
 */
export async function notesInChangelog(
  version: string,
  commit: string,
  {
    history,
    settings: { changelog },
  }: { readonly history: Pick<SourceHistory, "file">; readonly settings: ReleaseSettings },
): Promise<string | undefined> {
  const text = changelog === false ? undefined : await history.file(commit, changelog);
  return text === undefined ? undefined : sectionOf(text.toString("utf8"), version);
}

/** What is said of a release that nothing else is known of. */
export function bareNotes(version: string): string {
  return `## ${version}\n`;
}
