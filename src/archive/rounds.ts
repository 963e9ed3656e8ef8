import type { TocEntry } from "../ports/dump-tools.ts";
import type { ArtifactSet, Phase } from "./artifact-set.ts";

/** What is loaded together, and settled before what comes next. */
export interface Round {
  readonly phase: Phase;
  /** In the archive's order. */
  readonly entries: readonly TocEntry[];
}

/** They come last: an owner may have given up rights that making a key needs. */
const RIGHTS: ReadonlySet<string> = new Set(["ACL", "DEFAULT ACL"]);

/**
 * Definitions and rows first, then what is made on rows (indexes, keys, triggers), then rights. What is made on rows would act
 * on those that come after it: a trigger would fire, and a check that is not valid for the rows of before would refuse them. One
 * pass over an archive does not keep them apart where several connections work, and a second try of rows never would.
 *
 * @param contentsOf entries of an artifact that are to be loaded
 */
export async function roundsOf(set: ArtifactSet, contentsOf: (phase: Phase) => Promise<readonly TocEntry[]>): Promise<Round[]> {
  const rounds: Round[] = [];
  const rights: Round[] = [];
  for (const phase of set.phases) {
    const entries = await contentsOf(phase);
    const definitions = entries.filter(({ type }) => !RIGHTS.has(type));
    for (const sections of split(phase)) rounds.push({ phase: { artifact: phase.artifact, sections }, entries: definitions });
    const { artifact } = phase;
    // The same archive stands for two phases where schema and rows are kept apart.
    if (rights.some((one) => one.phase.artifact === artifact)) continue;
    rights.push({ phase: { artifact }, entries: entries.filter(({ type }) => RIGHTS.has(type)) });
  }
  return [...rounds, ...rights].filter((round) => round.entries.length > 0);
}

type Sections = NonNullable<Phase["sections"]>;

/** https://www.postgresql.org/docs/current/app-pgrestore.html, --section */
function split({ sections = ["pre-data", "data", "post-data"] }: Phase): readonly Sections[] {
  const before = sections.filter((section) => section !== "post-data");
  const after = sections.filter((section) => section === "post-data");
  return [before, after].filter((some) => some.length > 0);
}
