import { greater, IMPACTS, readMessage, type Impact, type ReadMessage } from "./message.ts";

/** A commit of the pull request. */
export interface PolicyCommit {
  readonly id: string;
  readonly message: string;
  /** Two or more parents. */
  readonly isMerge: boolean;
  /** Hashes of commits whose change this one takes back: what git has found, and no message only says. */
  readonly undoes?: readonly string[];
}

/** What a pull request asks of the next version. */
export interface Asking {
  readonly title: string;
  /** Its description, as far as it is seen. */
  readonly body: string;
  readonly commits: readonly PolicyCommit[];
}

/** What a squash would lose of a pull request's commits. */
export interface LostImpact {
  readonly impact: Exclude<Impact, "none">;
  /** Of the commit, the title or the description, whichever has it. */
  readonly by: string;
  /** The header that keeps it. */
  readonly title: string;
}

/**
 * What a pull request asks of the next version, and what is left of that by its squash, which writes one
 * header of all. A commit and its revert in the same pull request cancel each other; a merge counts by its
 * own message.
 *
 * @param written the squash's message, as far as it is known to be kept
 * @returns undefined where that asks for as much
 */
export function lostImpact(written: string, { title, body, commits }: Asking): LostImpact | undefined {
  const squashed = readMessage(written);
  const titled = readMessage(title);
  let most: { readonly impact: Impact; readonly by: string; readonly like: ReadMessage } | undefined;
  const weigh = (by: string, read: ReadMessage): void => {
    if (most !== undefined && IMPACTS.indexOf(read.impact) <= IMPACTS.indexOf(most.impact)) return;
    most = { impact: read.impact, by, like: read };
  };
  for (const { id, message } of withoutReverted(commits)) {
    const read = readMessage(message);
    weigh(`commit ${id.slice(0, 7)}, ${JSON.stringify(read.header.slice(0, HEADER_TOLD))}`, read);
  }
  weigh(`the title, ${JSON.stringify(titled.header.slice(0, HEADER_TOLD))}`, titled);
  if (BREAKING_IN_BODY.test(body)) {
    weigh("the description, by its BREAKING CHANGE", { ...(most?.like ?? titled), impact: "major" });
  }
  if (most === undefined || most.impact === "none") return undefined;
  if (greater(squashed.impact, most.impact) === squashed.impact) return undefined;
  return { impact: most.impact, by: most.by, title: titleWith(titled, most.like, most.impact) };
}

const HEADER_TOLD = 120;

/** Only as a line of its own, as a footer is; whoever speaks of it in a sentence means none. */
const BREAKING_IN_BODY = /^BREAKING[ -]CHANGE: \S/m;

/** From the newest: a revert of a revert lets the first one be. */
function withoutReverted(commits: readonly PolicyCommit[]): PolicyCommit[] {
  const gone = new Set<string>();
  const there = new Set(commits.map(({ id }) => id));
  for (const { id, undoes = [] } of [...commits].reverse()) {
    if (gone.has(id)) continue;
    for (const undone of undoes) {
      if (!there.has(undone)) continue;
      gone.add(undone);
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
