import type { ToolSet } from "../../../ports/dump-tools.ts";
import { nearestSet } from "../../../ports/dump-tools.ts";
import type { Ports } from "../../../ports/ports.ts";

/**
 * The client programs for a server or an archive: of its major version or the next newer one, because the
 * oldest that will do makes and reads what the most machines can read; of that the newest minor release.
 *
 * @param mayInstall installs that major version where none will do and Holdfast may install at all
 * @returns `undefined` when there are none
 */
export async function findClient(
  major: number,
  mayInstall: boolean,
  ports: Pick<Ports, "dumpTools" | "toolInstaller">,
): Promise<ToolSet | undefined> {
  const installed = async (): Promise<ToolSet | undefined> =>
    nearestSet(await (await ports.dumpTools()).installed(), major);
  const found = await installed();
  if (found !== undefined || !mayInstall || ports.toolInstaller === undefined) return found;
  await (await ports.toolInstaller()).install(major);
  return await installed();
}
