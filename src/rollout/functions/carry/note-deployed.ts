import { withHint } from "../../../kernel/errors.ts";
import type { Outcome } from "../../../kernel/outcome.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { BlobStore } from "../../../ports/blob-store.ts";
import { FunctionArchive } from "../archive/archive.ts";
import { writeManifest } from "../manifest/write-manifest.ts";
import type { Rollout } from "./reached.ts";

/** Writes what a run has brought into the checkout's manifest, and says so. */
export async function noteDeployed(
  outcome: Outcome,
  rollout: Rollout,
  id: string,
  path: string,
  store: BlobStore,
  ports: Pick<Ports, "workTree" | "clock">,
): Promise<Outcome> {
  try {
    const archive = await FunctionArchive.open(store, rollout.project);
    const before = new Map((await archive.snapshot(id))?.functions.map((each) => [each.slug, each]) ?? []);
    const served = rollout.levels
      .flat()
      .filter(({ slug, digest }) => before.get(slug)?.digest !== digest)
      .map(({ slug, version }) => ({ slug, version, before: before.get(slug)?.version ?? undefined }));
    await writeManifest(path, served, await ports.workTree(), ports.clock);
  } catch (error) {
    throw withHint(error, `The run ${id} is done: only the manifest was not written.`);
  }
  const { report } = outcome;
  return {
    ...outcome,
    report: { ...report, notes: [...report.notes, `${path} says what is served now: commit it`] },
  };
}
