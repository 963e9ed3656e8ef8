import type { TocEntry } from "../../../ports/dump-tools.ts";
import type { ArtifactSet, LoadPhase } from "./artifact-set.ts";

/** What is loaded together, and settled before what comes next. */
export interface Round {
  readonly phase: LoadPhase;
  /** In the archive's order. */
  readonly entries: readonly TocEntry[];
  /** By one connection, however many there are. */
  readonly alone?: true;
}

/**
 * Whether an entry is a list of rights. They come last: an owner may have given up rights that making
 * a key needs.
 */
export function isOfRights({ type }: Pick<TocEntry, "type">): boolean {
  return type === "ACL" || type === "DEFAULT ACL";
}

/**
 * Definitions and rows first, then what is made on rows (indexes, keys, triggers), then rights. What is
 * made on rows would act on those that come after it: a trigger would fire, and a check that is not valid
 * for the rows of before would refuse them. One pass over an archive does not keep them apart where several
 * connections work, and a second try of rows never would.
 *
 * @param contentsOf entries of an artifact that are to be loaded
 */
export async function roundsOf(
  set: ArtifactSet,
  contentsOf: (phase: LoadPhase) => Promise<readonly TocEntry[]>,
): Promise<Round[]> {
  const rounds: Round[] = [];
  const rights: Round[] = [];
  for (const phase of set.phases) {
    const entries = await contentsOf(phase);
    const definitions = entries.filter((entry) => !isOfRights(entry));
    for (const sections of split(phase)) {
      rounds.push({ phase: { artifact: phase.artifact, sections }, entries: definitions });
    }
    const { artifact } = phase;
    // The same archive stands for two phases where schema and rows are kept apart.
    if (rights.some((one) => one.phase.artifact === artifact)) continue;
    rights.push({ phase: { artifact }, entries: entries.filter(isOfRights) });
  }
  return [...rounds, ...rights].filter((round) => round.entries.length > 0);
}

type Sections = NonNullable<LoadPhase["sections"]>;

/** https://www.postgresql.org/docs/current/app-pgrestore.html, --section */
function split({ sections = ["pre-data", "data", "post-data"] }: LoadPhase): readonly Sections[] {
  const before = sections.filter((section) => section !== "post-data");
  const after = sections.filter((section) => section === "post-data");
  return [before, after].filter((some) => some.length > 0);
}

/** Puts the index of a partition under the one of its table. */
const ATTACH = "INDEX ATTACH";

/**
 * An index of a partitioned table becomes valid with the last of its partitions' indexes. Two connections
 * that attach the last two in the same moment do not see each other's, and it stays invalid for ever; so one
 * attaches all of them, after what they need and before what needs them.
 *
 * https://www.postgresql.org/docs/current/sql-alterindex.html (ATTACH PARTITION)
 *
 * @param round what several connections are about to load
 */
export function attachingAlone({ phase, entries }: Round): Round[] {
  const attaching = new Set(entries.filter(({ type }) => type === ATTACH).map(({ id }) => id));
  if (attaching.size === 0 || phase.sections?.includes("post-data") !== true) return [{ phase, entries }];
  const after = new Set<string>();
  const follows = ({ id, needs }: TocEntry): boolean =>
    !attaching.has(id) && needs.some((one) => attaching.has(one) || after.has(one));
  // An archive's order is one in which everything comes after what it needs.
  for (const entry of entries) if (follows(entry)) after.add(entry.id);
  const rounds: Round[] = [
    { phase, entries: entries.filter(({ id }) => !attaching.has(id) && !after.has(id)) },
    { phase, entries: entries.filter(({ id }) => attaching.has(id)), alone: true },
    { phase, entries: entries.filter(({ id }) => after.has(id)) },
  ];
  return rounds.filter((each) => each.entries.length > 0);
}
