import * as z from "zod";
import type { Answer } from "../../ports/forge.ts";
import {
  numberInQueue,
  type ForgeCommit,
  type ForgePull,
  type ForgePulls,
  type QueuedPull,
} from "../../ports/forge-pulls.ts";
import { mergesOf } from "../../ports/merges.ts";
import type { GithubRepository } from "./github-repository.ts";
import { merging } from "./merges.ts";

const CONTENTS = "Contents: read";
const PULLS = "Pull requests: read";

const pull = z.looseObject({
  number: z.int(),
  title: z.string(),
  body: z.string().nullish(),
  draft: z.boolean().nullish(),
  state: z.string(),
  merged: z.boolean().optional(),
  user: z.looseObject({ login: z.string() }).nullish(),
  head: z.looseObject({
    ref: z.string(),
    sha: z.string(),
    repo: z.looseObject({ full_name: z.string() }).nullish(),
  }),
  base: z.looseObject({ ref: z.string(), repo: z.looseObject(merging).nullish() }),
  commits: z.int(),
});
const commit = z.looseObject({
  sha: z.string(),
  commit: z.looseObject({ message: z.string() }),
  parents: z.array(z.looseObject({ sha: z.string() })),
});
const refs = z.array(z.looseObject({ ref: z.string(), object: z.looseObject({ sha: z.string() }) }));
const numbered = z.looseObject({ number: z.int() });

/** A repository's pull requests at GitHub; a job's token needs `pull-requests: read`. */
export class GithubPulls implements ForgePulls {
  readonly #at: GithubRepository;

  constructor(at: GithubRepository) {
    this.#at = at;
  }

  async pull(number: number): Promise<Answer<ForgePull>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/pulls/{pull_number}", {
      pull_number: number,
    });
    return this.#at.found(answer, PULLS, (data) => {
      const each = this.#at.shaped(pull, data);
      return {
        number: each.number,
        title: each.title,
        body: each.body ?? "",
        author: each.user?.login ?? "ghost",
        isDraft: each.draft === true,
        isOpen: each.state === "open",
        isMerged: each.merged === true,
        head: {
          branch: each.head.ref,
          commit: each.head.sha,
          repository: each.head.repo?.full_name.toLowerCase(),
        },
        base: { branch: each.base.ref },
        commits: each.commits,
        merges: mergesOf(each.base.repo ?? {}),
      };
    });
  }

  commitsOf(number: number): Promise<Answer<readonly ForgeCommit[]>> {
    const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}/commits";
    return this.#at.pages(route, { pull_number: number }, PULLS, (data) => {
      const each = this.#at.shaped(commit, data);
      return { id: each.sha, message: each.commit.message, parents: each.parents.map(({ sha }) => sha) };
    });
  }

  async queued(branch: string): Promise<Answer<readonly QueuedPull[]>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", {
      ref: `heads/gh-readonly-queue/${branch}/pr-`,
    });
    return this.#at.found(answer, CONTENTS, (data) =>
      this.#at.shaped(refs, data).flatMap(({ ref, object }) => {
        const number = numberInQueue(ref.replace(/^refs\/heads\//, ""));
        return number === undefined ? [] : [{ number, commit: object.sha }];
      }),
    );
  }

  ofCommit(id: string): Promise<Answer<readonly number[]>> {
    const route = "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls";
    return this.#at.pages(route, { commit_sha: id }, PULLS, (data) => this.#at.shaped(numbered, data).number);
  }
}
