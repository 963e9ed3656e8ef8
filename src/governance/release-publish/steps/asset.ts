import { createHash } from "node:crypto";
import type { Forge } from "../../../ports/forge.ts";
import type { ForgeRelease, ReleaseAsset } from "../../../ports/forge-releases.ts";
import type { Observed, Step } from "../../steps/step.ts";
import { releaseAtForge, standingRelease } from "./release-at-forge.ts";

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
  tag: string,
  attachment: Attachment,
  forge: Forge,
  isSame: (asset: ReleaseAsset) => Promise<boolean> = (asset) => Promise.resolve(isWhole(asset, attachment)),
): Step {
  const { name } = attachment;
  return {
    name: `asset ${name}`,
    carriesTheRest: true,
    async observe() {
      return await observed(await releaseAtForge(tag, forge), name, isSame);
    },
    async act() {
      const release = await standingRelease(tag, forge);
      const before = release.assets.find((each) => each.name === name);
      if (before !== undefined) await forge.releases.detach(before);
      await forge.releases.attach(release, { name, bytes: await attachment.bytes() });
    },
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
