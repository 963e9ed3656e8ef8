import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ApiDescription, Operation } from "./description.ts";

export type Plain = Record<string, unknown>;

/** A ruleset as it is kept; `source_type` other than `Repository` for one that is inherited. */
export interface KeptRuleset {
  readonly id: number;
  readonly name: string;
  readonly target: string;
  readonly source: string;
  readonly source_type: "Repository" | "Organization";
  enforcement: string;
  bypass_actors: Plain[];
  conditions: { ref_name: { include: string[]; exclude: string[] } } | null;
  rules: Plain[];
}

/** What a token may do, as far as rules go. */
export type TokenRights = "admin" | "admin-read" | "write" | "none";

/** An answer that is given instead of the right one. */
export interface Fault {
  /** `GET /repos/acme/shop/rulesets`, as a beginning; every call where left out. */
  readonly on?: string;
  /** How many calls pass before; 0 unless told. */
  readonly after?: number;
  /** How many are answered so; all that come, unless told. */
  readonly times?: number;
  /** `cut`: the connection is closed without an answer; `done-then-cut`: after the work was done. */
  readonly status: number | "cut" | "done-then-cut" | "half";
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
}

/**
 * The rules of one repository at GitHub. Every request and every answer is held against GitHub's own
 * description; what does not fit is in {@link wrong}. Tests tell it whose token it is and what goes wrong.
 */
