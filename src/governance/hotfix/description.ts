import { escapeMarkdown } from "../../kernel/markdown.ts";
import { readMessage } from "../commits/message.ts";
import type { Hotfix } from "./finish-plan.ts";

/** Of more the pull request's own list tells. */
const COMMITS_MAX = 50;
const HEADER_MAX = 200;
const ISSUES_MAX = 20;
/** Characters that GitHub takes of a pull request's title. */
const TITLE_MAX = 256;

/** GitHub's words for an issue, as messages have them. */
const ISSUE = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|refs?)\b:? {1,3}#[1-9]\d{0,8}\b/gi;

/**
 * The only commit's own header; of several that of the first fix, so that a squash asks for the same version
 * as the commits do.
 */
export function titleOf({ branch, commits }: Pick<Hotfix, "branch" | "commits">): string {
  const headers = commits.map(({ message }) => readMessage(message));
  const fixes = headers.filter(
    ({ impact, type, isRevert }) => impact === "patch" && type !== undefined && !isRevert,
  );
  const title = fixes[0]?.header ?? `fix: ${branch.slice(branch.lastIndexOf("/") + 1)}`;
  return title.length <= TITLE_MAX ? title : `${title.slice(0, TITLE_MAX - 1).trimEnd()}…`;
}

/** The description of one of the pull requests of a hotfix, in the sections that `pr-policy` asks for. */
export function descriptionOf(
  hotfix: Hotfix,
  base: string,
  { twin, issue }: { readonly twin: string; readonly issue: string | undefined },
): string {
  const { commits, fixes, version, into } = hotfix;
  const shown = commits.slice(0, COMMITS_MAX).map(({ id, message }) => {
    return `- ${id.slice(0, 7)} ${escapeMarkdown(readMessage(message).header.slice(0, HEADER_MAX))}`;
  });
  const more = commits.length > COMMITS_MAX ? [`- and ${commits.length - COMMITS_MAX} more`] : [];
  const why =
    base === into.name
      ? `${fixes.name} is out and has what this mends. Once it is merged, \`holdfast release publish\` on ` +
        `\`${into.name}\` releases it, as v${version} where nothing else waits there.`
      : `What is released from \`${into.name}\` and not brought here is undone by the next release.`;
  // GitHub breaks a description's lines where they are broken here.
  return [
    "## What",
    [...shown, ...more].join("\n"),
    "## Why",
    why,
    "## How",
    `From ${fixes.name} itself, so that nothing else comes along. Merge it by a merge commit: both ` +
      "branches then have the same commits, which count once.",
    "## Testing",
    `The checks of this pull request ran on what ${fixes.name} was made of, with these commits on top.`,
    "## Documentation",
    `The notes of v${version} are made of these commits.`,
    ...(twin === "" ? [] : [twin.trimEnd()]),
    issuesOf(commits, issue).join("\n"),
  ].join("\n\n");
}

/** How one of the pull requests names the other, as the rule `twin` reads it. */
export function twinText(branch: string, number: number): string {
  return `## Twin\n\n${branch}: #${number}\n`;
}

function issuesOf(commits: Hotfix["commits"], issue: string | undefined): readonly string[] {
  const named = commits.flatMap(({ message }) => message.match(ISSUE) ?? []);
  const given = issue === undefined ? [] : [`Refs ${issue}`];
  return [...new Set([...given, ...named])].slice(0, ISSUES_MAX);
}
