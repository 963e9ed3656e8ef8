import type { Outcome } from "../../kernel/outcome.ts";
import type { Secret } from "../../kernel/secret.ts";
import type { Ports } from "../../ports/ports.ts";
import { readReleaseSettings } from "../versions/read-settings.ts";
import { lookAtReleases } from "./look.ts";
import { outcomeOf } from "./report.ts";

/** The parsed inputs of `holdfast release status`. */
export interface ReleaseStatusInputs {
  readonly limit: number;
  readonly settings: string;
  readonly repository: string | undefined;
  readonly token: Secret | undefined;
}

export type ReleaseStatusPorts = Pick<
  Ports,
  "sourceTree" | "sourceHistory" | "sourceRefs" | "openForge" | "clock" | "log"
>;

/** `holdfast release status`: see src/commands/governance/release-status.ts. */
export async function runReleaseStatus(
  { limit, settings: path, repository, token }: ReleaseStatusInputs,
  ports: ReleaseStatusPorts,
): Promise<Outcome> {
  const [history, refs] = await Promise.all([ports.sourceHistory("."), ports.sourceRefs(".")]);
  const settings = await readReleaseSettings(await ports.sourceTree(), path, history);
  const forge = await ports.openForge(repository, token);
  ports.log.stage(`looking at the releases of ${forge.repository}`);
  return outcomeOf(
    await lookAtReleases({ forge, refs, history, settings, limit, given: path, now: ports.clock.now() }),
    forge.repository,
    settings.develop,
  );
}
