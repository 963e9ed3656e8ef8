import { inOrder } from "../../../kernel/in-order.ts";
import { printableLine } from "../../../kernel/printable.ts";
import { bundleOf, type FunctionArchive } from "../archive/archive.ts";
import type { WantedFunction } from "../sources/function-sources.ts";
import type { Live } from "./live-view.ts";

const AT_ONCE = 8;

/**
 * Functions whose sources are others than those that are served, under the same version: a rollback by
 * version could not tell the two apart. Asked is of what is served alone.
 *
 * @throws what the store throws
 */
export async function sameVersionDoubts(
  wanted: readonly WantedFunction[],
  served: Live,
  archive: Pick<FunctionArchive, "isMadeOf" | "sourcesOf">,
): Promise<readonly string[]> {
  const doubts: string[] = [];
  const doubtOf = async ({ slug, digest, version }: WantedFunction): Promise<string | undefined> => {
    const live = served.get(slug);
    if (live === undefined || version === undefined) return undefined;
    const bundle = bundleOf(live);
    if (archive.isMadeOf(slug, bundle, digest)) return undefined;
    const sources = await archive.sourcesOf(slug, bundle);
    if (sources?.version !== version) return undefined;
    return (
      `${slug} ${printableLine(version)} is served already, with other sources: give what has changed a ` +
      "version of its own, or a rollback cannot tell the two apart"
    );
  };
  for await (const doubt of inOrder(wanted, AT_ONCE, doubtOf)) if (doubt !== undefined) doubts.push(doubt);
  return doubts;
}
