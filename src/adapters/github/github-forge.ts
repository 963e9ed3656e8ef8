import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import type { Json } from "../../kernel/outcome.ts";
import { printableLine } from "../../kernel/printable.ts";
import type {
  Answer,
  ClassicProtection,
  EffectiveRule,
  Forge,
  RepositoryFacts,
  Ruleset,
  RulesetBody,
  RulesetBypass,
  RulesetHead,
  RulesetRule,
} from "../../ports/forge.ts";
import { GithubClient, messageOf, type GithubAccess, type GithubAnswer } from "./github-client.ts";

const PAGE = 100;
/** No repository has as many rules; a list without an end is an error and no answer. */
const PAGES_MAX = 50;

const METADATA = "Metadata: read";
const ADMINISTRATION_READ = "Administration: read";
const ADMINISTRATION_WRITE = "Administration: write";
const PLAN = "a plan of GitHub that has this for private repositories";

const json: z.ZodType<Json> = z.json();
const record = z.record(z.string(), json);
const rule = z.looseObject({ type: z.string(), parameters: record.optional() });
const bypass = z.looseObject({
  actor_type: z.string(),
  actor_id: z.int().nullish(),
  bypass_mode: z.string().optional(),
});
const names = z.array(z.string());
const head = z.looseObject({
  id: z.int(),
  name: z.string(),
  target: z.string().optional(),
  enforcement: z.string(),
  source: z.string(),
  source_type: z.string().optional(),
});
const conditions = z.looseObject({
  ref_name: z.looseObject({ include: names.optional(), exclude: names.optional() }).optional(),
});
const whole = head.extend({
  bypass_actors: z.array(bypass).optional(),
  conditions: conditions.nullish(),
  rules: z.array(rule).optional(),
});
const effective = rule.extend({
  ruleset_id: z.int().optional(),
  ruleset_source: z.string().optional(),
});
const repositoryFacts = z.looseObject({
  full_name: z.string(),
  default_branch: z.string(),
  owner: z.looseObject({ type: z.string() }),
});

/** A repository at GitHub: the laws are in src/ports/forge.ts. */
export function githubForge(repository: string, access: GithubAccess): Forge {
  return new GithubForge(repository, access);
}

class GithubForge implements Forge {
  readonly repository: string;
  readonly #api: string;
  readonly #client: GithubClient;
  readonly #names: { readonly owner: string; readonly repo: string };

  constructor(repository: string, access: GithubAccess) {
    this.repository = repository;
    this.#api = access.api;
    this.#client = new GithubClient(access);
    const [owner = "", repo = ""] = repository.split("/");
    this.#names = { owner, repo };
  }

