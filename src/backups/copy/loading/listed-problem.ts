import type { LoadProblem, TocEntry } from "../../../ports/dump-tools.ts";
import type { LoadedPhase } from "../artifacts/load.ts";
import type { RefusedRights } from "../rights/give-singly.ts";
import { rightsOn } from "../rights/as-if-given.ts";

/** A problem of pg_restore's with its line of the table of contents, which says more of it: the schema. */
export interface ListedProblem extends LoadProblem {
  /** Absent where pg_restore did not say of which entry it spoke. */
  readonly listed?: TocEntry;
  /** Extensions that cannot be had here and that the entry cannot do without. */
  readonly lacks?: readonly string[];
  /** What it is about, where that is known better than by the entry; then the message is not pg_restore's. */
  readonly of?: { readonly about: string; readonly name: string };
}

/** Rights that could not be given, as problems. */
export function rightsProblems(refused: readonly RefusedRights[]): readonly ListedProblem[] {
  return refused.map(({ entry, rights, message, outOfReach }): ListedProblem => {
    const [first] = rights;
    const title = [
      entry.type,
      ...(entry.names === undefined ? [entry.rest] : [entry.names.tag, entry.names.owner]),
    ].join(" ");
    return {
      entry: title,
      message,
      listed: entry,
      ...(outOfReach && first !== undefined ? { of: rightsOn(first) } : {}),
    };
  });
}

/** The problems of phases, each with its entry. */
export function listedProblems(phases: readonly LoadedPhase[]): readonly ListedProblem[] {
  return phases.flatMap(({ entries, problems }) => {
    const byId = new Map(entries.map((entry) => [Number(entry.id), entry]));
    return problems.map((problem): ListedProblem => {
      const [id, ...more] = problem.dumpIds ?? [];
      const listed = id === undefined || more.length > 0 ? undefined : byId.get(id);
      return listed === undefined ? problem : { ...problem, listed };
    });
  });
}
