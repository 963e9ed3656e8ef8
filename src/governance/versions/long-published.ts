/**
 * How long after a release was published a missing run of the workflow that deploys still means that nobody
 * started it. GitHub forgets runs, and lets people delete them: later nobody knows, and what stands there
 * may be another release since. A run that could not start it was red, and the next one comes within days.
 */
const KNOWN_MS = 7 * 24 * 3_600_000;

/** Whether a release was published so long ago that a run which is not shown may have been forgotten. */
export function isLongPublished(published: Date | undefined, now: Date): boolean {
  return published !== undefined && now.getTime() - published.getTime() > KNOWN_MS;
}
