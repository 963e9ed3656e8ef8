import { EXIT } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { channelOf } from "../versions/version-tags.ts";
import { MERGE_BACK, type ReleaseStanding } from "./look.ts";

/** Names that are told of many. */
const TOLD = 3;

/** @param develop the branch that releases are merged back into */
export function outcomeOf(all: readonly ReleaseStanding[], repository: string, develop: string): Outcome {
  const half = all.filter((each) => isHalfDone(each, all));
  const [newest] = all;
  return {
    exit: half.length === 0 ? EXIT.done : EXIT.verdict,
    outputs: {
      newest: newest?.tag ?? "",
      releases: all.map(
        ({ hasTag, hasUnit, isBegun, isMergedBack, commit, deployment, floating, missing, ...rest }) => ({
          ...rest,
          begun: isBegun,
          commit: commit ?? "",
          tagged: hasTag,
          unit: hasUnit,
          floating: [...floating],
          deployment: deployment ?? "",
          "merged-back": isMergedBack ?? null,
          missing: [...missing],
        }),
      ),
      "half-done": half.map(({ tag }) => tag),
    },
    report: {
      good: half.length === 0,
      headline: headline(all, half, repository),
      tables: all.length === 0 ? [] : [{ columns: COLUMNS, rows: all.map(rowOf) }],
      notes: half.map((each) => `${each.tag} lacks ${each.missing.join(", ")}: ${whatToDo(each, develop)}`),
    },
  };
}

/** One that lacks nothing but the merge back mostly waits for a pull request, which no run merges. */
function whatToDo({ tag, hasTag, missing }: ReleaseStanding, develop: string): string {
  const again = `run \`holdfast release publish --tag ${tag}\``;
  if (!hasTag) return "publish its commit again, or delete the draft";
  if (missing.length > 1 || missing[0] !== MERGE_BACK) return `${again} on its commit`;
  return (
    `merge the pull request of merge-back/${tag} into ${develop} by a merge commit; where there is none, ` +
    `or it is merged already, ${again}, which opens it or says what is wrong`
  );
}

const COLUMNS = ["release", "commit", "at GitHub", "unit", "moving tags", "deployed", "merged back"];

function rowOf(each: ReleaseStanding): string[] {
  const { tag, commit, release, hasUnit, floating, deployment, isMergedBack, hasTag } = each;
  return [
    hasTag ? tag : `${tag} (no tag)`,
    commit?.slice(0, 7) ?? "not fetched",
    release,
    hasUnit ? "yes" : "no",
    floating.join(", "),
    deployment ?? "",
    isMergedBack === undefined ? "" : isMergedBack ? "yes" : "no",
  ];
}

/**
 * Tags without a release are half done where their message says that Holdfast made them, and since releases
 * are made by Holdfast, which attaches the unit:
 * whoever begins to use it has many without, and of a channel that it has released nothing of they may be the
 * highest. The newest comes first.
 */
function isHalfDone(each: ReleaseStanding, all: readonly ReleaseStanding[]): boolean {
  if (each.missing.length === 0) return false;
  const channel = channelOf(each.version);
  const since = all.findLastIndex(({ hasUnit, version }) => hasUnit && channelOf(version) === channel);
  return each.release === "draft" || each.isBegun || all.indexOf(each) <= since;
}

function headline(
  all: readonly ReleaseStanding[],
  half: readonly ReleaseStanding[],
  repository: string,
): string {
  const [newest] = all;
  if (newest === undefined) return `${repository} has no release yet`;
  if (half.length === 0) {
    const isWhole = newest.missing.length === 0;
    return isWhole
      ? `${newest.tag} is the newest release, and all of it is true`
      : `${newest.tag} is the newest, begun by another tool, and nothing that Holdfast began is half done`;
  }
  const names = half.map(({ tag }) => tag);
  return `${listed(names, TOLD)} ${half.length === 1 ? "is" : "are"} half done`;
}
