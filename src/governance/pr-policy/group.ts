import { HoldfastError, isHoldfastError } from "../../kernel/errors.ts";
import { numberInQueue, type ForgeCommit, type ForgePull, type ForgePulls } from "../../ports/forge-pulls.ts";
import type { MergeGroupEvent } from "../../ports/pull-request-event.ts";
import type { SourceCommit, SourceHistory, SourceRange } from "../../ports/source-history.ts";
import { told } from "../../nouns/forge/told.ts";

/** One pull request of a merge group. */
export interface GroupMember {
  readonly pull: ForgePull;
  /** Its own commits, as it has them, whatever the queue made of them. */
  readonly commits: readonly ForgeCommit[];
  /** What it brings to the group. */
  readonly range: SourceRange;
}

/** What GitHub appends to a title that it writes, and what it begins a merge with. */
const NUMBERED = /^(.*) \(#(\d+)\)$/;
const MERGED = /^Merge pull request #(\d+) from /;

/**
 * Finds the pull requests of a merge group again, in the order in which they will be merged. The group's
 * branch names the last, and the branches of the queue those before it. Where one is gone, a step that the
 * queue has put upon the base is named by its message or by GitHub, and each name is believed only where the
 * pull request fits. A step that belongs to none ends it: what was not found was not judged.
 *
 * @throws forge.untold; source.history and what {@link ForgePulls} throws
 */
export async function findGroup(
  history: SourceHistory,
  pulls: ForgePulls,
  event: MergeGroupEvent,
): Promise<readonly GroupMember[]> {
  const steps = await stepsOf(history, event);
  const search = new Search(pulls, event.base.branch);
  const queued = await pulls.queued(event.base.branch);
  const tips = new Map(queued.kind === "found" ? queued.value.map((each) => [each.commit, each.number]) : []);
  tips.set(event.commit, lastNumber(event));
  const owners: ForgePull[] = [];
  for (const step of steps.toReversed()) {
    const number = tips.get(step.id);
    // The first in the loop is the group's own commit, which has a number.
    owners.unshift(number === undefined ? await search.ownerOf(step, owners[0]!) : await search.pull(number));
  }
  const members: GroupMember[] = [];
  for (const pull of new Set(owners)) {
    const own = steps.filter((_, at) => owners[at] === pull);
    const range = { base: own[0]!.parents[0]!, head: own.at(-1)!.id };
    members.push({ pull, range, commits: await commitsOf(history, search, pull, own) });
  }
  return members;
}

/** What the queue has put upon the base, the first first: merges, or commits of its own. */
async function stepsOf(history: SourceHistory, event: MergeGroupEvent): Promise<readonly SourceCommit[]> {
  const { base, commit: head } = event;
  const all = await history.commits({ base: base.commit, head });
  const known = new Map(all.map((each) => [each.id, each]));
  const steps: SourceCommit[] = [];
  let at: string | undefined = head;
  for (let step = known.get(head); step !== undefined; step = known.get(at ?? "")) {
    steps.unshift(step);
    at = step.parents[0];
  }
  if (steps.length > 0 && at === base.commit) return steps;
  throw untold(
    event,
    `the group's commit ${head.slice(0, 10)} does not stand on its base ${base.commit.slice(0, 10)}`,
  );
}

function lastNumber(event: MergeGroupEvent): number {
  const number = numberInQueue(event.branch);
  if (number === undefined) throw untold(event, `the branch ${JSON.stringify(event.branch)} names none`);
  return number;
}

/** Pull requests that were asked for, each once. */
class Search {
  readonly #pulls: ForgePulls;
  readonly #base: string;
  readonly #known = new Map<number, ForgePull>();
  readonly #commits = new Map<number, readonly ForgeCommit[]>();

  constructor(pulls: ForgePulls, base: string) {
    this.#pulls = pulls;
    this.#base = base;
  }

  async pull(number: number): Promise<ForgePull> {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const pull = told(await this.#pulls.pull(number), `pull request #${number}`);
    this.#known.set(number, pull);
    return pull;
  }

  async commits(pull: ForgePull): Promise<readonly ForgeCommit[]> {
    const known = this.#commits.get(pull.number);
    if (known !== undefined) return known;
    const what = `the commits of pull request #${pull.number}`;
    const listed = told(await this.#pulls.commitsOf(pull.number), what);
    if (listed.length < pull.commits) {
      throw new HoldfastError(
        "forge.untold",
        `GitHub lists ${listed.length} of the ${pull.commits} commits of pull request #${pull.number}`,
        { hint: `Have the workflow fetch refs/pull/${pull.number}/head, so that git knows all of them.` },
      );
    }
    this.#commits.set(pull.number, listed);
    return listed;
  }

  /** Whose a step is that no branch of the queue ends with. */
  async ownerOf(step: SourceCommit, next: ForgePull): Promise<ForgePull> {
    const [header = ""] = step.message.split("\n");
    const named = Number(MERGED.exec(header)?.[1] ?? NUMBERED.exec(header)?.[2] ?? Number.NaN);
    const candidates = async function* (search: Search): AsyncGenerator<ForgePull> {
      if (Number.isInteger(named)) yield* search.#open([named]);
      const asked = step.parents[1] ?? step.id;
      yield* search.#open(told(await search.#pulls.ofCommit(asked), `whose commit ${asked} is`));
      yield next;
    };
    for await (const pull of candidates(this)) {
      if (pull.base.branch === this.#base && (await this.#fits(step, header, pull))) return pull;
    }
    throw new HoldfastError(
      "forge.untold",
      `no pull request was found that commit ${step.id.slice(0, 10)} ` +
        `${JSON.stringify(header.slice(0, 120))} of the merge group belongs to`,
      {
        hint:
          "Run again; where that does not help, take its pull request out of the queue and put it in " +
          "again: it may have been edited meanwhile.",
      },
    );
  }

  /** A message may name what is none, or one that was merged long ago and is picked up here. */
  async *#open(numbers: readonly number[]): AsyncGenerator<ForgePull> {
    for (const number of numbers) {
      const known = this.#known.get(number);
      const answer = known === undefined ? await this.#pulls.pull(number) : undefined;
      const pull = answer?.kind === "found" ? answer.value : known;
      if (pull?.isOpen !== true) continue;
      this.#known.set(number, pull);
      yield pull;
    }
  }

  /**
   * A merge takes the head that the pull request has; a squash is called as the pull request or its only
   * commit is, with its number; what was rebased has the message that it had.
   */
  async #fits(step: SourceCommit, header: string, pull: ForgePull): Promise<boolean> {
    if (step.parents.length > 1) return step.parents[1] === pull.head.commit;
    const [, title, number] = NUMBERED.exec(header) ?? [];
    const isNumbered = Number(number) === pull.number;
    if (isNumbered && title === pull.title) return true;
    return (await this.commits(pull)).some(({ message }) =>
      isNumbered ? message.split("\n")[0] === title : message.trim() === step.message.trim(),
    );
  }
}

/** From git, where it knows the pull request's own; a squash leaves nothing of them there. */
async function commitsOf(
  history: SourceHistory,
  search: Search,
  pull: ForgePull,
  steps: readonly SourceCommit[],
): Promise<readonly ForgeCommit[]> {
  const [merge] = steps.filter(({ parents }) => parents.length > 1);
  const [base] = steps[0]!.parents;
  const head = merge?.parents[1] ?? pull.head.commit;
  try {
    return await history.commits({ base: base!, head: await history.commit(head) });
  } catch (error) {
    if (!isHoldfastError(error, "source.history")) throw error;
    return await search.commits(pull);
  }
}

function untold({ branch }: MergeGroupEvent, why: string): HoldfastError {
  return new HoldfastError("forge.untold", `the pull requests of the merge group were not found: ${why}`, {
    hint: `Check out with \`fetch-depth: 0\`, on \`merge_group\`; the group is ${JSON.stringify(branch)}.`,
  });
}
