import { greater, IMPACTS, readMessage, type Impact, type ReadMessage } from "./message.ts";

/** A commit of the pull request. */
export interface PolicyCommit {
  readonly id: string;
  readonly message: string;
  /** Two or more parents. */
  readonly isMerge: boolean;
}

/** What a squash would lose of a pull request's commits. */
export interface LostImpact {
  readonly impact: Exclude<Impact, "none">;
  /** Of the commit, or of the description, that has it. */
  readonly by: string;
  /** The title that keeps it. */
  readonly title: string;
}

/**
 * What the commits ask of the next version, and what the squashed one would: a squash writes the title, and
 * whatever it keeps of the rest counts for nothing where tools read headers alone. A commit and its revert in
 * the same pull request cancel each other.
 *
 * @param body of the pull request, as far as it is seen
 * @returns undefined where the title asks for as much
 */
export function lostImpact(
  title: string,
  body: string,
  commits: readonly PolicyCommit[],
): LostImpact | undefined {
  const squashed = readMessage(title);
  const counting = withoutReverted(commits.filter(({ isMerge }) => !isMerge));
  let most: { readonly impact: Impact; readonly by: string; readonly like: ReadMessage } | undefined;
  for (const { id, message } of counting) {
    const read = readMessage(message);
    if (most === undefined || IMPACTS.indexOf(read.impact) > IMPACTS.indexOf(most.impact)) {
      most = { impact: read.impact, by: `commit ${id.slice(0, 7)}, "${read.header}"`, like: read };
    }
  }
  if (BREAKING_IN_BODY.test(body) && most?.impact !== "major") {
    most = { impact: "major", by: "the description's BREAKING CHANGE", like: most?.like ?? squashed };
  }
  if (most === undefined || most.impact === "none") return undefined;
  if (greater(squashed.impact, most.impact) === squashed.impact) return undefined;
  return { impact: most.impact, by: most.by, title: titleWith(squashed, most.like, most.impact) };
}

/** Only as a line of its own, as a footer is; whoever speaks of it in a sentence means none. */
const BREAKING_IN_BODY = /^BREAKING[ -]CHANGE: \S/m;

/** From the newest: a revert of a revert lets the first one be. */
function withoutReverted(commits: readonly PolicyCommit[]): PolicyCommit[] {
  const gone = new Set<string>();
  for (const { id, message } of [...commits].reverse()) {
    if (gone.has(id)) continue;
    for (const [, hash] of message.matchAll(/This reverts commit ([0-9a-f]{7,64})/gi)) {
      const reverted = commits.find((each) => each.id.startsWith(hash!.toLowerCase()));
      if (reverted === undefined) continue;
      gone.add(reverted.id);
      gone.add(id);
    }
  }
  return commits.filter(({ id }) => !gone.has(id));
}

function titleWith(title: ReadMessage, like: ReadMessage, impact: Impact): string {
  const keeps =
    title.type !== undefined && (impact === "major" || readMessage(`${title.type}: x`).impact === impact);
  const type = keeps ? title.type : (like.type ?? (impact === "minor" ? "feat" : "fix"));
  const scope = title.scope === undefined ? "" : `(${title.scope})`;
  const subject = title.subject ?? title.header;
  return `${type}${scope}${impact === "major" ? "!" : ""}: ${subject}`;
}
