import { constants } from "node:buffer";
import { openArtifact } from "./artifact.ts";
import { divideScript, onlyDefinition, type DefinitionText } from "./definition-script.ts";
import { interruptible } from "./interruptible.ts";
import type { LoadContext } from "./load.ts";
import { HoldfastError } from "../../../kernel/errors.ts";
import type { ArtifactRecord } from "../../../nouns/catalog/manifest.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";

/**
 * Definitions are read into memory, as one text: none can be longer than this. A byte never makes more than
 * one unit of it. A schema of that much SQL is none that people wrote.
 */
export const SCRIPT_MAX = constants.MAX_STRING_LENGTH;

/** The SQL of some entries of an archive, each for itself. */
export async function readDefinitions(
  context: LoadContext,
  artifact: ArtifactRecord,
  entries: readonly TocEntry[],
): Promise<readonly DefinitionText[]> {
  if (entries.length === 0) return [];
  const script = await scriptOf(context, artifact, entries);
  const [only] = entries;
  if (entries.length === 1) return [onlyDefinition(script, only!)];
  const divided = divideScript(script, entries);
  if (divided !== undefined) return inOrder(divided, entries);
  // By halves, because each reading is one of the whole archive: one such text among thousands costs a few,
  // not thousands.
  context.log.debug(
    `one of ${entries.length} definitions holds what looks like pg_restore's own comments: ` +
      "they are read in two halves",
  );
  const half = Math.ceil(entries.length / 2);
  return [
    ...(await readDefinitions(context, artifact, entries.slice(0, half))),
    ...(await readDefinitions(context, artifact, entries.slice(half))),
  ];
}

function inOrder(texts: readonly DefinitionText[], entries: readonly TocEntry[]): DefinitionText[] {
  const byId = new Map(texts.map((text) => [text.entry.id, text]));
  return entries.map(({ id }) => byId.get(id)!);
}

async function scriptOf(
  context: LoadContext,
  artifact: ArtifactRecord,
  entries: readonly TocEntry[],
): Promise<string> {
  const archive = openArtifact(
    interruptible(context.store, context.signal),
    artifact,
    context.identities,
    () => undefined,
  );
  const sections = ["pre-data", "data", "post-data"] as const;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of context.tools.script({
    tools: context.toolSet,
    archive,
    sections,
    entries,
    naming: true,
    signal: context.signal,
  })) {
    chunks.push(Buffer.from(chunk));
    size += chunk.byteLength;
    if (size > SCRIPT_MAX) {
      throw new HoldfastError(
        "tool.failed",
        `the definitions of the backup are more than ${SCRIPT_MAX} bytes`,
        {
          hint: "Restore the backup into a database of its own, with --into database.",
        },
      );
    }
  }
  return Buffer.concat(chunks).toString("utf8");
}
