import * as z from "zod";
import type { Answer } from "../../ports/forge.ts";
import type { ForgeIssue, ForgeIssues, IssueText } from "../../ports/forge-issues.ts";
import type { GithubRepository } from "./github-repository.ts";

const ISSUES_READ = "Issues: read";
const ISSUES_WRITE = "Issues: write";

const issue = z.looseObject({
  number: z.int(),
  title: z.string(),
  body: z.string().nullish(),
  html_url: z.string(),
  user: z.looseObject({ type: z.string().optional() }).nullish(),
  author_association: z.string().optional(),
  pull_request: z.unknown().optional(),
});

/** Whose text on an issue is the repository's own. https://docs.github.com/graphql/reference/enums */
const OURS = ["OWNER", "MEMBER", "COLLABORATOR"];

/** A repository's issues at GitHub; a job's token needs `issues: write`. */
export class GithubIssues implements ForgeIssues {
  readonly #at: GithubRepository;

  constructor(at: GithubRepository) {
    this.#at = at;
  }

  async labelled(label: string, states: "open" | "all"): Promise<Answer<readonly ForgeIssue[]>> {
    const values = { labels: label, state: states, sort: "created", direction: "asc" };
    const all = await this.#at.pages("GET /repos/{owner}/{repo}/issues", values, ISSUES_READ, (data) =>
      this.#at.shaped(issue, data),
    );
    if (all.kind !== "found") return all;
    return {
      kind: "found",
      value: all.value.filter((each) => each.pull_request === undefined).map(issueOf),
    };
  }

  async ensureLabel({ name, text }: { readonly name: string; readonly text: string }): Promise<void> {
    const there = await this.#at.read("GET /repos/{owner}/{repo}/labels/{name}", { name });
    if (there.status === 200) return;
    try {
      const values = { name, description: text, color: "b60205" };
      await this.#write("POST /repos/{owner}/{repo}/labels", values, `the label '${name}'`, false);
    } catch (error) {
      // Another run has made it meanwhile.
      const again = await this.#at.read("GET /repos/{owner}/{repo}/labels/{name}", { name });
      if (again.status !== 200) throw error;
    }
  }

  async open({ title, body }: IssueText, label: string): Promise<ForgeIssue> {
    const route = "POST /repos/{owner}/{repo}/issues";
    const data = await this.#write(route, { title, body, labels: [label] }, "an issue", false);
    return issueOf(this.#at.shaped(issue, data));
  }

  async rewrite(number: number, { title, body }: IssueText): Promise<void> {
    await this.#patch(number, { title, body });
  }

  async comment(number: number, body: string): Promise<void> {
    const route = "POST /repos/{owner}/{repo}/issues/{issue_number}/comments";
    await this.#write(route, { issue_number: number, body }, `a comment on issue #${number}`, false);
  }

  async close(number: number, why: "completed" | "not-planned"): Promise<void> {
    const reason = why === "completed" ? "completed" : "not_planned";
    await this.#patch(number, { state: "closed", state_reason: reason });
  }

  async #patch(number: number, values: Readonly<Record<string, unknown>>): Promise<void> {
    const route = "PATCH /repos/{owner}/{repo}/issues/{issue_number}";
    await this.#write(route, { issue_number: number, ...values }, `issue #${number}`, true);
  }

  #write(
    route: string,
    values: Readonly<Record<string, unknown>>,
    what: string,
    repeatable: boolean,
  ): Promise<unknown> {
    return this.#at.write({
      route,
      values,
      what,
      repeatable,
      denied:
        `Give a token with '${ISSUES_WRITE}'; in a workflow the job needs ` + "`permissions: issues: write`.",
      refused: (message) =>
        /\bissues\b.*\bdisabled\b/i.test(message)
          ? "Switch issues on in the repository's settings, or take the workflow's job away that writes one."
          : "Do what GitHub's words say, then run again.",
    });
  }
}

function issueOf(each: z.infer<typeof issue>): ForgeIssue {
  return {
    number: each.number,
    title: each.title,
    body: each.body ?? "",
    isOurs: each.user?.type === "Bot" || OURS.includes(each.author_association ?? ""),
    url: each.html_url,
  };
}
