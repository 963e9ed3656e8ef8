import { liveLines } from "../versions/live-lines.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import { stableTags } from "../versions/stable-tags.ts";
import type { Hotfix } from "./finish-plan.ts";
import { reach } from "./steps/reaches.ts";
import type { HotfixSurroundings } from "./steps/surroundings.ts";

/** Of more nobody is told. */
const TOLD = 10;

/**
 * Releases that are on their way without the hotfix: tested without it, they would bring back what it
 * mends.
 */
export async function linesWithout(
  hotfix: Hotfix,
  settings: ReleaseSettings,
  around: HotfixSurroundings,
): Promise<readonly string[]> {
  const { forge } = around;
  const released = new Set((await stableTags(forge)).map(({ version }) => version));
  const live = await liveLines(forge, settings, (version) => released.has(version));
  const warnings: string[] = [];
  for (const { name, commit } of live.slice(0, TOLD)) {
    const found = await reach(commit, hotfix, around);
    if (found === "has" || found === "has-changes") continue;
    warnings.push(
      `${name} is on its way without ${hotfix.branch}: ` +
        `\`gh pr create --base ${name} --head ${hotfix.branch} --fill\` brings it there`,
    );
  }
  return warnings;
}
