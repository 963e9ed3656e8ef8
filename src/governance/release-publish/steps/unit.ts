import { isHoldfastError } from "../../../kernel/errors.ts";
import type { Forge } from "../../../ports/forge.ts";
import { readReleaseUnit, writeReleaseUnit } from "../../../nouns/release-unit/document.ts";
import { RELEASE_UNIT_FILE, type ReleaseUnit, type UnitAsset } from "../../../nouns/release-unit/record.ts";
import type { Observed, Step } from "../../steps/step.ts";
import { told } from "../../../nouns/forge/told.ts";
import { assetStep, attachmentOf } from "./asset.ts";
import type { ReleasePage } from "./release-page.ts";

/**
 * The record of what belongs together, which is attached when everything that it names is. A published one
 * that speaks of another commit says that somebody moved the tag afterwards.
 *
 * @param unit undefined where the release is published already, so that none is written
 */
export function unitStep(
  { tag, commit }: { readonly tag: string; readonly commit: string },
  unit: ReleaseUnit | undefined,
  { page, forge }: { readonly page: ReleasePage; readonly forge: Forge },
): Step {
  const written = unit === undefined ? Buffer.alloc(0) : writeReleaseUnit(unit);
  const step = assetStep(attachmentOf(RELEASE_UNIT_FILE, written), { page, forge }, () =>
    Promise.resolve(true),
  );
  return {
    ...step,
    async observe() {
      const plain = await step.observe();
      if (plain.kind === "missing" && unit === undefined) return unmade(tag);
      return plain.kind === "true" ? await observed() : plain;
    },
  };

  async function observed(): Promise<Observed> {
    const release = await page.look();
    const asset = release?.assets.find(({ name }) => name === RELEASE_UNIT_FILE);
    if (release === undefined || asset === undefined) {
      return { kind: "missing", what: `attach ${RELEASE_UNIT_FILE}` };
    }
    const what = `${RELEASE_UNIT_FILE} of ${tag}`;
    const found = readOrWhy(told(await forge.releases.bytesOf(asset), what), what);
    if (typeof found !== "string" && found.commit !== commit) return moved(tag, found.commit, commit);
    if (!release.isDraft) {
      if (typeof found !== "string") return { kind: "true", what: `${RELEASE_UNIT_FILE} is attached` };
      return {
        kind: "wrong",
        what: found,
        hint: "Find out who replaced it; deploying and taking back read it.",
      };
    }
    const isSame = typeof found !== "string" && unit !== undefined && isSameRecord(found, unit);
    if (isSame) return { kind: "true", what: `${RELEASE_UNIT_FILE} is attached` };
    return { kind: "missing", what: `attach ${RELEASE_UNIT_FILE} again, for files or build have changed` };
  }
}

/** The unit, or why it is none. */
function readOrWhy(bytes: Buffer, what: string): ReleaseUnit | string {
  try {
    return readReleaseUnit(bytes, what);
  } catch (error) {
    if (isHoldfastError(error, "unit.damaged")) return error.message;
    throw error;
  }
}

function moved(tag: string, was: string, is: string): Observed {
  return {
    kind: "wrong",
    what: `${tag} was released of ${was.slice(0, 7)}, and is on ${is.slice(0, 7)} now`,
    hint:
      `Somebody moved the tag after the release. Put it back (\`git push --force origin ` +
      `${was}:refs/tags/${tag}\`), ` +
      "or release the next version.",
  };
}

/** A release that other tools published: what it was made of then is not known now. */
function unmade(tag: string): Observed {
  return { kind: "true", what: `${tag} was published without ${RELEASE_UNIT_FILE}, and stays so` };
}

/** The same files, of the same build. */
function isSameRecord(one: ReleaseUnit, other: ReleaseUnit): boolean {
  return one.build === other.build && isSameFiles(one.assets, other.assets);
}

function isSameFiles(some: readonly UnitAsset[], others: readonly UnitAsset[]): boolean {
  const spelled = (all: readonly UnitAsset[]): string =>
    all
      .map(({ name, sha256 }) => `${name} ${sha256}`)
      .sort()
      .join("\n");
  return spelled(some) === spelled(others);
}
