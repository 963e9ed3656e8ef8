import type { Operation } from "./description.ts";
import { DOCS, FakeRules, page, type Plain } from "./fake-rules.ts";

/** A pull request, as far as tests tell them apart. */
export interface KeptPull {
  readonly number: number;
  title: string;
  body: string | null;
  draft: boolean;
  state: "open" | "closed";
  merged: boolean;
  readonly author: string;
  readonly branch: string;
  readonly base: string;
  sha: string;
  /** Of its branch. */
  readonly repository: string;
  commits: { readonly id: string; readonly message: string; readonly parents: readonly string[] }[];
}

/** An issue, open or closed. */
export interface KeptIssue {
  readonly number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  reason: string | null;
  labels: string[];
  readonly author: "Bot" | "User";
  readonly association: string;
  /** GitHub lists pull requests among issues. */
  readonly isPull?: boolean;
}

/** No list of a pull request's commits has more. https://docs.github.com/rest/pulls/pulls */
const COMMITS_MAX = 250;

/** One repository at GitHub with its rules, pull requests and issues; see {@link FakeRules}. */
export class FakeForge extends FakeRules {
  pulls: KeptPull[] = [];
  /** Pull requests that a commit belongs to, beside those whose list has it. */
  readonly associated = new Map<string, readonly number[]>();
  /** Branches, by name, with their commits; those of the queue among them. */
  readonly refs = new Map<string, string>();
  /** Tags, by name, with the objects that they name. */
  readonly tags = new Map<string, string>();
  mayReadContents = true;
  issues: KeptIssue[] = [];
  labels: string[] = [];
  readonly comments: { readonly issue: number; readonly body: string }[] = [];
  /** What the base of a pull request says of its repository otherwise than the repository itself. */
  baseSettings: Plain = {};
  mayReadPulls = true;
  mayWriteIssues = true;

  /** Puts a pull request there. */
  pull(given: Partial<KeptPull> & Pick<KeptPull, "number">): KeptPull {
    const kept: KeptPull = {
      title: "feat: keep items",
      body: "",
      draft: false,
      state: "open",
      merged: false,
      author: "ada",
      branch: "feature/cart",
      base: "main",
      sha: "0".repeat(40),
      repository: "acme/shop",
      commits: [],
      ...given,
    };
    this.pulls.push(kept);
    return kept;
  }

  /** Puts an issue there. */
  issue(given: Partial<KeptIssue>): KeptIssue {
    const kept: KeptIssue = {
      number: 1 + Math.max(0, ...this.issues.map(({ number }) => number)),
      title: "an issue",
      body: "",
      state: "open",
      reason: null,
      labels: [],
      author: "Bot",
      association: "NONE",
      ...given,
    };
    this.issues.push(kept);
    return kept;
  }

  protected override more(operation: Operation, url: URL, body: Plain): [number, unknown] | undefined {
    const { method, path, values } = operation;
    if (path.includes("/matching-refs/")) {
      return this.mayReadContents ? [200, this.#refs(operation)] : DENIED;
    }
    if (path.includes("/pulls")) return this.#pulls(operation, url);
    if (!path.includes("/issues") && !path.includes("/labels")) return undefined;
    if (!this.mayWriteIssues && method !== "GET") return DENIED;
    switch (`${method} ${path.slice("/repos/{owner}/{repo}".length)}`) {
      case "GET /issues":
        return [200, this.#listed(operation, url)];
      case "POST /issues":
        return [201, issueOf(operation, this.#opened(body))];
      case "PATCH /issues/{issue_number}":
        return this.#patched(operation, body);
      case "POST /issues/{issue_number}/comments": {
        this.comments.push({ issue: Number(values["issue_number"]), body: String(body["body"]) });
        return [201, { ...(operation.example(201) as Plain), body: body["body"] }];
      }
      case "GET /labels/{name}":
        return this.labels.includes(values["name"]!) ? [200, operation.example(200)] : NOT_FOUND;
      case "POST /labels":
        return this.#labelled(operation, String(body["name"]));
      default:
        return undefined;
    }
  }

  #refs(operation: Operation): unknown {
    const [example] = operation.example(200) as Plain[];
    const [, kind = "", wanted = ""] = /^(heads|tags)\/(.*)$/.exec(operation.values["ref"]!) ?? [];
    return [...(kind === "tags" ? this.tags : this.refs)]
      .filter(([name]) => name.startsWith(wanted))
      .map(([name, sha]) => ({
        ...example,
        ref: `refs/${kind}/${name}`,
        object: { ...(example!["object"] as Plain), sha },
      }));
  }

  #pulls(operation: Operation, url: URL): [number, unknown] {
    if (!this.mayReadPulls) return DENIED;
    const { path, values } = operation;
    if (path.endsWith("/commits/{commit_sha}/pulls")) {
      const sha = values["commit_sha"]!;
      const listed = this.associated.get(sha) ?? [];
      const all = this.pulls.filter(
        ({ number, commits }) => listed.includes(number) || commits.some(({ id }) => id === sha),
      );
      const [example] = operation.example(200) as Plain[];
      return [200, page(url, all).map((each) => this.shownPull(example!, each))];
    }
    const kept = this.pulls.find(({ number }) => number === Number(values["pull_number"]));
    if (kept === undefined) return NOT_FOUND;
    if (!path.endsWith("/commits")) {
      return [
        200,
        { ...this.shownPull(operation.example(200) as Plain, kept), commits: kept.commits.length },
      ];
    }
    const [example] = operation.example(200) as Plain[];
    return [
      200,
      page(url, kept.commits.slice(0, COMMITS_MAX)).map(({ id, message, parents }) => ({
        ...example,
        sha: id,
        commit: { ...(example!["commit"] as Plain), message },
        parents: parents.map((sha) => ({ sha, url: `https://api.github.com/${sha}` })),
      })),
    ];
  }

  protected shownPull(example: Plain, kept: KeptPull): Plain {
    const pull = pullOf(example, kept);
    const base = pull["base"] as Plain;
    const own = { ...(base["repo"] as Plain), id: idOf("acme/shop") };
    const repo = { ...own, ...this.settings, ...this.baseSettings };
    return { ...pull, base: { ...base, repo } };
  }

  #listed(operation: Operation, url: URL): unknown {
    const wanted = (url.searchParams.get("labels") ?? "").split(",").filter((each) => each !== "");
    const state = url.searchParams.get("state") ?? "open";
    const all = this.issues.filter(
      (each) =>
        (state === "all" || each.state === state) && wanted.every((label) => each.labels.includes(label)),
    );
    return page(url, all).map((each) => issueOf(operation, each));
  }

  #opened(body: Plain): KeptIssue {
    return this.issue({
      title: String(body["title"]),
      body: String(body["body"]),
      labels: (body["labels"] ?? []) as string[],
    });
  }

