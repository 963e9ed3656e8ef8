import type { Clock } from "../../../ports/clock.ts";
import type { WorkTree } from "../../../ports/work-tree.ts";
import { HoldfastError } from "../../../kernel/errors.ts";
import { updatedManifest, type NowServed } from "./updated.ts";

/**
 * Writes what is served now into the checkout's manifest.
 *
 * @returns its text
 * @throws source.missing where the checkout has it not; source.unwritable
 */
export async function writeManifest(
  path: string,
  served: readonly NowServed[],
  tree: WorkTree,
  clock: Pick<Clock, "now">,
): Promise<string> {
  const found = await tree.look(path);
  if (found.kind !== "file") {
    throw new HoldfastError("source.missing", `the checkout has no file ${path} to be brought up to date`, {
      hint: "The functions are deployed all the same; write their versions there by hand.",
    });
  }
  const text = updatedManifest(found.text, served, clock.now());
  await tree.write(path, text, { executable: false });
  return text;
}
