import { told } from "../steps/told.ts";
import { lineVersion } from "../versions/release-branch.ts";
import type { ReleaseSettings } from "../versions/settings.ts";
import type { Hotfix } from "./finish-plan.ts";
import { stableTags } from "./stable-tags.ts";
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
  const all = told(await forge.branches.beginningWith(settings.lines.prefix), "its release branches");
  const live = all.filter(({ name }) => {
    const version = lineVersion(name, settings);
    return version !== undefined && !released.has(version);
  });
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
