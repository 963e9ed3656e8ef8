import { isHoldfastError } from "../../../kernel/errors.ts";
import type { Database } from "../../../ports/database.ts";
import type { LoadProblem, TocEntry } from "../../../ports/dump-tools.ts";
import { dumpId } from "../artifacts/contents.ts";
import type { DefinitionText } from "../artifacts/definition-script.ts";
import type { LoadContext, LoadedPhase } from "../artifacts/load.ts";
import { readDefinitions } from "../artifacts/read-definitions.ts";
import { isOfRights } from "../artifacts/rounds.ts";
import { giveSingly, type GivingOptions, type RefusedRights } from "./give-singly.ts";

/** What became of rights that pg_restore could not give. */
export interface GivenRights {
  /** Without the problems of those lists that were given one by one. */
  readonly loaded: readonly LoadedPhase[];
  readonly refused: readonly RefusedRights[];
}

/** Lists of rights that pg_restore could not give as a whole, statement by statement, in one transaction. */
export async function giveLeft(
  loaded: readonly LoadedPhase[],
  context: LoadContext,
  database: Database,
  options: GivingOptions,
): Promise<GivenRights> {
  const now: LoadedPhase[] = [];
  const texts: DefinitionText[] = [];
  for (const one of loaded) {
    const lists = failedLists(one);
    const read = lists.length === 0 ? [] : await readLists(one, lists, context);
    const ids = new Set(read.map(({ entry }) => dumpId(entry)));
    texts.push(...read);
    now.push(
      read.length === 0
        ? one
        : { ...one, problems: one.problems.filter((problem) => !problem.dumpIds?.some((id) => ids.has(id))) },
    );
  }
  if (texts.length === 0) return { loaded, refused: [] };
  context.log.info(
    `lists of rights that could not be given as a whole, and are given right by right: ${texts.length}`,
  );
  await using session = await database.connect({ purpose: "restore" });
  context.signal.throwIfAborted();
  // The database's own default may be read-only.
  await session.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE");
  const refused = await giveSingly(session, texts, options);
  await session.query("COMMIT");
  return { loaded: now, refused };
}

function failedLists({ entries, problems }: LoadedPhase): readonly TocEntry[] {
  const failed = new Set(problems.flatMap(({ dumpIds }: LoadProblem) => dumpIds ?? []));
  return entries.filter((entry) => isOfRights(entry) && failed.has(dumpId(entry)));
}

/**
 * Their text cannot be had from every archive (one in another encoding): then what pg_restore said
 * of them stands.
 */
export async function readLists(
  { phase }: Pick<LoadedPhase, "phase">,
  lists: readonly TocEntry[],
  context: LoadContext,
): Promise<readonly DefinitionText[]> {
  try {
    return await readDefinitions(context, phase.artifact, lists);
  } catch (error) {
    if (!isHoldfastError(error, "tool.failed")) throw error;
    context.log.info(`lists of rights could not be read one by one: ${error.message}`);
    return [];
  }
}
