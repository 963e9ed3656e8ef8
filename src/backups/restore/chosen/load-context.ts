import { withoutExtensions, type UnavailableExtension } from "../../copy/loading/extensions.ts";
import type { LoadContext } from "../../copy/artifacts/load.ts";
import { loadingSettings } from "../../copy/loading/loading-settings.ts";
import { withoutPublicSchema } from "../../copy/loading/public-schema.ts";
import type { Database } from "../../../ports/database.ts";
import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { RestorePorts } from "../request/ports.ts";
import type { Chosen } from "./chosen.ts";

/** What loading needs, out of a plan. */
export async function loadContext(
  plan: Pick<Chosen, "request" | "tools">,
  database: Database,
  ports: RestorePorts,
): Promise<LoadContext> {
  const { request } = plan;
  return {
    store: request.catalog.store,
    tools: await ports.dumpTools(),
    toolSet: plan.tools,
    disk: ports.disk,
    log: ports.log,
    identities: request.identities,
    address: database.address,
    jobs: request.jobs,
    signal: ports.cancelled,
    noOwner: request.noOwner,
    noPrivileges: request.noPrivileges,
    settings: await loadingSettings(database),
  };
}

/** Entries of an archive minus the extensions that cannot be installed. */
export function chosen(
  plan: Pick<Chosen, "backup"> & {
    readonly target: { readonly unavailableExtensions: readonly UnavailableExtension[] };
  },
  narrow: (entries: readonly TocEntry[]) => readonly TocEntry[],
): (entries: readonly TocEntry[]) => readonly TocEntry[] {
  return (entries) =>
    withoutPublicSchema(
      withoutExtensions(narrow(entries), plan.target.unavailableExtensions),
      plan.backup.manifest.content,
    );
}
