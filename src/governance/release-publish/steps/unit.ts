import type { Release } from "../release.ts";
import type { StepsOf } from "../steps-of.ts";
import type { Step } from "../../steps/step.ts";
import { assetStep, attachmentOf, type Attachment } from "./asset.ts";

export const UNIT_FILE = "release-unit.json";

export function unitStep(release: Release, files: readonly Attachment[], { forge, build }: StepsOf): Step {
  const unit = {
    version: release.version,
    commit: release.commit,
    build,
    assets: files.map(({ name }) => name),
  };
  return assetStep(release.tag, attachmentOf(UNIT_FILE, Buffer.from(JSON.stringify(unit))), forge);
}