export class FakeRules implements AsyncDisposable {
  readonly wrong: string[] = [];
  readonly calls: string[] = [];
  /** Bodies of what was written, in order, with the call before each. */
  readonly written: { readonly call: string; readonly body: Plain }[] = [];
  rulesets: KeptRuleset[] = [];
  /** Classic protection by branch, as it was put. */
  readonly classic = new Map<string, Plain>();
  readonly branches = new Set(["main", "production", "staging", "develop"]);
  rights: TokenRights = "admin";
  owner: "User" | "Organization" = "Organization";
  /** What the repository itself says otherwise, such as how pull requests are merged. */
  settings: Plain = {};
  faults: Fault[] = [];
  /** Whether GitHub does what its rulesets say. */
  heedsRulesets = true;
  /** Called before a write is done; whoever waits here lets another in. */
  beforeWrite: (call: string) => Promise<void> = () => Promise.resolve();
  /** Called after each write, with everything as it then is. */
  afterWrite: () => void = () => undefined;
  readonly #seen = new Map<Fault, number>();
  readonly #description: ApiDescription;
  readonly #token: string;
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error: unknown) => {
      this.wrong.push(String(error));
      response.destroy();
    });
  });
  #nextId = 100;

  constructor(description: ApiDescription, token: string) {
    this.#description = description;
    this.#token = token;
  }

  async listen(): Promise<string> {
    // GitHub keeps a connection for minutes; Node's 5 s end it while a test keeps this process busy, and what
    // is sent just then gets no answer.
    this.#server.keepAliveTimeout = 120_000;
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Puts a ruleset there as somebody would in the browser. */
  add(body: Partial<KeptRuleset> & Pick<KeptRuleset, "name">): KeptRuleset {
    const kept: KeptRuleset = {
      id: (this.#nextId += 1),
      target: "branch",
      source: "acme/shop",
      source_type: "Repository",
      enforcement: "active",
      bypass_actors: [],
      conditions: { ref_name: { include: [], exclude: [] } },
      rules: [],
      ...body,
    };
    this.rulesets.push(kept);
    return kept;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, `http://${request.headers.host}`);
    const call = `${request.method} ${decodeURIComponent(url.pathname)}`;
    const operation = this.#description.operation(request.method!, url.pathname);
    const bytes = Buffer.concat((await request.toArray()) as Buffer[]);
    const isFile = request.headers["content-type"] === "application/octet-stream";
    const body = isFile || bytes.length === 0 ? { bytes } : (JSON.parse(bytes.toString()) as Plain);
    this.calls.push(call);
    const problem =
      operation === undefined ? "no such operation" : operation.wrongRequest(url.searchParams, body);
    if (problem !== "") this.wrong.push(`${call}: ${problem}`);
    const fault = this.#fault(call);
    if (fault !== undefined && fault.status !== "done-then-cut") {
      this.#fail(fault, response);
      return;
    }
    const { authorization = "" } = request.headers;
    if (![`token ${this.#token}`, `Bearer ${this.#token}`].includes(authorization)) {
      this.#send(response, 401, { message: "Bad credentials" });
      return;
    }
    if (operation === undefined || problem !== "") {
      this.#send(response, 422, { message: "Invalid request.", documentation_url: DOCS });
      return;
    }
    if (request.method !== "GET") await this.beforeWrite(call);
    const [status, answer] = this.#does(operation, url, body);
    if (request.method !== "GET" && status < 300) {
      this.written.push({ call, body });
      this.afterWrite();
    }
    const wrong = this.#answerProblem(operation, status, answer);
    if (wrong !== "") this.wrong.push(`answer ${status} to ${call}: ${wrong}`);
    if (fault !== undefined) response.destroy();
    else this.#send(response, status, answer, this.#next(url, answer));
  }

  /** Refusals are not described of every call, and GitHub gives them all the same. */
  #answerProblem(operation: Operation, status: number, answer: unknown): string {
    const isPlain = status < 400 && (answer === undefined || Buffer.isBuffer(answer));
    if (isPlain || (status >= 400 && !operation.describes(status))) return "";
    return operation.wrongAnswer(status, answer);
  }

  #fault(call: string): Fault | undefined {
    const due = this.faults.filter((fault) => {
      if (!call.startsWith(fault.on ?? "")) return false;
      const seen = this.#seen.get(fault) ?? 0;
      this.#seen.set(fault, seen + 1);
      const from = fault.after ?? 0;
      return seen >= from && seen < from + (fault.times ?? Infinity);
    });
    return due[0];
  }

  #fail({ status, headers, message = "no" }: Fault, response: ServerResponse): void {
    if (status === "cut" || status === "done-then-cut") response.destroy();
    else if (status === "half") {
      response.writeHead(200, { "content-type": "application/json", "content-length": "4000" });
      response.write('[{"id": 1, "name"', () => response.destroy());
    } else this.#send(response, status, { message }, headers);
  }

  #send(response: ServerResponse, status: number, answer: unknown, headers: object = {}): void {
    const isFile = Buffer.isBuffer(answer);
    const type = isFile ? "application/octet-stream" : "application/json; charset=utf-8";
    response.writeHead(status, { ...(answer === undefined ? {} : { "content-type": type }), ...headers });
    response.end(isFile ? answer : JSON.stringify(answer));
  }

  #does(operation: Operation, url: URL, body: Plain): [number, unknown] {
    const { values } = operation;
    const called = `${operation.method} ${operation.path}`;
    if (this.rights === "none") return NOT_FOUND;
    const more = this.more(operation, url, body);
    if (more !== undefined) return more;
    const writes = operation.method !== "GET";
    if (writes && this.rights !== "admin") {
      return [403, { message: "Resource not accessible by integration", documentation_url: DOCS }];
    }
    switch (called) {
      case "GET /repos/{owner}/{repo}":
        return [200, this.#repository(operation)];
      case "GET /repos/{owner}/{repo}/rulesets":
        return [200, page(url, this.rulesets).map((each) => headOf(each))];
      case "POST /repos/{owner}/{repo}/rulesets":
        return this.#create(body);
      case "GET /repos/{owner}/{repo}/rulesets/{ruleset_id}": {
        const kept = this.rulesets.find(({ id }) => id === Number(values["ruleset_id"]));
        return kept === undefined ? NOT_FOUND : [200, this.#shown(kept)];
      }
      case "PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}":
        return this.#update(Number(values["ruleset_id"]), body);
      case "GET /repos/{owner}/{repo}/rules/branches/{branch}":
        return [200, page(url, this.effective(values["branch"]!))];
      case "GET /repos/{owner}/{repo}/branches/{branch}/protection":
        return this.#getClassic(values["branch"]!);
      case "PUT /repos/{owner}/{repo}/branches/{branch}/protection":
        return this.#putClassic(values["branch"]!, body);
      default:
        throw new Error(`the fake does not do ${called}`);
    }
  }

  /** What a fake of more than rules answers; undefined where a call is about rules. */
  protected more(_operation: Operation, _url: URL, _body: Plain): [number, unknown] | undefined {
    return undefined;
  }

  #repository(operation: Operation): Plain {
    // The description's own example has no language, which its schema demands; its origin has none either.
    const { source: _source, parent: _parent, ...example } = operation.example(200) as Plain;
    return {
      ...example,
      language: null,
      full_name: "acme/shop",
      default_branch: "main",
      owner: { ...(example["owner"] as Plain), type: this.owner },
      ...this.settings,
    };
  }

  /** "the `bypass_actors` property is only returned if the user … has write access to the ruleset" */
  #shown(kept: KeptRuleset): Plain {
    const { bypass_actors: actors, conditions, rules } = kept;
    const seen = this.rights === "admin" && kept.source_type === "Repository";
    return { ...headOf(kept), conditions, rules, ...(seen ? { bypass_actors: actors } : {}) };
  }

  #create(body: Plain): [number, unknown] {
    const problem = this.#unwelcome(body);
    if (problem !== undefined) return invalid(problem);
    if (this.rulesets.some(({ name, source_type: type }) => type === "Repository" && name === body["name"])) {
      return invalid("Name must be unique");
    }
    return [201, this.#shown(this.add(filledUp(body) as unknown as KeptRuleset))];
  }

  #update(id: number, body: Plain): [number, unknown] {
    const kept = this.rulesets.find((each) => each.id === id);
    if (kept === undefined) return NOT_FOUND;
    const problem = this.#unwelcome(body);
    if (problem !== undefined) return invalid(problem);
    Object.assign(kept, filledUp(body));
    return [200, this.#shown(kept)];
  }

  /** On a personal repository nobody is there who could be let through, but for roles and people. */
  #unwelcome(body: Plain): string | undefined {
    const types = ((body["bypass_actors"] ?? []) as Plain[]).map((each) => String(each["actor_type"]));
    const strange = types.some((type) => ["Integration", "Team", "OrganizationAdmin"].includes(type));
    return this.owner === "User" && strange
      ? "Actor GitHub Actions integration must be part of the ruleset source or owner organization"
      : undefined;
  }

  /** What is in force on a branch: active rules of every ruleset that is for it. */
  effective(branch: string): Plain[] {
    const ref = `refs/heads/${branch}`;
    if (!this.heedsRulesets) return [];
    return this.rulesets
      .filter(({ target, enforcement, conditions }) => {
        if (target !== "branch" || enforcement !== "active" || conditions === null) return false;
        const { include, exclude } = conditions.ref_name;
        return include.some((each) => fits(each, ref)) && !exclude.some((each) => fits(each, ref));
      })
      .flatMap(({ id, source, source_type: type, rules }) =>
        rules.map((rule) => ({
          ...rule,
          ruleset_source_type: type,
          ruleset_source: source,
          ruleset_id: id,
        })),
      );
  }

  #getClassic(branch: string): [number, unknown] {
    if (this.rights === "write") {
      return [403, { message: "Resource not accessible by integration", documentation_url: DOCS }];
    }
    if (!this.branches.has(branch)) return [404, { message: "Branch not found", documentation_url: DOCS }];
    const kept = this.classic.get(branch);
    if (kept === undefined) return [404, { message: "Branch not protected", documentation_url: DOCS }];
    return [200, answerOfClassic(kept, branch)];
  }

  #putClassic(branch: string, body: Plain): [number, unknown] {
    if (!this.branches.has(branch)) return [404, { message: "Branch not found", documentation_url: DOCS }];
    const reviews = body["required_pull_request_reviews"] as Plain | null;
    const lists = ["dismissal_restrictions", "bypass_pull_request_allowances"];
    const limited = body["restrictions"] !== null || lists.some((key) => reviews?.[key] !== undefined);
    if (this.owner === "User" && limited) {
      return [
        422,
        {
          message: "Validation Failed",
          documentation_url: DOCS,
          errors: ["Only organization repositories can have users and team restrictions"],
        },
      ];
    }
    this.classic.set(branch, body);
    return [200, answerOfClassic(body, branch)];
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

