import { posix } from "node:path";
import type { ReportedFile } from "./report.ts";

/** Paths that say where they are by themselves: of Unix, of Windows, and addresses. */
const ABSOLUTE = /^(?:[/\\]|[A-Za-z]:|file:)/;

/**
 * The files of a report with one more place each: below the folders that the report is in, the nearest first.
 * Packages of one repository have files of one name, and tools write paths from the package's folder.
 *
 * @param report its path from the repository's root, with `/`; undefined where it is outside
 */
export function besideReport(
  files: readonly ReportedFile[],
  report: string | undefined,
): readonly ReportedFile[] {
  if (report === undefined) return files;
  const folders: string[] = [];
  for (let at = posix.dirname(report); at !== "." && at !== "/"; at = posix.dirname(at)) folders.push(at);
  if (folders.length === 0) return files;
  return files.map(({ places, lines }) => {
    const plain = places.map((place) => place.replaceAll("\\", "/")).filter((place) => !ABSOLUTE.test(place));
    const below = folders.flatMap((each) => plain.map((place) => `${each}/${place}`));
    return { lines, places: [...below, ...places] };
  });
}
