import * as z from "zod";
import type { Answer } from "../../ports/forge.ts";
import type { ForgeTag, ForgeTags } from "../../ports/forge-tags.ts";
import type { GithubRepository } from "./github-repository.ts";

const CONTENTS = "Contents: read";

const refs = z.array(z.looseObject({ ref: z.string(), object: z.looseObject({ sha: z.string() }) }));

/** A repository's tags at GitHub; a job's token needs `contents: read`. */
export class GithubTags implements ForgeTags {
  readonly #at: GithubRepository;

  constructor(at: GithubRepository) {
    this.#at = at;
  }

  /** In one answer: https://docs.github.com/rest/git/refs#list-matching-references */
  async beginningWith(prefix: string): Promise<Answer<readonly ForgeTag[]>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/git/matching-refs/{ref}", {
      ref: `tags/${prefix}`,
    });
    return this.#at.found(answer, CONTENTS, (data) =>
      this.#at
        .shaped(refs, data)
        .map(({ ref, object }) => ({ name: ref.replace(/^refs\/tags\//, ""), object: object.sha })),
    );
  }
}