export const DOCS = "https://docs.github.com/rest";
const NOT_FOUND: [number, unknown] = [404, { message: "Not Found", documentation_url: DOCS }];

function invalid(reason: string): [number, unknown] {
  return [
    422,
    {
      message: "Validation Failed",
      documentation_url: DOCS,
      errors: [{ code: "invalid", message: reason }],
    },
  ];
}

/** What GitHub makes of a ruleset: what was not sent is there, numbers without meaning are not. */
function filledUp(body: Plain): Plain {
  const defaults: Readonly<Record<string, Plain>> = {
    pull_request: { required_reviewers: [] },
    required_status_checks: { do_not_enforce_on_create: false },
  };
  return {
    ...body,
    bypass_actors: ((body["bypass_actors"] ?? []) as Plain[]).map((actor) =>
      actor["actor_type"] === "OrganizationAdmin" ? { ...actor, actor_id: null } : actor,
    ),
    rules: ((body["rules"] ?? []) as { type: string; parameters?: Plain }[]).map((rule) =>
      rule.parameters === undefined
        ? rule
        : { ...rule, parameters: { ...defaults[rule.type], ...rule.parameters } },
    ),
  };
}

function headOf({ id, name, target, source, source_type: type, enforcement }: KeptRuleset): Plain {
  return { id, name, target, source, source_type: type, enforcement };
}

