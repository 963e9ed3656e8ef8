import { githubForge } from "../../../src/adapters/github/github-forge.ts";
import { gitHistory } from "../../../src/adapters/source-tree/history.ts";
import type { Finding } from "../../../src/governance/findings/finding.ts";
import type { PolicyPorts, PrPolicyInputs } from "../../../src/governance/pr-policy/request.ts";
import { runPrPolicy } from "../../../src/governance/pr-policy/run.ts";
import type { Outcome } from "../../../src/kernel/outcome.ts";
import { HoldfastError } from "../../../src/kernel/errors.ts";
import { Secret } from "../../../src/kernel/secret.ts";
import type { MergeGroupEvent, PullRequestEvent } from "../../../src/ports/pull-request-event.ts";
import { githubDescription } from "../../support/github/description.ts";
import { FakeForge } from "../../support/github/fake-forge.ts";
import { repository, type Repository } from "../../support/repository.ts";
import { testPorts } from "../../support/test-ports.ts";

export const TOKEN = "ghs_0123456789abcdef";
const description = githubDescription("rules", "pulls");

export const BODY = `
## What
The cart keeps its items.
## Why
They were lost on a reload.
## How
Local storage.
## Testing
Unit tests, and by hand in two browsers.
## Documentation
Nothing is said of it there.

Closes #12
`;

/** What a job of a checkout is told, and what it is started with. */
export interface JobFacts {
  readonly pull?: PullRequestEvent;
  readonly group?: MergeGroupEvent;
  readonly token?: string | undefined;
  readonly inputs?: Partial<PrPolicyInputs>;
}

/** A repository at a fake GitHub, and a checkout of it in which jobs run. */
export interface Hosted extends AsyncDisposable {
  readonly fake: FakeForge;
  readonly repo: Repository;
  readonly waits: number[];
  judge(facts: JobFacts): Promise<Outcome>;
}

export async function hosted(): Promise<Hosted> {
  const fake = new FakeForge(description, TOKEN);
  const api = await fake.listen();
  const repo = repository();
  const waits: number[] = [];
  const judge = ({ pull, group, token = TOKEN, inputs = {} }: JobFacts): Promise<Outcome> => {
    const ports: PolicyPorts = {
      ...testPorts(),
      sourceHistory: () => Promise.resolve(gitHistory({ env: process.env, folder: repo.path })),
      pullRequestEvent: () => Promise.resolve(pull),
      mergeGroupEvent: () => Promise.resolve(group),
      openForge: () => {
        if (token === "") return Promise.reject(new HoldfastError("input.missing", "no token was given"));
        const access = {
          api,
          token: new Secret(token),
          version: "0.0.0-test",
          clock: {
            now: () => new Date("2026-11-27T12:00:00Z"),
            sleep: async (ms: number) => void waits.push(ms),
          },
          random: { fraction: () => 0.5 },
          log: { debug: () => undefined, info: () => undefined },
          cancelled: new AbortController().signal,
        };
        return Promise.resolve(githubForge("acme/shop", access));
      },
    };
    const given: PrPolicyInputs = {
      local: false,
      judge: "all",
      token: undefined,
      audit: false,
      auditRegistry: "https://registry.npmjs.org",
      base: undefined,
      branch: undefined,
      title: undefined,
      titleFile: undefined,
      bodyFile: undefined,
      coverage: [],
      settings: ".github/holdfast.yml",
      ...inputs,
    };
    return runPrPolicy(given, ports);
  };
  return {
    fake,
    repo,
    waits,
    judge,
    async [Symbol.asyncDispose]() {
      await fake[Symbol.asyncDispose]();
      await repo[Symbol.asyncDispose]();
    },
  };
}

/** `rule: message` of what refuses. */
export function refusals({ outputs }: Outcome): string[] {
  return (outputs["findings"] as unknown as Finding[])
    .filter(({ severity }) => severity === "error")
    .map(({ rule, message }) => `${rule}: ${message}`);
}
