import { posix } from "node:path";
import type { ReportedFile } from "./report.ts";

/** Paths that say where they are by themselves: of Unix, of Windows, and addresses. */
const ABSOLUTE = /^(?:[/\\]|[A-Za-z]:|file:)/;

/**
 * The files of a report with more places each: below the folders that the report is in, the nearest first.
 * Packages of one repository have files of one name, and tools write paths from the package's folder. Where
 * reports were brought together in a folder of their own (`reports/p1/lcov.info`), the folders below it may
 * be those of the repository.
 *
 * @param report its path from the repository's root, with `/`; undefined where it is outside
 * @param has whether the commit has a file of a path
 */
export function besideReport(
  files: readonly ReportedFile[],
  report: string | undefined,
  has: (path: string) => boolean,
): readonly ReportedFile[] {
  if (report === undefined) return files;
  const folders = foldersOf(report);
  if (folders.length === 0) return files;
  const all = files.map((file) => {
    const plain = file.places
      .map((place) => place.replaceAll("\\", "/"))
      .filter((place) => !ABSOLUTE.test(place));
    return { file, plain, below: folders.flatMap((each) => plain.map((place) => `${each}/${place}`)) };
  });
  const isHome = all.some(({ below }) => below.some((place) => has(posix.normalize(place))));
  return all.map(({ file, plain, below }) => ({
    ...file,
    places: [...below, ...file.places],
    ...(isHome && plain.length === file.places.length ? { isWhole: true } : {}),
  }));
}

/** No report lies deeper. */
const DEPTH_MAX = 12;

/** Of `a/b/lcov.info` `a/b` and `a`; then `b`, as if `a` were no folder of the repository's. */
function foldersOf(report: string): string[] {
  const parts = posix.dirname(report).split("/").slice(0, DEPTH_MAX);
  const joined = (from: number, to: number): string => parts.slice(from, to).join("/");
  const ends = parts.map((_, at) => parts.length - at);
  const whole = ends.map((end) => joined(0, end));
  const rest = ends.flatMap((end) => Array.from({ length: end - 1 }, (_, at) => joined(at + 1, end)));
  return [...new Set([...whole, ...rest])].filter((folder) => folder !== ".");
}
