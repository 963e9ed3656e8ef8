import type { Forge } from "../../../ports/forge.ts";
import type { ForgeRelease } from "../../../ports/forge-releases.ts";
import { told } from "../../steps/told.ts";

/**
 * The release of a tag: the published one, else the draft that was made first. Two runs at once may have made
 * two; both go on with the same.
 */
export async function releaseAtForge(tag: string, forge: Forge): Promise<ForgeRelease | undefined> {
  const all = told(await forge.releases.ofTag(tag), `the releases of ${tag}`);
  const published = all.find(({ isDraft }) => !isDraft);
  return published ?? [...all].sort((a, b) => a.id - b.id)[0];
}

/** The same, where an earlier step has seen it. */
export async function standingRelease(tag: string, forge: Forge): Promise<ForgeRelease> {
  const found = await releaseAtForge(tag, forge);
  if (found !== undefined) return found;
  return told({ kind: "absent" }, `the release of ${tag}, which was there a moment ago`);
}
