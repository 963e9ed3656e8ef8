import semver from "semver";
import type { Forge } from "../../ports/forge.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import { told } from "../steps/told.ts";
import type { NextRelease } from "../versions/next-release.ts";
import { lineVersion } from "../versions/release-branch.ts";
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
  { basis, next }: NextRelease,
  from: {
    readonly branch: string;
    readonly settings: ReleaseSettings;
    readonly history: SourceHistory;
    readonly forge: Forge;
  },
): Promise<Declared> {
  const { branch, settings, forge } = from;
  if (basis.branch.kind !== "stable") return { kind: "nothing" };
  const merged = await mergedLine(basis.head, branch, settings, forge);
  if (merged === undefined || merged.version === next?.version) return { kind: "nothing" };
  const { version, name, number } = merged;
  const released = basis.reachable.some((tag) => semver.gte(tag.version, version));
  if (released) return { kind: "nothing" };
  if (next !== undefined && semver.gt(next.version, version)) {
    return {
      kind: "wrong",
      why:
        `${name} was merged by #${number}, and the commits of ${branch} ask for ${next.version}: ` +
        `${next.because.id.slice(0, 7)} "${next.because.header}" came there another way. Cut a release ` +
        "branch " +
        `of ${next.version}, and merge that`,
    };
  }
  return {
    kind: "version",
    version,
    notes: (await notesInChangelog(version, basis.head, from)) ?? next?.notes ?? bareNotes(version),
    why:
      `#${number} of ${name} was squashed, so the commits that asked for ${version} are not in ` +
      `${branch}, and the ` +
      "branch's name is believed. They will count again where they were made: merge release branches by " +
      "merge " +
      "commits",
  };
}

/** The release branch that a commit came from by a pull request. */
async function mergedLine(
  commit: string,
  branch: string,
  settings: ReleaseSettings,
  forge: Forge,
): Promise<{ readonly version: string; readonly name: string; readonly number: number } | undefined> {
  for (const number of told(await forge.pulls.ofCommit(commit), `the pull requests of ${commit}`)) {
    const { isMerged, base, head } = told(await forge.pulls.pull(number), `pull request #${number}`);
    const isOwn = head.repository === forge.repository.toLowerCase();
    const version = lineVersion(head.branch, settings);
    if (isMerged && isOwn && base.branch === branch && version !== undefined) {
      return { version, name: head.branch, number };
    }
  }
  return undefined;
}