  #patched(operation: Operation, body: Plain): [number, unknown] {
    const kept = this.issues.find(({ number }) => number === Number(operation.values["issue_number"]));
    if (kept === undefined) return NOT_FOUND;
    const { state_reason: reason, ...rest } = body;
    Object.assign(kept, rest, reason === undefined ? {} : { reason });
    return [200, issueOf(operation, kept)];
  }

  #labelled(operation: Operation, name: string): [number, unknown] {
    if (this.labels.includes(name)) {
      const errors = [{ resource: "Label", code: "already_exists", field: "name" }];
      return [422, { message: "Validation Failed", documentation_url: DOCS, errors }];
    }
    this.labels.push(name);
    return [201, { ...(operation.example(201) as Plain), name }];
  }
}

export const NOT_FOUND: [number, unknown] = [404, { message: "Not Found", documentation_url: DOCS }];
export const DENIED: [number, unknown] = [
  403,
  { message: "Resource not accessible by integration", documentation_url: DOCS },
];

function pullOf(example: Plain, kept: KeptPull): Plain {
  const { number, title, body, draft, state, merged, author, branch, base, sha, repository } = kept;
  return {
    ...example,
    number,
    title,
    body,
    draft,
    state,
    // A list does not tell.
    ...("merged" in example ? { merged } : {}),
    // The description's own example has teams that its schema does not know.
    requested_teams: [],
    user: { ...(example["user"] as Plain), login: author },
    head: headOf(example["head"] as Plain, { branch, sha, repository }),
    base: { ...(example["base"] as Plain), ref: base },
  };
}

/** Another number for every other name. */
function idOf(repository: string): number {
  return Buffer.from(repository).reduce((sum, byte) => (sum * 31 + byte) % 1_000_000_007, 7);
}

function headOf(
  example: Plain,
  { branch, sha, repository }: Pick<KeptPull, "branch" | "sha" | "repository">,
): Plain {
  const repo = { ...(example["repo"] as Plain), full_name: repository, id: idOf(repository) };
  return { ...example, ref: branch, sha, repo };
}

function issueOf(operation: Operation, kept: KeptIssue): Plain {
  const status = operation.method === "POST" ? 201 : 200;
  const given = operation.example(status);
  const example = (Array.isArray(given) ? given[0] : given) as Plain;
  const { pull_request: pull, ...rest } = example;
  const [label] = (example["labels"] ?? []) as Plain[];
  return {
    ...rest,
    ...(kept.isPull === true ? { pull_request: pull } : {}),
    number: kept.number,
    title: kept.title,
    body: kept.body,
    state: kept.state,
    state_reason: kept.reason,
    author_association: kept.association,
    html_url: `https://github.com/acme/shop/issues/${kept.number}`,
    user: { ...(example["user"] as Plain), type: kept.author },
    labels: kept.labels.map((name) => ({ ...label, name })),
  };
}
