import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ApiDescription, Operation } from "./description.ts";

/** A pull request, as far as tests tell them apart. */
export interface FakePull {
  readonly number: number;
  readonly sha: string;
  /** Owner, and id, of the repository that its branch is in; undefined where it was deleted. */
  readonly from: { readonly owner: string; readonly id: number } | undefined;
  readonly branch: string;
}

/** What a job has marked. */
export interface FakeAnnotation {
  readonly path: string;
  readonly start_line: number;
  readonly annotation_level: "failure" | "warning" | "notice";
  readonly title: string | null;
  readonly message: string;
}

/** A comment on a pull request. */
export interface FakeComment {
  readonly id: number;
  readonly pull: number;
  readonly login: string;
  body: string;
}

type Example = Record<string, unknown>;

/**
 * One repository at GitHub, as far as commenting goes. Every request and every answer is held against
 * GitHub's own description; what does not fit is in {@link wrong}.
 */
export class FakeGithub implements AsyncDisposable {
  readonly wrong: string[] = [];
  readonly calls: string[] = [];
  pulls: FakePull[] = [];
  /** By job, of the run that is asked for. */
  jobs: FakeAnnotation[][] = [];
  comments: FakeComment[] = [];
  /** Ended runs of the workflow, all of the same commit. */
  runs: { readonly number: number; readonly conclusion: string; readonly from: number }[] = [];
  readonly #description: ApiDescription;
  readonly #token: string;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(description: ApiDescription, token: string) {
    this.#description = description;
    this.#token = token;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, `http://${request.headers.host}`);
    const method = request.method!;
    const operation = this.#description.operation(method, url.pathname);
    const text = (await request.toArray()).join("");
    const body = (text === "" ? undefined : JSON.parse(text)) as { readonly body: string } | undefined;
    this.calls.push(`${method} ${url.pathname}`);
    const problem =
      operation === undefined ? "no such operation" : operation.wrongRequest(url.searchParams, body);
    if (request.headers.authorization !== `token ${this.#token}`) this.wrong.push(`${method}: not signed in`);
    if (operation === undefined || problem !== "") {
      this.wrong.push(`${method} ${url.pathname}: ${problem}`);
      response.writeHead(422).end("{}");
      return;
    }
    const status = method === "POST" ? 201 : 200;
    const answer = this.#does(operation, status, url, body?.body ?? "");
    const wrong = operation.wrongAnswer(status, answer);
    if (wrong !== "") this.wrong.push(`answer to ${method} ${url.pathname}: ${wrong}`);
    response.writeHead(status, { "content-type": "application/json", ...this.#next(url, answer) });
    response.end(JSON.stringify(answer));
  }

  #does(operation: Operation, status: number, url: URL, body: string): unknown {
    const example = operation.example(status);
    const values = operation.values;
    const page = <T>(all: readonly T[]): readonly T[] => {
      const size = Number(url.searchParams.get("per_page") ?? 30);
      const at = Number(url.searchParams.get("page") ?? 1) - 1;
      return all.slice(at * size, (at + 1) * size);
    };
    const head = url.searchParams.get("head");
    switch (`${operation.method} ${operation.path}`) {
      case "GET /repos/{owner}/{repo}/pulls":
        return page(
          this.pulls.filter(({ from, branch }) => head === null || head === `${from?.owner ?? ""}:${branch}`),
        ).map((pull) => pullOf((example as Example[])[0]!, pull));
      case "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs":
        return jobsOf(example as { readonly jobs: Example[] }, this.jobs.length);
      case "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs": {
        const [one] = (example as { readonly workflow_runs: Example[] }).workflow_runs;
        const runs = this.runs.map(({ number, conclusion, from }) => ({
          ...one,
          run_number: number,
          conclusion,
          head_repository: { ...(one!["head_repository"] as Example), id: from },
        }));
        return { total_count: runs.length, workflow_runs: page(runs) };
      }
      case "GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations":
        return page(this.jobs[Number(values["check_run_id"]) - 1]!).map((each) => ({
          ...(example as Example[])[0]!,
          ...each,
          end_line: each.start_line,
        }));
      case "GET /repos/{owner}/{repo}/issues/{issue_number}/comments":
        return page(this.comments.filter(({ pull }) => pull === Number(values["issue_number"]))).map(
          (comment) => commentOf((example as Example[])[0]!, comment),
        );
      case "POST /repos/{owner}/{repo}/issues/{issue_number}/comments": {
        const id = this.comments.length + 1;
        const comment = { id, pull: Number(values["issue_number"]), login: "github-actions[bot]", body };
        this.comments.push(comment);
        return commentOf(example as Example, comment);
      }
      case "PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}": {
        const comment = this.comments.find(({ id }) => id === Number(values["comment_id"]))!;
        comment.body = body;
        return commentOf(example as Example, comment);
      }
      default:
        throw new Error(`the fake does not do ${operation.method} ${operation.path}`);
    }
  }

  /** https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api */
  #next(url: URL, answer: unknown): Record<string, string> {
    const size = Number(url.searchParams.get("per_page") ?? 30);
    if (!Array.isArray(answer) || answer.length < size) return {};
    const next = new URL(url);
    next.searchParams.set("page", String(Number(url.searchParams.get("page") ?? 1) + 1));
    return { link: `<${next.href}>; rel="next"` };
  }
}

function pullOf(example: Example, { number, sha, from, branch }: FakePull): Example {
  const head = example["head"] as Example;
  const repo = from === undefined ? null : { ...(head["repo"] as Example), id: from.id };
  return {
    ...example,
    number,
    // The description's own example has a team that its schema does not know.
    requested_teams: [],
    head: { ...head, sha, ref: branch, repo },
  };
}

function jobsOf({ jobs }: { readonly jobs: readonly Example[] }, count: number): unknown {
  const made = Array.from({ length: count }, (_, at) => ({
    ...jobs[0]!,
    id: at + 1,
    check_run_url: `https://api.github.com/repos/acme/shop/check-runs/${at + 1}`,
    // It is required, and the description's own example has none.
    created_at: "2026-11-27T09:00:00Z",
  }));
  return { total_count: count, jobs: made };
}

function commentOf(example: Example, { id, login, body }: FakeComment): Example {
  return { ...example, id, body, user: { ...(example["user"] as Example), login } };
}
