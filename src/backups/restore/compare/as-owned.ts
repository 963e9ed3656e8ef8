import { asIfOwned } from "../../copy/rights/as-if-owned.ts";
import type { MeasuredContent } from "../../../nouns/content/record.ts";
import type { Database } from "../../../ports/database.ts";
import type { RestorePorts } from "../request/ports.ts";
import { loadContext } from "../chosen/load-context.ts";
import type { Chosen } from "../chosen/chosen.ts";

/**
 * What was restored with `--no-owner`, with lists of rights as if it belonged to the source's owners;
 * anything else as it is.
 */
export async function asOwned<Content extends MeasuredContent>(
  plan: Chosen,
  database: Database,
  actual: Content,
  ports: RestorePorts,
): Promise<Content> {
  const {
    request,
    backup: { manifest },
    set,
  } = plan;
  const artifact = set.hasSchema ? set.phases[0]?.artifact : undefined;
  if (!request.noOwner || request.noPrivileges || artifact === undefined) return actual;
  const context = await loadContext(plan, database, ports);
  return await asIfOwned(database, manifest.scope, actual, manifest.content, {
    context,
    artifact,
    sourceMajor: manifest.content.serverMajor,
  });
}
