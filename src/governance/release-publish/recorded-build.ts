import { isHoldfastError } from "../../kernel/errors.ts";
import { readReleaseUnit } from "../../nouns/release-unit/document.ts";
import { RELEASE_UNIT_FILE, type ReleaseUnit } from "../../nouns/release-unit/record.ts";
import type { Forge } from "../../ports/forge.ts";
import { told } from "../../nouns/forge/told.ts";
import type { ReleasePage } from "./steps/release-page.ts";
import type { Attachment } from "./steps/asset.ts";

/**
 * Build metadata that a release was made with, as its unit says: a later run has another number, and what it
 * would call its build was never built. Undefined where no unit of this commit is attached, or one of a draft
 * that does not have the files of this run.
 *
 * @throws forge.untold and what asking a forge throws; unit.unknown-format
 */
export async function recordedBuild(
  commit: string,
  { page, forge }: { readonly page: ReleasePage; readonly forge: Forge },
  files: readonly Attachment[] = [],
): Promise<string | undefined> {
  const release = await page.look();
  const asset = release?.assets.find(({ name, isWhole }) => name === RELEASE_UNIT_FILE && isWhole);
  if (release === undefined || asset === undefined) return undefined;
  const what = `${RELEASE_UNIT_FILE} of ${release.tag}`;
  const unit = readOrNone(told(await forge.releases.bytesOf(asset), what), what);
  if (unit?.commit !== commit) return undefined;
  const hasFiles = files.every(({ name, sha256 }) =>
    unit.assets.some((each) => each.name === name && each.sha256 === sha256),
  );
  return release.isDraft && !hasFiles ? undefined : (unit.build ?? undefined);
}

/** What is damaged says nothing; that it is there is told by its step. */
function readOrNone(bytes: Buffer, what: string): ReleaseUnit | undefined {
  try {
    return readReleaseUnit(bytes, what);
  } catch (error) {
    if (isHoldfastError(error, "unit.damaged")) return undefined;
    throw error;
  }
}
