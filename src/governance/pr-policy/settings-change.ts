import type { SettingsProblem } from "../../nouns/settings/document.ts";
import { examine } from "../../nouns/settings/examine.ts";
import type { Section } from "../../nouns/settings/section.ts";
import type { SourceChange, SourceHistory } from "../../ports/source-history.ts";

/** The settings file, where what is judged changes it. */
export interface SettingsChange {
  readonly path: string;
  /** What is wrong in it as the base has it: the defaults stand for that. */
  readonly before: readonly SettingsProblem[];
  /** What is wrong in it as it would be. */
  readonly after: readonly SettingsProblem[];
}

/**
 * Reads the settings file as a pull request would have it, all its sections: once a wrong one is merged,
 * nobody else passes any more.
 *
 * @returns undefined where it stays as it is
 */
export async function readSettingsChange(
  history: Pick<SourceHistory, "file">,
  { path, head, changes }: { path: string; head: string; changes: readonly SourceChange[] },
  sections: readonly Section[],
  before: readonly SettingsProblem[],
): Promise<SettingsChange | undefined> {
  const change = changes.find((each) => each.path === path);
  if (change === undefined) return undefined;
  if (change.kind === "deleted") return { path, before, after: [] };
  const text = (await history.file(head, path))?.toString("utf8");
  if (text === undefined) {
    const message = "it is no plain file, and a link is not followed";
    return { path, before, after: [{ key: "", line: 1, column: 1, message }] };
  }
  const schemas = Object.fromEntries(sections.map(({ name, schema }) => [name, schema]));
  return { path, before, after: examine(text, path, schemas).problems };
}
