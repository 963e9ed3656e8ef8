import type { LoadProblem } from "../../../ports/dump-tools.ts";
import { dumpId } from "../artifacts/contents.ts";
import { isOfRights } from "../artifacts/rounds.ts";
import { loadPhase, type LoadContext, type LoadedPhase } from "../artifacts/load.ts";
import { marksIn } from "./server-marks.ts";

/**
 * The second try. pg_dump does not know of everything that one entry needs of another (a check that reads
 * another table, a partition's trigger that is switched off before its parent's made it), and with several
 * connections entries meet in deadlocks. So those that failed are run again, in the archive's order and by
 * one session, as often as that helps: the same bytes then give the same database every time. Options of
 * columns that only the source's server knows are left out then (server-marks.ts).
 *
 * An entry's definition is one statement text and so one transaction (pg_dump's ExecuteSqlCommand), COPY is
 * atomic too; only what follows a definition, the owner, is a command of its own.
 *
 * @param may which problems' entries are run again; all when absent
 * @returns the phases with what failed for good
 */
export async function settle(
  loaded: readonly LoadedPhase[],
  context: LoadContext,
  may: MayTry = () => true,
): Promise<readonly LoadedPhase[]> {
  const countFailing = (phases: readonly LoadedPhase[]): number =>
    phases.reduce((sum, one) => sum + failingIds(one, may).size, 0);
  let now = loaded;
  let failing = countFailing(now);
  const first = failing;
  while (failing > 0) {
    context.signal.throwIfAborted();
    context.log.debug(`entries of the archive that failed and are tried again: ${failing}`);
    now = await again(now, context, may);
    const left = countFailing(now);
    if (left >= failing) break;
    failing = left;
  }
  const healed = first - countFailing(now);
  if (healed > 0) context.log.info(`entries of the archive that succeeded only at a further try: ${healed}`);
  return now;
}

async function again(
  loaded: readonly LoadedPhase[],
  context: LoadContext,
  may: MayTry,
): Promise<LoadedPhase[]> {
  const tried: LoadedPhase[] = [];
  for (const one of loaded) tried.push(await phaseAgain(one, context, may));
  return tried;
}

async function phaseAgain(one: LoadedPhase, context: LoadContext, may: MayTry): Promise<LoadedPhase> {
  const failed = failingIds(one, may);
  if (failed.size === 0) return one;
  const chosen = one.entries.filter((entry) => failed.has(dumpId(entry)));
  const marks = marksIn(one.problems);
  if (marks.length > 0) {
    context.log.info(`loading again without ${marks.join(", ")}, which this server does not know`);
  }
  const alone: LoadContext = {
    ...context,
    jobs: 1,
    ...(marks.length > 0 ? { withoutColumnOptions: marks } : {}),
  };
  const problems: LoadProblem[] = [];
  // Rights have no section of their own: asked for by one, a list that begins with them leaves them
  // out in silence.
  const turns = [
    { phase: one.phase, entries: chosen.filter((entry) => !isOfRights(entry)) },
    { phase: { artifact: one.phase.artifact }, entries: chosen.filter(isOfRights) },
  ];
  for (const { phase, entries } of turns) {
    if (entries.length > 0) problems.push(...(await loadPhase(phase, entries, alone)));
  }
  const unknown = one.problems.filter((problem) => problem.dumpIds === undefined || !may(problem));
  return { ...one, problems: [...unknown, ...withoutOwnDoing(problems, one.problems)] };
}

/** What a server says of something that the first try made. */
const THERE_ALREADY = /\balready (?:exists|a member|has|defined)\b|^multiple primary keys for table/;

/**
 * Where the first try made the object and failed at its owner, the further one finds it there. Such a
 * complaint is new, and it either says so or stands beside one that was heard before.
 */
function withoutOwnDoing(problems: readonly LoadProblem[], before: readonly LoadProblem[]): LoadProblem[] {
  const heard = new Set(before.map(problemKey));
  const again = problems.filter((problem) => heard.has(problemKey(problem)));
  const recurring = new Set(again.flatMap(({ dumpIds }) => dumpIds ?? []));
  return problems.filter((problem) => {
    if (heard.has(problemKey(problem)) || problem.dumpIds === undefined) return true;
    return !THERE_ALREADY.test(problem.message) && !problem.dumpIds.some((id) => recurring.has(id));
  });
}

function problemKey({ entry, message, dumpIds }: LoadProblem): string {
  return JSON.stringify([dumpIds, entry, message]);
}

function failingIds({ problems }: LoadedPhase, may: MayTry): Set<number> {
  return new Set(problems.filter(may).flatMap(({ dumpIds }) => dumpIds ?? []));
}

/** Whether the entry of a problem may be run again. */
type MayTry = (problem: LoadProblem) => boolean;

/** Rows, of tables and of large objects. */
export function isOfRows({ entry }: LoadProblem): boolean {
  return /^(?:TABLE DATA|BLOBS) /.test(entry);
}
