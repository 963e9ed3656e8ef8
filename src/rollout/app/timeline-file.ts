import type { Outcome } from "../../kernel/outcome.ts";
import { recordOf } from "../../nouns/runbook/record.ts";
import type { Came } from "../../nouns/runbook/run-planned.ts";
import { timelineHtml, timelineMermaid } from "../../nouns/runbook/timeline.ts";
import type { Disk } from "../../ports/disk.ts";

/**
 * A run's timeline: as a chart in the job summary, and as a page where one was asked for. That a page could
 * not be written is a note: what was done is done.
 *
 * @param path of the page, which must not exist
 */
export async function withTimeline(
  outcome: Outcome,
  came: Came,
  path: string | undefined,
  disk: Pick<Disk, "keep">,
): Promise<Outcome> {
  if (came.kind !== "ran") return outcome;
  const record = recordOf(came.ran.entries);
  const chart = timelineMermaid(record);
  const { report } = outcome;
  const notes = [...report.notes];
  if (path !== undefined) {
    try {
      await disk.keep(path, Buffer.from(timelineHtml(record)));
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      notes.push(`the timeline could not be written to ${path}: ${why}`);
    }
  }
  return { ...outcome, report: { ...report, notes, ...(chart === "" ? {} : { mermaid: chart }) } };
}
