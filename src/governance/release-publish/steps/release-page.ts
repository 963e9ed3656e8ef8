import type { Forge } from "../../../ports/forge.ts";
import type { ForgeRelease } from "../../../ports/forge-releases.ts";
import { told } from "../../../nouns/forge/told.ts";

/**
 * The release of a tag at the forge: the published one, else the draft that was made first. Two runs at
 * once may
 * have made two; both go on with the same. It is looked for in the list, which may be long, until it is
 * found,
 * and then asked for by its number.
 */
export class ReleasePage {
  readonly tag: string;
  readonly #forge: Forge;
  #id: number | undefined;

  constructor(tag: string, forge: Forge) {
    this.tag = tag;
    this.#forge = forge;
  }

  /** As it is now; undefined where there is none. @throws forge.untold */
  async look(): Promise<ForgeRelease | undefined> {
    if (this.#id === undefined) return await this.find();
    const known = await this.#forge.releases.one(this.#id);
    // One that is gone, or that another took the place of, is looked for again.
    return known.kind === "found" && known.value.tag === this.tag ? known.value : await this.find();
  }

  /** The same, out of the list. */
  async find(): Promise<ForgeRelease | undefined> {
    const all = told(await this.#forge.releases.ofTag(this.tag), `the releases of ${this.tag}`);
    const published = all.find(({ isDraft }) => !isDraft);
    const found = published ?? [...all].sort((a, b) => a.id - b.id)[0];
    this.#id = found?.id;
    return found;
  }

  /** The same, where an earlier step has seen it. @throws forge.untold */
  async standing(): Promise<ForgeRelease> {
    const found = await this.look();
    if (found !== undefined) return found;
    return told({ kind: "absent" }, `the release of ${this.tag}, which was there a moment ago`);
  }
}
