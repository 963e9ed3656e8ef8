import type { ArtifactSet } from "../../copy/artifacts/artifact-set.ts";
import type { Backup } from "../../../nouns/catalog/catalog.ts";
import type { ToolSet } from "../../../ports/dump-tools.ts";
import type { RestoreRequest } from "../request/request.ts";

/** What is restored, and read with what: known before anything of the target is. */
export interface Chosen {
  readonly request: RestoreRequest;
  readonly backup: Backup;
  readonly set: ArtifactSet;
  readonly tools: ToolSet;
}
