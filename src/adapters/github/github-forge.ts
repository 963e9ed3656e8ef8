import * as z from "zod";
import type { Json } from "../../kernel/outcome.ts";
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
import { mergesOf } from "../../ports/merges.ts";
import { messageOf, type GithubAccess } from "./github-client.ts";
import { GithubBranches } from "./github-branches.ts";
import { GithubClaims } from "./github-claims.ts";
import { GithubIssues } from "./github-issues.ts";
import { GithubPulls } from "./github-pulls.ts";
import { GithubReleases } from "./github-releases.ts";
import { GithubRepository } from "./github-repository.ts";
import { GithubTags } from "./github-tags.ts";
import { GithubWorkflows } from "./github-workflows.ts";
import { merging } from "./merges.ts";

const METADATA = "Metadata: read";
const ADMINISTRATION_READ = "Administration: read";
const ADMINISTRATION_WRITE = "Administration: write";

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
  ...merging,
});

/** A repository at GitHub: the laws are in src/ports/forge.ts. */
export function githubForge(repository: string, access: GithubAccess): Forge {
  return new GithubForge(repository, access);
}

class GithubForge implements Forge {
  readonly repository: string;
  readonly pulls: GithubPulls;
  readonly issues: GithubIssues;
  readonly tags: GithubTags;
  readonly branches: GithubBranches;
  readonly releases: GithubReleases;
  readonly workflows: GithubWorkflows;
  readonly claims: GithubClaims;
  readonly #at: GithubRepository;

  constructor(repository: string, access: GithubAccess) {
    this.repository = repository;
    this.#at = new GithubRepository(repository, access);
    this.pulls = new GithubPulls(this.#at);
    this.issues = new GithubIssues(this.#at);
    this.tags = new GithubTags(this.#at);
    this.branches = new GithubBranches(this.#at);
    this.releases = new GithubReleases(this.#at);
    this.workflows = new GithubWorkflows(this.#at);
    this.claims = new GithubClaims(this.#at);
  }

  async facts(): Promise<Answer<RepositoryFacts>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}");
    return this.#at.found(answer, METADATA, (data) => {
      const facts = this.#at.shaped(repositoryFacts, data);
      const { full_name: fullName, default_branch: defaultBranch, owner } = facts;
      return {
        fullName,
        defaultBranch,
        owner: owner.type === "Organization" ? "Organization" : "User",
        merges: mergesOf(facts),
      };
    });
  }

  rulesets(): Promise<Answer<readonly RulesetHead[]>> {
    return this.#at
      .pages("GET /repos/{owner}/{repo}/rulesets", { includes_parents: true }, METADATA, (data) =>
        this.#at.shaped(head, data),
      )
      .then((answer) => mapped(answer, (heads) => heads.map((each) => headOf(each))));
  }

  async ruleset(id: number): Promise<Answer<Ruleset>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/rulesets/{ruleset_id}", { ruleset_id: id });
    return this.#at.found(answer, METADATA, (data) => rulesetOf(this.#at.shaped(whole, data)));
  }

  async createRuleset(body: RulesetBody): Promise<number> {
    const route = "POST /repos/{owner}/{repo}/rulesets";
    const data = await this.#write(route, { ...body }, `the ruleset '${body.name}'`, false);
    return this.#at.shaped(head, data).id;
  }

  async updateRuleset(id: number, body: RulesetBody): Promise<void> {
    const route = "PUT /repos/{owner}/{repo}/rulesets/{ruleset_id}";
    await this.#write(route, { ...body, ruleset_id: id }, `the ruleset '${body.name}'`, true);
  }

  async classic(branch: string): Promise<Answer<ClassicProtection>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/branches/{branch}/protection", { branch });
    // Only who may see a protection is told that there is none; everybody else gets "Not Found".
    const absent = /^Branch not (protected|found)\b/i.test(messageOf(answer.data));
    if (answer.status === 404 && absent) return { kind: "absent" };
    return this.#at.found(answer, ADMINISTRATION_READ, (data) => this.#at.shaped(record, data));
  }

  async putClassic(branch: string, body: ClassicProtection): Promise<void> {
    const route = "PUT /repos/{owner}/{repo}/branches/{branch}/protection";
    await this.#write(route, { ...body, branch }, `the protection of branch ${branch}`, true);
  }

  effectiveRules(branch: string): Promise<Answer<readonly EffectiveRule[]>> {
    return this.#at.pages(
      "GET /repos/{owner}/{repo}/rules/branches/{branch}",
      { branch },
      METADATA,
      (data) => {
        const each = this.#at.shaped(effective, data);
        return { ...ruleOf(each), rulesetId: each.ruleset_id, source: each.ruleset_source };
      },
    );
  }

  #write(
    route: string,
    values: Readonly<Record<string, unknown>>,
    what: string,
    repeatable: boolean,
  ): Promise<unknown> {
    const noBranch = (message: string): boolean => /^Branch not found\b/i.test(message);
    return this.#at.write({
      route,
      values,
      what,
      repeatable,
      denied:
        `Give a token with '${ADMINISTRATION_WRITE}' on the repository, of an app or a person who ` +
        "administers it; a job's own GITHUB_TOKEN never has it.",
      refused: (message) =>
        noBranch(message)
          ? "Make the branch first, or take it out of the declaration; rulesets need no branch."
          : "Change what is declared as GitHub's words say, then run again. On a personal repository no " +
            "teams, organisation administrators or foreign apps can pass by the rules.",
      tellsAbsence: noBranch,
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
