import type { SourceHistory } from "../../../ports/source-history.ts";
import type { PullSurroundings } from "../../steps/pull-request.ts";

/** What steps of a hotfix need beside it. */
export interface HotfixSurroundings extends PullSurroundings {
  readonly history: SourceHistory;
  /** What people call the issue that it is for; undefined where its commits alone say it. */
  readonly issue: string | undefined;
}
