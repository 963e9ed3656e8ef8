import { posix } from "node:path";
import { inOrder } from "../../../kernel/in-order.ts";
import { printableLine } from "../../../kernel/printable.ts";
import type { HashedFile } from "../../../nouns/release-unit/file-digest.ts";
import { bundleOf, type FunctionArchive } from "../archive/archive.ts";
import type { WantedFunction } from "../sources/function-sources.ts";
import type { Live } from "./live-view.ts";

const AT_ONCE = 8;

/**
 * Functions of whose own folder other files are served under the same version: a rollback by version could
 * not tell the two apart. What all share is not looked at: a change of it is one of many functions. Nothing
 * is said where the store cannot be asked: it is for people, and keeps nobody from deploying.
 */
export async function sameVersionDoubts(
  wanted: readonly WantedFunction[],
  served: Live,
  archive: Pick<FunctionArchive, "isMadeOf" | "sourcesOf">,
): Promise<readonly string[]> {
  const doubts: string[] = [];
  const doubtOf = async ({
    slug,
    digest,
    version,
    entrypoint,
    files,
  }: WantedFunction): Promise<string | undefined> => {
    const live = served.get(slug);
    if (live === undefined || version === undefined) return undefined;
    const bundle = bundleOf(live);
    if (archive.isMadeOf(slug, bundle, digest)) return undefined;
    const sources = await archive.sourcesOf(slug, bundle).catch(() => undefined);
    if (sources?.version !== version || ownOf(sources) === ownOf({ entrypoint, files })) return undefined;
    return (
      `${slug} ${printableLine(version)} is served already, with other sources: give what has changed a ` +
      "version of its own, or a rollback cannot tell the two apart"
    );
  };
  for await (const doubt of inOrder(wanted, AT_ONCE, doubtOf)) if (doubt !== undefined) doubts.push(doubt);
  return doubts;
}

/** The files beside the entry, as one text. */
function ownOf({
  entrypoint,
  files,
}: {
  readonly entrypoint: string;
  readonly files: readonly HashedFile[];
}): string {
  const folder = `${posix.dirname(entrypoint)}/`;
  const own = files.filter(({ path }) => path.startsWith(folder)).map(({ path, sha256 }) => [path, sha256]);
  return JSON.stringify(own.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
}
