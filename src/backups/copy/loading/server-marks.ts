import { COLUMN_OPTIONS } from "../../../nouns/content/read/objects/options.ts";
import type { LoadProblem } from "../../../ports/dump-tools.ts";
import { unknownParameter } from "./parameter-advice.ts";

/**
 * Marks of another server for which this one refused tables. Debian's 15.20 keeps `pg_attver=<number>` among
 * the options of every column; only the pg_dump of that release leaves it out, every other one (an older
 * minor release, a newer major version) writes `ALTER TABLE ONLY t ALTER COLUMN a SET (pg_attver=7)`, and
 * a server that does not know the name refuses the whole entry. Nobody can set such an option and nothing
 * depends on it, so those entries are loaded again without it.
 */
export function marksIn(problems: readonly LoadProblem[]): readonly string[] {
  const names = problems.flatMap(({ message }) => unknownParameter(message) ?? []);
  return [...new Set(names)].filter((name) => !COLUMN_OPTIONS.includes(name));
}
