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
  ports: Pick<Ports, "workTree" | "clock" | "log">,
): Promise<Outcome> {
  try {
    const archive = await FunctionArchive.open(store, rollout.project, (text) => ports.log.warn(text));
    const before = new Map((await archive.snapshot(id))?.functions.map((each) => [each.slug, each]) ?? []);
    const served = rollout.levels
      .flat()
      .filter(({ slug, digest }) => before.get(slug)?.digest !== digest)
      .map(({ slug, version }) => ({
        slug,
        version,
        // What was just taken back is nothing to be taken back to.
        before: rollout.kind === "rollback" ? undefined : (before.get(slug)?.version ?? undefined),
      }));
    await writeManifest(path, served, await ports.workTree(), ports.clock);
  } catch (error) {
    throw withHint(error, `The run ${id} is done: only the manifest was not written.`);
  }
  const { report } = outcome;
  return {
    ...outcome,
    report: { ...report, notes: [...report.notes, commitNote(path, rollout)] },
  };
}

/** A checkout still has what was taken back: with an older version beside it, it would be deployed again. */
function commitNote(path: string, { kind }: Rollout): string {
  return kind === "deploy"
    ? `${path} says what is served now: commit it`
    : `${path} says what is served now, and beside it lie the sources that were taken back: bring those ` +
        "that are served back too (git revert, or git checkout <release> -- <folder>), and commit both as " +
        "one. Else the next deployment brings what was taken back, as this version";
}
