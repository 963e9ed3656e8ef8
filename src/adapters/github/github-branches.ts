import * as z from "zod";
import type { Answer } from "../../ports/answer.ts";
import type { CommitAtForge, ForgeBranches, NewCommit, Standing } from "../../ports/forge-branches.ts";
import { CONTENTS_WRITE_HINT, GithubRefs, refusedHint } from "./github-refs.ts";
import type { GithubRepository } from "./github-repository.ts";

const CONTENTS = "Contents: read";

const object = z.looseObject({ sha: z.string() });
const commitObject = z.looseObject({ tree: object, message: z.string(), parents: z.array(object) });
const comparison = z.looseObject({ status: z.enum(["identical", "ahead", "behind", "diverged"]) });

/** https://docs.github.com/rest/git/trees#create-a-tree */
const [PLAIN_FILE, EXECUTABLE] = ["100644", "100755"];
const COMMIT = "GET /repos/{owner}/{repo}/git/commits/{commit_sha}";

/** A repository's branches at GitHub; writing them needs `contents: write`. */
export class GithubBranches implements ForgeBranches {
  readonly #at: GithubRepository;
  readonly #refs: GithubRefs;

  constructor(at: GithubRepository) {
    this.#at = at;
    this.#refs = new GithubRefs(at, "heads");
  }

  async commit(name: string): Promise<Answer<string>> {
    const ref = await this.#refs.one(name);
    return ref.kind === "found" ? { kind: "found", value: ref.value.object } : ref;
  }

  async beginningWith(
    prefix: string,
  ): Promise<Answer<readonly { readonly name: string; readonly commit: string }[]>> {
    const all = await this.#refs.beginningWith(prefix);
    if (all.kind !== "found") return all;
    return { kind: "found", value: all.value.map(({ name, object: commit }) => ({ name, commit })) };
  }

  create(name: string, commit: string): Promise<void> {
    return this.#refs.create(name, commit);
  }

  advance(name: string, commit: string): Promise<void> {
    return this.#refs.move(name, commit, false);
  }

  /**
   * Objects that no branch has are seen by nobody, and are gone some day. https://docs.github.com/rest/git
   *
   */
  async write({ parent, message, files, executables }: NewCommit): Promise<string> {
    const what = `a commit on ${parent.slice(0, 7)}`;
    const answer = await this.#at.read(COMMIT, { commit_sha: parent });
    const before = this.#at.shown(answer, CONTENTS, what, (data) => this.#at.shaped(commitObject, data));
    const tree = await this.#make("POST /repos/{owner}/{repo}/git/trees", what, {
      base_tree: before.tree.sha,
      tree: [...files].map(([path, content]) => ({
        path,
        mode: executables.has(path) ? EXECUTABLE : PLAIN_FILE,
        type: "blob",
        content,
      })),
    });
    return this.#make("POST /repos/{owner}/{repo}/git/commits", what, { message, tree, parents: [parent] });
  }

  async details(commit: string): Promise<Answer<CommitAtForge>> {
    const answer = await this.#at.read(COMMIT, { commit_sha: commit });
    return this.#at.found(answer, CONTENTS, (data) => {
      const { message, tree, parents } = this.#at.shaped(commitObject, data);
      return { message, tree: tree.sha, parents: parents.map(({ sha }) => sha) };
    });
  }

  async standing(base: string, head: string): Promise<Answer<Standing>> {
    const route = "GET /repos/{owner}/{repo}/compare/{basehead}";
    const answer = await this.#at.read(route, { basehead: `${base}...${head}`, per_page: 1 });
    return this.#at.found(answer, CONTENTS, (data) => this.#at.shaped(comparison, data).status);
  }

  async #make(route: string, what: string, values: Readonly<Record<string, unknown>>): Promise<string> {
    const hints = { denied: CONTENTS_WRITE_HINT, refused: refusedHint };
    const data = await this.#at.write({ route, values, what, repeatable: true, ...hints });
    return this.#at.shaped(object, data).sha;
  }
}