  async facts(): Promise<Answer<RepositoryFacts>> {
    const answer = await this.#read("GET /repos/{owner}/{repo}");
    return this.#found(answer, METADATA, (data) => {
      const {
        full_name: fullName,
        default_branch: defaultBranch,
        owner,
      } = this.#shaped(repositoryFacts, data);
      return { fullName, defaultBranch, owner: owner.type === "Organization" ? "Organization" : "User" };
    });
  }

  rulesets(): Promise<Answer<readonly RulesetHead[]>> {
    return this.#pages("GET /repos/{owner}/{repo}/rulesets", { includes_parents: true }, METADATA, (data) =>
      this.#shaped(head, data),
    ).then((answer) => mapped(answer, (heads) => heads.map((each) => headOf(each))));
  }

  async ruleset(id: number): Promise<Answer<Ruleset>> {
    const answer = await this.#read("GET /repos/{owner}/{repo}/rulesets/{ruleset_id}", { ruleset_id: id });
    return this.#found(answer, METADATA, (data) => rulesetOf(this.#shaped(whole, data)));
  }

  async createRuleset(body: RulesetBody): Promise<number> {
    const route = "POST /repos/{owner}/{repo}/rulesets";
    const data = await this.#write(route, { ...body }, `the ruleset '${body.name}'`, false);
    return this.#shaped(head, data).id;
  }

  async updateRuleset(id: number, body: RulesetBody): Promise<void> {
    const route = "PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}";
    await this.#write(route, { ...body, ruleset_id: id }, `the ruleset '${body.name}'`, true);
  }

  async classic(branch: string): Promise<Answer<ClassicProtection>> {
    const answer = await this.#read("GET /repos/{owner}/{repo}/branches/{branch}/protection", { branch });
    // Only who may see a protection is told that there is none; everybody else gets "Not Found".
    const absent = /^Branch not (protected|found)\b/i.test(messageOf(answer.data));
    if (answer.status === 404 && absent) return { kind: "absent" };
    return this.#found(answer, ADMINISTRATION_READ, (data) => this.#shaped(record, data));
  }

  async putClassic(branch: string, body: ClassicProtection): Promise<void> {
    const route = "PUT /repos/{owner}/{repo}/branches/{branch}/protection";
    await this.#write(route, { ...body, branch }, `the protection of branch ${branch}`, true);
  }

  effectiveRules(branch: string): Promise<Answer<readonly EffectiveRule[]>> {
    return this.#pages("GET /repos/{owner}/{repo}/rules/branches/{branch}", { branch }, METADATA, (data) => {
      const each = this.#shaped(effective, data);
      return { ...ruleOf(each), rulesetId: each.ruleset_id, source: each.ruleset_source };
    });
  }

  #read(route: string, values: Readonly<Record<string, unknown>> = {}): Promise<GithubAnswer> {
    return this.#client.ask({ route, values: { ...this.#names, ...values }, repeatable: true });
  }

  async #pages<T>(
    route: string,
    values: Readonly<Record<string, unknown>>,
    permission: string,
    read: (data: unknown) => T,
  ): Promise<Answer<readonly T[]>> {
    const all: T[] = [];
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const answer = await this.#read(route, { ...values, per_page: PAGE, page });
      const found = this.#found(answer, permission, (data) =>
        this.#shaped(z.array(z.unknown()), data).map(read),
      );
      if (found.kind !== "found") return found;
      all.push(...found.value);
      if (!/rel="next"/.test(String(answer.headers["link"] ?? ""))) return { kind: "found", value: all };
    }
    throw this.#noAnswer(`more than ${PAGES_MAX} pages of ${route}`);
  }

  /** Everything but a found thing is hidden: a 404 does not say that something is not there. */
  #found<T>(answer: GithubAnswer, permission: string, read: (data: unknown) => T): Answer<T> {
    if (answer.status === 200) return { kind: "found", value: read(answer.data) };
    const message = printableLine(messageOf(answer.data)).slice(0, 200);
    const isPlan = answer.status === 403 && /\bupgrade\b/i.test(message);
    return {
      kind: "hidden",
      why: `${answer.status} ${message}`.trim(),
      permission: isPlan ? PLAN : permission,
    };
  }

  async #write(
    route: string,
    values: Readonly<Record<string, unknown>>,
    what: string,
    repeatable: boolean,
  ): Promise<unknown> {
    const answer = await this.#client.ask({ route, values: { ...this.#names, ...values }, repeatable });
    if (answer.status === 200 || answer.status === 201) return answer.data;
    const message = printableLine(messageOf(answer.data)).slice(0, 300);
    const said = `${what} was not written at ${this.repository}: ${answer.status} ${message}`;
    const noBranch = /^Branch not found\b/i.test(message);
    if (answer.status === 403 || (answer.status === 404 && !noBranch)) {
      throw new HoldfastError("forge.denied", said, {
        hint:
          `Give a token with '${ADMINISTRATION_WRITE}' on the repository, of an app or a person who ` +
          "administers it; a job's own GITHUB_TOKEN never has it.",
      });
    }
    throw new HoldfastError("forge.refused", said, {
      hint: noBranch
        ? "Make the branch first, or take it out of the declaration; rulesets need no branch."
        : "Change what is declared as GitHub's words say, then run again. On a personal repository no " +
          "teams, organisation administrators or foreign apps can pass by the rules.",
    });
  }

  #shaped<T>(schema: z.ZodType<T>, data: unknown): T {
    const read = schema.safeParse(data);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw this.#noAnswer(`${issue?.path.join(".")}: ${issue?.message}`);
  }

  #noAnswer(why: string): HoldfastError {
    return new HoldfastError("forge.unreachable", `${this.#api} answered with what is no answer: ${why}`, {
      hint: "Look whether GITHUB_API_URL is GitHub's API, or a proxy answers in its place.",
    });
  }
}

function mapped<T, U>(answer: Answer<T>, change: (value: T) => U): Answer<U> {
  return answer.kind === "found" ? { kind: "found", value: change(answer.value) } : answer;
}

function headOf(each: z.infer<typeof head>): RulesetHead {
  const { id, name, target = "branch", enforcement, source, source_type: type } = each;
  return { id, name, target, enforcement, source, own: type === undefined || type === "Repository" };
}

function rulesetOf(each: z.infer<typeof whole>): Ruleset {
  const refs = each.conditions === null ? {} : each.conditions?.ref_name;
  return {
    ...headOf(each),
    bypassActors: each.bypass_actors?.map(
      ({ actor_type: type, actor_id: id, bypass_mode: mode = "always" }): RulesetBypass => ({
        actor_type: type,
        actor_id: id ?? null,
        bypass_mode: mode,
      }),
    ),
    refs: refs === undefined ? undefined : { include: refs.include ?? [], exclude: refs.exclude ?? [] },
    rules: each.rules?.map(ruleOf),
  };
}

function ruleOf({ type, parameters }: z.infer<typeof rule>): RulesetRule {
  return parameters === undefined ? { type } : { type, parameters };
}
