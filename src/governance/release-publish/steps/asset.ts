import { createHash } from "node:crypto";
import type { Forge } from "../../../ports/forge.ts";
import type { ForgeRelease, ReleaseAsset } from "../../../ports/forge-releases.ts";
import type { Observed, Step } from "../../steps/step.ts";
import type { ReleasePage } from "./release-page.ts";

/** A file to be attached, and what is known of it before its bytes are needed again. */
export interface Attachment {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** In hex. */
  readonly sha256: string;
  bytes(): Promise<Buffer>;
}

export function attachmentOf(name: string, bytes: Buffer): Attachment {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name, size: bytes.byteLength, sha256, bytes: () => Promise.resolve(bytes) };
}

/** A file of a release. What was published once stays as it was published. */
export function assetStep(
  attachment: Attachment,
  { page, forge }: { readonly page: ReleasePage; readonly forge: Forge },
  isSame: (asset: ReleaseAsset) => Promise<boolean> = (asset) => Promise.resolve(isWhole(asset, attachment)),
): Step {
  const { name } = attachment;
  return {
    name: `asset ${name}`,
    carriesTheRest: true,
    async observe() {
      return await observed(await page.look(), name, isSame);
    },
    async act() {
      const release = await page.standing();
      const before = release.assets.find((each) => each.name === name);
      if (before !== undefined) await forge.releases.detach(before);
      await forge.releases.attach(release, { name, bytes: await attachment.bytes() });
    },
  };
}

/**
 * A file that the release's tag names, where this run has none to attach: what is checked out is another
 * commit,
 * or nothing was built. Without it nothing is published.
 *
 * @param mayCome whether a run that is no dry one could bring it
 */
export function awaitedStep(name: string, page: ReleasePage, mayCome: boolean): Step {
  const { tag } = page;
  return {
    name: `asset ${name}`,
    carriesTheRest: true,
    async observe() {
      const asset = (await page.look())?.assets.find((each) => each.name === name);
      if (asset?.isWhole === true) return { kind: "true", what: `${name} is attached` };
      if (mayCome) return { kind: "missing", what: `attach ${name}` };
      return {
        kind: "wrong",
        what: `${tag} was begun with ${name}, which is not attached`,
        hint:
          `Check ${tag} out, build it, and run \`holdfast release publish --tag ${tag} --assets …\`; ` +
          "until then it is not published.",
      };
    },
    act: () => Promise.reject(new Error(`${name} is observed alone`)),
  };
}

async function observed(
  release: ForgeRelease | undefined,
  name: string,
  isSame: (asset: ReleaseAsset) => Promise<boolean>,
): Promise<Observed> {
  if (release === undefined) return { kind: "missing", what: `attach ${name}` };
  const asset = release.assets.find((each) => each.name === name);
  if (asset?.isWhole === true && (await isSame(asset))) return { kind: "true", what: `${name} is attached` };
  if (asset?.isWhole === true && !release.isDraft) {
    return { kind: "true", what: `${name} is published, with other bytes than those of this run, and stays` };
  }
  if (release.isImmutable) {
    return {
      kind: "wrong",
      what: `${release.tag} was published without ${name}, and can never be changed again`,
      hint: "Release the next version, and attach everything before it is published.",
    };
  }
  return { kind: "missing", what: `attach ${name}` };
}

/** The forge tells no hash of what was attached before it kept any. */
function isWhole(asset: ReleaseAsset, { size, sha256 }: Attachment): boolean {
  return asset.sha256 === undefined ? asset.size === size : asset.sha256 === sha256;
}
