import { EXIT } from "../../kernel/errors.ts";
import { listed } from "../../kernel/listed.ts";
import type { Outcome } from "../../kernel/outcome.ts";
import { channelOf } from "../versions/version-tags.ts";
import type { ReleaseStanding } from "./look.ts";

/** Names that are told of many. */
const TOLD = 3;

export function outcomeOf(all: readonly ReleaseStanding[], repository: string): Outcome {
  const half = all.filter((each) => isHalfDone(each, all));
  const [newest] = all;
  return {
    exit: half.length === 0 ? EXIT.done : EXIT.verdict,
    outputs: {
      newest: newest?.tag ?? "",
      releases: all.map(
        ({ hasTag, hasUnit, isMergedBack, commit, deployment, floating, missing, ...rest }) => ({
          ...rest,
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
      notes: half.map(
        ({ tag, missing, hasTag }) =>
          `${tag} lacks ${missing.join(", ")}: ` +
          (hasTag
            ? `run \`holdfast release publish --tag ${tag}\` on its commit`
            : "publish its commit again, or delete the draft"),
      ),
    },
  };
}

const COLUMNS = ["release", "commit", "at GitHub", "unit", "moving tags", "deployed", "merged back"];

function rowOf(each: ReleaseStanding): string[] {
  const { tag, commit, release, hasUnit, floating, deployment, isMergedBack, hasTag } = each;
  return [
    hasTag ? tag : `${tag} (no tag)`,
    commit?.slice(0, 7) ?? "not here",
    release,
    hasUnit ? "yes" : "no",
    floating.join(", "),
    deployment ?? "",
    isMergedBack === undefined ? "" : isMergedBack ? "yes" : "no",
  ];
}

/**
 * Tags without a release are half done only since releases are made by Holdfast, which attaches the unit:
 * whoever begins to use it has many without, and of a channel that it has released nothing of they may be the
 * highest. The newest comes first.
 */
function isHalfDone(each: ReleaseStanding, all: readonly ReleaseStanding[]): boolean {
  if (each.missing.length === 0) return false;
  const channel = channelOf(each.version);
  const since = all.findLastIndex(({ hasUnit, version }) => hasUnit && channelOf(version) === channel);
  return each.release === "draft" || all.indexOf(each) <= since;
}

function headline(
  all: readonly ReleaseStanding[],
  half: readonly ReleaseStanding[],
  repository: string,
): string {
  const [newest] = all;
  if (newest === undefined) return `${repository} has no release yet`;
  if (half.length === 0) return `${newest.tag} is the newest release, and all of it is true`;
  const names = half.map(({ tag }) => tag);
  return `${listed(names, TOLD)} ${half.length === 1 ? "is" : "are"} half done`;
}
