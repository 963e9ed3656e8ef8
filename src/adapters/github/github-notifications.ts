import { createHash } from "node:crypto";
import type { ForgeIssues } from "../../ports/forge-issues.ts";
import { markedIssues, openMarked, type IssueMark } from "../../ports/marked-issues.ts";
import type { Notice, Notifications, ToldNotice } from "../../ports/notifications.ts";

/** https://docs.github.com/rest/issues/issues: titles of 256 letters, texts of 65,536. */
const TITLE_MAX = 250;
const BODY_MAX = 60_000;

/** Label of each kind, with what it says of itself. */
const LABELS = { rollback: "A release was taken back" } as const satisfies Record<Notice["kind"], string>;

/**
 * An issue for each notice, found again by its label and a mark, closed or not: whoever has dealt with it
 * closes it, and a run that is gone on with must not open another. A job needs `issues: write`.
 */
export class GithubNotifications implements Notifications {
  readonly #issues: ForgeIssues;

  constructor(issues: ForgeIssues) {
    this.#issues = issues;
  }

  async find(notice: Pick<Notice, "kind" | "key">): Promise<ToldNotice | undefined> {
    const [first] = await markedIssues(this.#issues, markOf(notice), "all");
    return first === undefined ? undefined : { address: first.url };
  }

  async tell(notice: Notice): Promise<string | undefined> {
    const there = await this.find(notice);
    if (there !== undefined) return there.address;
    const known = markOf(notice);
    const text = { title: cut(notice.title, TITLE_MAX), body: bodyOf(notice, known) };
    const { issue } = await openMarked(this.#issues, known, text, LABELS[notice.kind], "all");
    return issue.url;
  }
}

/** A hash, because a key may hold what ends a comment. */
function markOf({ kind, key }: Pick<Notice, "kind" | "key">): IssueMark {
  const hash = createHash("sha256").update(key).digest("hex");
  return { label: kind, mark: `<!-- holdfast ${kind} ${hash.slice(0, 32)} -->` };
}

function bodyOf({ body }: Notice, { mark }: IssueMark): string {
  const whole = `${mark}\n\n${body}`;
  return whole.length <= BODY_MAX ? whole : `${cut(whole, BODY_MAX)}\n\n(cut here: it was longer)`;
}

/** Never between the halves of a character. */
function cut(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
}
