import * as z from "zod";
import { isHoldfastError } from "../../kernel/errors.ts";
import type { Answer } from "../../ports/answer.ts";
import type { Claim, ForgeClaims, NewClaim } from "../../ports/forge-claims.ts";
import { CONTENTS_WRITE_HINT, GithubRefs, refusedHint, type GithubRef } from "./github-refs.ts";
import type { GithubRepository } from "./github-repository.ts";

const CONTENTS = "Contents: read";

const made = z.looseObject({ sha: z.string() });
const tagObject = z.looseObject({ message: z.string() });

/** The line of a claim's message that says when it was taken. */
const SINCE = "Claimed: ";

/**
 * Claims as refs below `refs/holdfast/`, which is neither a branch nor a tag: no workflow is started by
 * one, no rule for branches or tags is asked, no clone fetches it. GitHub makes a ref once, and tells
 * everybody else that it is there; a job's token needs `contents: write`. Each names a tag object that says
 * whose it is and since when; given up it names the commit itself. https://docs.github.com/rest/git/refs
 */
export class GithubClaims implements ForgeClaims {
  readonly #at: GithubRepository;
  readonly #refs: GithubRefs;

  constructor(at: GithubRepository) {
    this.#at = at;
    this.#refs = new GithubRefs(at, "holdfast");
  }

  async newest(on: string): Promise<Answer<Claim>> {
    const all = await this.#refs.beginningWith(on);
    if (all.kind !== "found") return all;
    const numbered = all.value.flatMap((ref) => {
      const [, number] = ref.name.startsWith(`${on}/`) ? (/\/([1-9]\d*)$/.exec(ref.name) ?? []) : [];
      return number === undefined ? [] : [{ ref, number: Number(number) }];
    });
    const [highest] = numbered.sort((a, b) => b.number - a.number);
    if (highest === undefined) return { kind: "absent" };
    const since = await this.#sinceOf(highest.ref);
    if (since.kind === "hidden") return since;
    return {
      kind: "found",
      value: { number: highest.number, since: since.kind === "found" ? since.value : undefined },
    };
  }

  /** The object first, which nobody sees until the ref names it. */
  async take({ on, number, commit, since, by }: NewClaim): Promise<boolean> {
    const name = `${on}/${number}`;
    const data = await this.#at.write({
      route: "POST /repos/{owner}/{repo}/git/tags",
      values: {
        tag: `holdfast-claim-${number}`,
        message: `${by}\n\n${SINCE}${since.toISOString()}`,
        object: commit,
        type: "commit",
      },
      what: `the claim ${name}`,
      // Made twice it is the same, or another that nothing names.
      repeatable: true,
      denied: CONTENTS_WRITE_HINT,
      refused: refusedHint,
    });
    const { sha } = this.#at.shaped(made, data);
    try {
      await this.#refs.create(name, sha);
      return true;
    } catch (error) {
      if (!isHoldfastError(error, "forge.refused", "forge.unreachable")) throw error;
      const there = await this.#refs.one(name);
      if (there.kind !== "found") throw error;
      return there.value.object === sha;
    }
  }

  giveUp({ on, number, commit }: Pick<NewClaim, "on" | "number" | "commit">): Promise<void> {
    return this.#refs.move(`${on}/${number}`, commit, true);
  }

  async #sinceOf({ object, isTagObject }: GithubRef): Promise<Answer<Date>> {
    if (!isTagObject) return { kind: "absent" };
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/git/tags/{tag_sha}", { tag_sha: object });
    const told = this.#at.found(answer, CONTENTS, (data) => this.#at.shaped(tagObject, data));
    if (told.kind !== "found") return told;
    const line = told.value.message.split("\n").find((each) => each.startsWith(SINCE));
    const since = new Date(line?.slice(SINCE.length).trim() ?? "");
    return Number.isNaN(since.getTime()) ? { kind: "absent" } : { kind: "found", value: since };
  }
}
