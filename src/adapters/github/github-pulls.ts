import * as z from "zod";
import type { Answer } from "../../ports/forge.ts";
import {
  numberInQueue,
  type ForgeCommit,
  type ForgePull,
  type ForgePulls,
  type NewPull,
  type PullBetween,
  type QueuedPull,
} from "../../ports/forge-pulls.ts";
import { mergesOf } from "../../ports/merges.ts";
import type { GithubRepository } from "./github-repository.ts";
import { merging } from "./merges.ts";

const CONTENTS = "Contents: read";
const PULLS = "Pull requests: read";
const PULLS_WRITE = "Pull requests: write";

const pull = z.looseObject({
  number: z.int(),
  title: z.string(),
  body: z.string().nullish(),
  draft: z.boolean().nullish(),
  state: z.string(),
  merged: z.boolean().optional(),
  mergeable: z.boolean().nullish(),
  html_url: z.string(),
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
const identified = z.looseObject({ id: z.int() });
const listed = z.looseObject({
  number: z.int(),
  html_url: z.string(),
  state: z.string(),
  merged_at: z.string().nullish(),
  head: z.looseObject({ sha: z.string(), repo: identified.nullish() }),
  base: z.looseObject({ ref: z.string(), repo: identified }),
});
const numbered = z.looseObject({ number: z.int() });

function betweenOf(each: z.infer<typeof listed>): PullBetween {
  return {
    number: each.number,
    url: each.html_url,
    isOpen: each.state === "open",
    isMerged: each.merged_at !== null && each.merged_at !== undefined,
    commit: each.head.sha,
  };
}

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
        conflicts: each.mergeable === false ? true : each.mergeable === true ? false : undefined,
        url: each.html_url,
      };
    });
  }

  async between({
    head,
    base,
  }: {
    readonly head: string;
    readonly base: string;
  }): Promise<Answer<readonly PullBetween[]>> {
    const [owner = ""] = this.#at.repository.split("/");
    const values = { head: `${owner}:${head}`, base, state: "all" };
    const all = await this.#at.pages("GET /repos/{owner}/{repo}/pulls", values, PULLS, (data) =>
      this.#at.shaped(listed, data),
    );
    if (all.kind !== "found") return all;
    // Asked for is a branch of the owner's, who may have a fork of this repository under another name.
    const own = all.value.filter(({ head: { repo }, base: { repo: ours } }) => repo?.id === ours.id);
    return { kind: "found", value: own.map(betweenOf) };
  }

  async open({
    head,
    base,
    title,
    body,
  }: NewPull): Promise<{ readonly number: number; readonly url: string }> {
    const data = await this.#at.write({
      route: "POST /repos/{owner}/{repo}/pulls",
      values: { head, base, title, body },
      what: `a pull request of ${head} into ${base}`,
      repeatable: false,
      denied:
        `Give a token with '${PULLS_WRITE}'; in a workflow the job needs \`permissions: pull-requests: ` +
        "write`, and the repository's setting 'Allow GitHub Actions to create and approve pull requests'.",
      refused: (message) =>
        /not permitted to create/i.test(message)
          ? "Switch on 'Allow GitHub Actions to create and approve pull requests' in the repository's " +
            "settings, or give the token of an app."
          : "Do what GitHub's words say, then run again; what was done is found.",
    });
    const { number, html_url: url } = this.#at.shaped(
      z.looseObject({ number: z.int(), html_url: z.string() }),
      data,
    );
    return { number, url };
  }

  async describe(number: number, body: string): Promise<void> {
    await this.#at.write({
      route: "PATCH /repos/{owner}/{repo}/pulls/{pull_number}",
      values: { pull_number: number, body },
      what: `the description of #${number}`,
      repeatable: true,
      denied:
        `Give a token with '${PULLS_WRITE}'; in a workflow the job needs \`permissions: ` +
        `pull-requests: write\`.`,
      refused: () => "Do what GitHub's words say, then run again; what was done is found.",
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
