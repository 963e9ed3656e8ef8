import type { LoadPhase } from "../../../copy/artifacts/artifact-set.ts";
import { readContents, type LoadContext } from "../../../copy/artifacts/load.ts";
import type { ArtifactRecord } from "../../../../nouns/catalog/manifest.ts";
import type { ContentRecord } from "../../../../nouns/content/record.ts";
import type { TocEntry } from "../../../../ports/dump-tools.ts";
import type { RestorePorts } from "../../request/ports.ts";
import { loadContext } from "../../chosen/load-context.ts";
import type { Chosen } from "../../chosen/chosen.ts";
import type { BothEnds } from "../ends/choose-into.ts";
import { WhoseRows } from "./whose-rows.ts";

/**
 * A backup of a project, opened: where its definitions and rows lie, what is in them, and whose its rows are.
 */
export interface ProjectArchive {
  readonly content: ContentRecord;
  readonly context: LoadContext;
  readonly rowsIn: ArtifactRecord;
  readonly definitionsIn: ArtifactRecord;
  readonly contents: readonly TocEntry[];
  readonly rows: WhoseRows;
}

/** Reads its table of contents. */
export async function openArchive(
  inputs: Chosen & { readonly ends: BothEnds },
  ports: RestorePorts,
): Promise<ProjectArchive> {
  const { request, backup, set, ends } = inputs;
  const { content } = backup.manifest;
  const context = await loadContext(inputs, request.target, ports);
  const { definitionsIn, rowsIn } = artifactsOf(set.phases);
  const contents = await readContents(context, definitionsIn);
  return {
    content,
    context,
    rowsIn,
    definitionsIn,
    contents,
    rows: new WhoseRows(ends.source, content, request.withSessions),
  };
}

function artifactsOf(phases: readonly LoadPhase[]): {
  readonly definitionsIn: ArtifactRecord;
  readonly rowsIn: ArtifactRecord;
} {
  const definitions = phases.find(({ artifact }) => artifact.kind !== "data") ?? phases[0]!;
  const rows = phases.find(({ artifact }) => artifact.kind !== "schema") ?? phases[0]!;
  return { definitionsIn: definitions.artifact, rowsIn: rows.artifact };
}
