import * as z from "zod";
import type { Answer } from "../../ports/answer.ts";
import type { GithubRepository } from "./github-repository.ts";

const CONTENTS_READ = "Contents: read";

const refs = z.array(
  z.looseObject({ ref: z.string(), object: z.looseObject({ sha: z.string(), type: z.string().optional() }) }),
);

/** Where refs are: branches, tags, or what is Holdfast's own. */
type RefKind = "heads" | "tags" | "holdfast";

const CALLED = { heads: "branch", tags: "tag", holdfast: "claim" } as const;

/** A ref, and what it names itself. */
export interface GithubRef {
  /** Without `refs/heads/`, `refs/tags/` or `refs/holdfast/`. */
  readonly name: string;
  readonly object: string;
  readonly isTagObject: boolean;
}

/**
 * Refs of one kind of a repository, as GitHub's git data has them; a job's token needs `contents: read`, and
 * to write them `contents: write`. https://docs.github.com/rest/git/refs
 */
export class GithubRefs {
  readonly #at: GithubRepository;
  readonly #kind: RefKind;

  constructor(at: GithubRepository, kind: RefKind) {
    this.#at = at;
    this.#kind = kind;
  }

  /** In one answer, however many there are. */
  async beginningWith(prefix: string): Promise<Answer<readonly GithubRef[]>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", {
      ref: `${this.#kind}/${prefix}`,
    });
    return this.#at.found(answer, CONTENTS_READ, (data) =>
      this.#at.shaped(refs, data).map(({ ref, object }) => ({
        name: ref.replace(/^refs\/(?:heads|tags|holdfast)\//, ""),
        object: object.sha,
        isTagObject: object.type === "tag",
      })),
    );
  }

  /**
   * A list without it says that it is not there; the answer to the question for one alone is 404 for much
   * else.
   */
  async one(name: string): Promise<Answer<GithubRef>> {
    const all = await this.beginningWith(name);
    if (all.kind !== "found") return all;
    const found = all.value.find((each) => each.name === name);
    return found === undefined ? { kind: "absent" } : { kind: "found", value: found };
  }

  /** Never over one that is there. */
  async create(name: string, sha: string): Promise<void> {
    const values = { ref: `refs/${this.#kind}/${name}`, sha };
    await this.#write("POST /repos/{owner}/{repo}/git/refs", name, values, false);
  }

  async move(name: string, sha: string, force: boolean): Promise<void> {
    const values = { ref: `${this.#kind}/${name}`, sha, force };
    await this.#write("PATCH /repos/{owner}/{repo}/git/refs/{ref}", name, values, true);
  }

  #write(
    route: string,
    name: string,
    values: Readonly<Record<string, unknown>>,
    repeatable: boolean,
  ): Promise<unknown> {
    return this.#at.write({
      route,
      values,
      what: `the ${CALLED[this.#kind]} ${name}`,
      repeatable,
      denied: CONTENTS_WRITE_HINT,
      refused: refusedHint,
    });
  }
}

/** What a token lacks that writes branches, tags and releases. */
export const CONTENTS_WRITE_HINT =
  "Give a token with 'Contents: write'; in a workflow the job needs `permissions: contents: write`. Files " +
  "below .github/workflows need 'Workflows: write' too, which a job's own token never has.";

/**
 * GitHub's words for what rules forbid: "Repository rule violations found". Of the name of a release that was
 * published once and can never be changed it says the same, as if a rule of the repository forbade it.
 * https://docs.github.com/code-security/supply-chain-security/understanding-your-software-supply-chain/immutable-releases
 */
export function refusedHint(message: string): string {
  if (/creations being restricted|used by an immutable release|protected ref/i.test(message)) {
    return (
      "Either a rule of the repository forbids it: let the app whose token this is pass by that rule, or " +
      "change it, and run again. Or a release of this name was published that cannot be changed any more: " +
      "then GitHub gives the name to nothing else, also after that release was deleted. Such a version " +
      "goes into `release.burned` of the settings (`burned: [1.3.0]`), and the next one comes instead; " +
      "such a moving tag is left by `release.floating: never`."
    );
  }
  return /\brule violations?\b|\bprotected\b|pre-receive/i.test(message)
    ? "A rule of the repository forbids it: let the app whose token this is pass by that rule, or " +
        "change it. Then run again; what was done is found."
    : "Do what GitHub's words say, then run again; what was done is found.";
}
