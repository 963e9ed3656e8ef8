import * as z from "zod";
import type { Answer } from "../../ports/forge.ts";
import type { Annotation, ForgeTag, ForgeTags, TagAtForge } from "../../ports/forge-tags.ts";
import { CONTENTS_WRITE_HINT, GithubRefs, refusedHint } from "./github-refs.ts";
import type { GithubRepository } from "./github-repository.ts";

const CONTENTS = "Contents: read";

/** Of as many tags one after the other is asked; of more the list is read, a hundred on a page. */
const ASKED_ALONE = 10;

const listed = z.looseObject({ name: z.string(), commit: z.looseObject({ sha: z.string() }) });
const made = z.looseObject({ sha: z.string() });
const tagObject = z.looseObject({
  message: z.string(),
  object: z.looseObject({ sha: z.string(), type: z.string() }),
});

/** A tag of a tag of a tag; more is nobody's release. */
const DEPTH_MAX = 5;

/**
 * A repository's tags at GitHub; a job's token needs `contents: read`, and to write them `contents:
 * write`.
 */
export class GithubTags implements ForgeTags {
  readonly #at: GithubRepository;
  readonly #refs: GithubRefs;
  /** Object of a tag → its commit, which never changes: a plan asks for the same tags again and again. */
  readonly #commits = new Map<string, string>();

  constructor(at: GithubRepository) {
    this.#at = at;
    this.#refs = new GithubRefs(at, "tags");
  }

  beginningWith(prefix: string): Promise<Answer<readonly ForgeTag[]>> {
    return this.#refs.beginningWith(prefix);
  }

  /** https://docs.github.com/rest/repos/repos#list-repository-tags */
  async commits(tags: readonly ForgeTag[]): Promise<Answer<ReadonlyMap<string, string>>> {
    const unknown = tags.filter(({ object }) => !this.#commits.has(object));
    if (unknown.length > ASKED_ALONE) {
      const wanted = new Map(unknown.map(({ name, object }) => [name, object]));
      const route = "GET /repos/{owner}/{repo}/tags";
      const all = await this.#at.pages(route, {}, CONTENTS, (data) => this.#at.shaped(listed, data));
      if (all.kind !== "found") return all;
      for (const { name, commit } of all.value) {
        const object = wanted.get(name);
        if (object !== undefined) this.#commits.set(object, commit.sha);
      }
    } else {
      for (const { name, object } of unknown) {
        const tag = await this.tag(name);
        if (tag.kind === "hidden") return tag;
        if (tag.kind === "found" && tag.value.object === object && tag.value.commit !== undefined) {
          this.#commits.set(object, tag.value.commit);
        }
      }
    }
    const known = tags.flatMap(({ name, object }) => {
      const commit = this.#commits.get(object);
      return commit === undefined ? [] : [[name, commit] as const];
    });
    return { kind: "found", value: new Map(known) };
  }

  async tag(name: string): Promise<Answer<TagAtForge>> {
    const ref = await this.#refs.one(name);
    if (ref.kind !== "found") return ref;
    const { object, isTagObject } = ref.value;
    if (!isTagObject) return { kind: "found", value: { name, object, commit: object, message: undefined } };
    let told: z.infer<typeof tagObject> | undefined;
    for (let depth = 0, at = object; depth < DEPTH_MAX; depth += 1) {
      const route = "GET /repos/{owner}/{repo}/git/tags/{tag_sha}";
      const answer = await this.#at.read(route, { tag_sha: at });
      const found = this.#at.found(answer, CONTENTS, (data) => this.#at.shaped(tagObject, data));
      if (found.kind !== "found") return found;
      told ??= found.value;
      const { sha, type } = found.value.object;
      if (type !== "tag") {
        const commit = type === "commit" ? sha : undefined;
        return { kind: "found", value: { name, object, commit, message: told.message } };
      }
      at = sha;
    }
    return { kind: "found", value: { name, object, commit: undefined, message: told?.message } };
  }

  /** The object first, which nobody sees until the tag names it. https://docs.github.com/rest/git/tags */
  async annotate({ name, commit, message }: Annotation): Promise<void> {
    const data = await this.#at.write({
      route: "POST /repos/{owner}/{repo}/git/tags",
      values: { tag: name, message, object: commit, type: "commit" },
      what: `the tag ${name}`,
      // Made twice it is the same, or another that nothing names.
      repeatable: true,
      denied: CONTENTS_WRITE_HINT,
      refused: refusedHint,
    });
    await this.#refs.create(name, this.#at.shaped(made, data).sha);
  }

  create(name: string, commit: string): Promise<void> {
    return this.#refs.create(name, commit);
  }

  move(name: string, commit: string, { onlyForward }: { readonly onlyForward: boolean }): Promise<void> {
    return this.#refs.move(name, commit, !onlyForward);
  }
}
