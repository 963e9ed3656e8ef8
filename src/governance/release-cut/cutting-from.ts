import type { Forge } from "../../ports/forge.ts";
import type { CalculateRelease } from "../../ports/release-calculation.ts";
import type { SourceHistory } from "../../ports/source-history.ts";
import type { SourceRefs } from "../../ports/source-refs.ts";
import type { ReleaseSettings } from "../versions/settings.ts";

/** What a plan is made from. */
export interface CuttingFrom {
  readonly settings: ReleaseSettings;
  readonly history: SourceHistory;
  readonly refs: SourceRefs;
  readonly calculate: CalculateRelease;
  readonly forge: Forge;
  /** Where links of notes lead to. */
  readonly url: string | undefined;
}
