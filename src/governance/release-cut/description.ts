import { selfContained } from "../versions/release-notes.ts";
import type { Cut } from "./cut.ts";

/** Characters that GitHub takes of a description are 65,536; this leaves room for the rest of it. */
const NOTES_MAX = 60_000;

/** What a description is made from. */
export interface CutText {
  /** The release's branch. */
  readonly head: string;
  readonly notes: string;
  readonly changelog: string | false;
}

/**
 * The description of a release's pull request, in the sections that `pr-policy` asks for; the notes come
 * last.
 */
export function descriptionOf({ version, from, stable }: Cut, { head, notes, changelog }: CutText): string {
  const documents =
    changelog === false
      ? "Each commit brought its own."
      : `${changelog} has the notes below; each commit brought its own documents.`;
  const where = changelog === false ? "" : `, and ${changelog} and the version files say so`;
  // GitHub breaks a description's lines where they are broken here.
  return [
    "## What",
    `The release ${version}, as it was cut from \`${from.name}\`${where}.`,
    "## Why",
    `Once this is merged, \`holdfast release publish\` on \`${stable.name}\` tags it v${version} and ` +
      "publishes it. Nothing is released before.",
    "## How",
    "**Merge it by a merge commit, and never by a squash or a rebase.** The version is worked out from the " +
      `commits, and \`${from.name}\` has the same ones: squashed, they would be in \`${stable.name}\` as ` +
      "one commit that asks for nothing, and would count once more in the next release.",
    `Fixes for this release go to \`${head}\`; then \`holdfast release cut\` on that branch brings the ` +
      "changelog up to date.",
    "## Testing",
    `Every commit was tested when it came to \`${from.name}\`; the candidates v${version}-… are made ` +
      "of this branch.",
    "## Documentation",
    documents,
    "## Notes",
    bounded(notes, changelog),
    "",
  ].join("\n\n");
}

function bounded(notes: string, changelog: string | false): string {
  const { markdown } = selfContained(notes);
  if (markdown.length <= NOTES_MAX) return markdown;
  const cut = markdown.slice(0, NOTES_MAX);
  const kept = cut.slice(0, Math.max(cut.lastIndexOf("\n"), 0));
  const rest = changelog === false ? "`holdfast release plan` has" : `\`${changelog}\` has`;
  // What is cut in the middle of code has to end by itself again.
  return `${selfContained(kept).markdown}\n\n… ${rest} all of them.`;
}