export function page<T>(url: URL, all: readonly T[]): readonly T[] {
  const size = Number(url.searchParams.get("per_page") ?? 30);
  const at = Number(url.searchParams.get("page") ?? 1) - 1;
  return all.slice(at * size, (at + 1) * size);
}

/** Enough of fnmatch for a fake. */
function fits(pattern: string, ref: string): boolean {
  if (pattern === "~ALL") return true;
  if (pattern === "~DEFAULT_BRANCH") return ref === "refs/heads/main";
  const source = pattern.replace(/[.+^$()|\\]/g, "\\$&").replace(/\*+/g, "[^/]*");
  return new RegExp(`^${source}$`).test(ref);
}

/** The answer's shape is another than the request's: flags wrapped, names with everything around them. */
function answerOfClassic(body: Plain, branch: string): Plain {
  const url = `https://api.github.com/repos/acme/shop/branches/${branch}/protection`;
  const flags = [
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
  ];
  const checks = body["required_status_checks"] as Plain | null;
  const reviews = body["required_pull_request_reviews"] as Plain | null;
  return {
    url,
    enforce_admins: { url: `${url}/enforce_admins`, enabled: body["enforce_admins"] === true },
    ...Object.fromEntries(flags.map((flag) => [flag, { enabled: body[flag] === true }])),
    ...(checks === null ? {} : { required_status_checks: answerOfChecks(checks, url) }),
    ...(reviews === null ? {} : { required_pull_request_reviews: answerOfReviews(reviews, url) }),
    ...(body["required_signatures"] === true
      ? { required_signatures: { url: `${url}/required_signatures`, enabled: true } }
      : {}),
  };
}

function answerOfChecks(checks: Plain, url: string): Plain {
  const listed = checks["checks"] as { context: string; app_id?: number }[];
  return {
    url: `${url}/required_status_checks`,
    contexts_url: `${url}/required_status_checks/contexts`,
    strict: checks["strict"],
    contexts: listed.map(({ context }) => context),
    checks: listed.map(({ context, app_id: app = -1 }) => ({ context, app_id: app === -1 ? null : app })),
  };
}

function answerOfReviews(reviews: Plain, url: string): Plain {
  const { dismissal_restrictions: dismissal, bypass_pull_request_allowances: bypass, ...flags } = reviews;
  const people = (lists: Plain): Plain => ({
    users: ((lists["users"] ?? []) as string[]).map(userOf),
    teams: [],
    apps: [],
  });
  const any = (lists: unknown): boolean =>
    Object.values((lists ?? {}) as Plain).some((each) => (each as unknown[]).length > 0);
  const limits = Object.keys(dismissal ?? {}).length > 0;
  return {
    url: `${url}/required_pull_request_reviews`,
    ...flags,
    ...(limits
      ? {
          dismissal_restrictions: {
            url: `${url}/dismissal_restrictions`,
            users_url: `${url}/dismissal_restrictions/users`,
            teams_url: `${url}/dismissal_restrictions/teams`,
            ...people(dismissal as Plain),
          },
        }
      : {}),
    ...(any(bypass) ? { bypass_pull_request_allowances: people(bypass as Plain) } : {}),
  };
}

function userOf(login: string): Plain {
  const at = `https://api.github.com/users/${login}`;
  const urls = [
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
  ];
  return {
    login,
    id: 1,
    node_id: "MDQ6VXNlcjE=",
    avatar_url: `${at}.gif`,
    gravatar_id: "",
    url: at,
    html_url: at,
    type: "User",
    site_admin: false,
    ...Object.fromEntries(urls.map((key) => [`${key}_url`, `${at}/${key}`])),
  };
}
