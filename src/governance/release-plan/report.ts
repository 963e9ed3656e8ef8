import { EXIT } from "../../kernel/errors.ts";
import type { Outcome, ReportTable } from "../../kernel/outcome.ts";
import { artifactVersion } from "../../nouns/release-unit/record.ts";
import type { NextRelease } from "../versions/next-release.ts";

/** @param build build metadata of what is built from the commit by this run */
export function outcomeOf(found: NextRelease, build: string): Outcome {
  const { next, previous, commits, problems, basis } = found;
  const warnings = [...found.warnings, ...onTheWay(found), ...(releasesNothing(found) ?? [])];
  const good = problems.length === 0;
  return {
    exit: good ? EXIT.done : EXIT.verdict,
    outputs: {
      version: next?.version ?? "",
      tag: next?.tag ?? "",
      type: next?.type ?? "",
      because: next?.because.id ?? "",
      notes: next?.notes ?? "",
      branch: basis.branch.name,
      kind: basis.branch.kind,
      previous: previous?.version ?? "",
      commit: basis.head,
      build,
      "artifact-version": next === undefined ? "" : artifactVersion(next.version, build),
      commits: commits.length,
      problems,
      warnings,
    },
    report: {
      good,
      headline: headline(found),
      tables: [whatTable(found)].filter(({ rows }) => rows.length > 0),
      notes: [...problems.slice(1), ...warnings, ...(next === undefined ? [] : [shortened(next.notes)])],
    },
  };
}

/** A version that is counted from is no tag yet, and its branch may be gone where it is kept. */
function onTheWay({ previous, basis, problems }: NextRelease): readonly string[] {
  const line = basis.linesOnTheWay.find(({ version }) => version === previous?.version);
  if (line === undefined || basis.reachable.some(({ version }) => version === line.version)) return [];
  const released = basis.elsewhere.find(({ version }) => version === line.version);
  if (released !== undefined) {
    if (problems.length > 0) return [];
    const { name } = basis.branch;
    return [
      `counted from ${released.name}, which is released, and which ${name} does not have as it is checked ` +
        `out: pull ${name}; where it lacks it then too, merge ${released.name} into it by a merge commit`,
    ];
  }
  return [
    `counted from ${line.version}, which is no release yet: its release branch is on its way. If it is ` +
      "gone, run `git fetch --prune`, and again",
  ];
}

function releasesNothing({ next, basis: { branch } }: NextRelease): readonly string[] | undefined {
  if (branch.kind !== "other" || next === undefined) return undefined;
  return [`nothing is released from ${branch.name}: this is what a stable release from here would be`];
}

function headline({ next, problems, basis, commits, previous }: NextRelease): string {
  const { name } = basis.branch;
  const since = previous === undefined ? "before the first release" : `since ${previous.tag}`;
  if (next === undefined) {
    if (problems.length > 0) return `what ${name} would release cannot be told: ${problems[0]!}`;
    return commits.length === 0
      ? `${name} has nothing to release: no commit ${previous === undefined ? "at all" : since}`
      : `${name} has nothing to release: ${noneOf(commits.length)} ${since} asks for it, as \`feat: …\` ` +
          "and `fix: …` do";
  }
  const why = `${next.because.id.slice(0, 7)} "${next.because.header}"`;
  const first = previous === undefined ? "the first release" : next.type;
  return problems.length > 0
    ? `${next.tag} may not be released from ${name}: ${problems[0]!}`
    : `${name} would release ${next.tag} (${first}), because of ${why}`;
}

function noneOf(commits: number): string {
  return commits === 1 ? "no commit" : `none of ${commits} commits`;
}

function whatTable({ next, previous, commits, basis }: NextRelease): ReportTable {
  return {
    columns: ["", ""],
    rows:
      next === undefined
        ? []
        : [
            ["version", next.version],
            ["before it", previous?.version ?? "none"],
            ["commits", String(commits.length)],
            ["because of", `${next.because.id.slice(0, 7)} ${next.because.header}`],
            ["commit", basis.head],
          ],
  };
}

/** A person reads the beginning; the outputs have all of it. */
const NOTE_LINES = 40;

function shortened(notes: string): string {
  const lines = notes.split("\n");
  if (lines.length <= NOTE_LINES) return notes;
  return [
    ...lines.slice(0, NOTE_LINES),
    `… and ${lines.length - NOTE_LINES} lines more, in the output notes`,
  ].join("\n");
}
