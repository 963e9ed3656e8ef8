import type { Forge } from "../../../ports/forge.ts";
import { stableTags } from "../../versions/stable-tags.ts";

/** The highest stable version that the forge has a tag of, of those that are wanted. */
export async function newestStable(
  forge: Forge,
  isWanted: (version: string) => boolean,
): Promise<string | undefined> {
  return (await stableTags(forge)).find(({ version }) => isWanted(version))?.version;
}
