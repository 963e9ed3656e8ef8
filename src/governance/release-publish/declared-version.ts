import semver from "semver";
import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { NextRelease } from "../versions/next-release.ts";
import { hasCommit } from "../versions/local-commit.ts";
import { mergedLine } from "../versions/merged-line.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { bareNotes, notesInChangelog } from "./notes.ts";

/** What the release branch that was merged last says of the version. */
export type Declared =
  | { readonly kind: "nothing" }
  | { readonly kind: "version"; readonly version: string; readonly notes: string; readonly why: string }
  | { readonly kind: "wrong"; readonly why: string };

/**
 * The version that the name of a release branch says, where its pull request was squashed: then the commits
 * that asked for the version are not in the stable branch, and what is there asks for another or for none.
 *
 * @throws forge.untold; source.history
 */
export async function declaredVersion(
  { basis, next, commits }: NextRelease,
  from: {
    readonly branch: string;
    readonly settings: ReleaseSettings;
    readonly history: SourceHistory;
    readonly forge: Forge;
  },
): Promise<Declared> {
  const { branch, history } = from;
  if (basis.branch.kind !== "stable") return { kind: "nothing" };
  const merged = await mergedLine({ head: basis.head, commits }, branch, from);
  if (merged === undefined || merged.version === next?.version) return { kind: "nothing" };
  const { version, name, number, tip } = merged;
  const released = basis.reachable.some((tag) => semver.gte(tag.version, version));
  if (released) return { kind: "nothing" };
  if (next !== undefined && semver.gt(next.version, version)) {
    return {
      kind: "wrong",
      why:
        `${name} was merged by #${number}, and the commits of ${branch} ask for ${next.version}: ` +
        `${next.because.id.slice(0, 7)} "${next.because.header}" came there another way. Cut a release ` +
        `branch of ${next.version}, and merge that`,
    };
  }
  // Then it was merged, and not squashed.
  if (await hasCommit(basis.head, tip, history)) {
    const asked = next === undefined ? "for nothing" : `for ${next.version}`;
    return {
      kind: "wrong",
      why:
        `${name} was merged by #${number} with all its commits, and they ask ${asked}. Cut a release ` +
        "branch of what they ask for, or commit what makes it that version",
    };
  }
  return {
    kind: "version",
    version,
    notes: (await notesInChangelog(version, basis.head, from)) ?? next?.notes ?? bareNotes(version),
    why:
      `#${number} of ${name} was squashed, so the commits that asked for ${version} are not in ${branch}, ` +
      "and the branch's name is believed. They will count again where they were made: merge release " +
      "branches by merge commits",
  };
}
