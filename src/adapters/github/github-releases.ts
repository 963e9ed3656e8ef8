import * as z from "zod";
import type { Answer } from "../../ports/answer.ts";
import type {
  ForgeRelease,
  ForgeReleases,
  NewAsset,
  NewRelease,
  ReleaseAsset,
} from "../../ports/forge-releases.ts";
import { CONTENTS_WRITE_HINT, refusedHint } from "./github-refs.ts";
import type { GithubRepository, GithubWrite } from "./github-repository.ts";

const CONTENTS = "Contents: read";

const asset = z.looseObject({
  id: z.int(),
  name: z.string(),
  size: z.int(),
  state: z.string(),
  digest: z.string().nullish(),
});
const release = z.looseObject({
  id: z.int(),
  tag_name: z.string(),
  target_commitish: z.string(),
  name: z.string().nullish(),
  body: z.string().nullish(),
  draft: z.boolean(),
  prerelease: z.boolean(),
  published_at: z.string().nullish(),
  immutable: z.boolean().optional(),
  author: z.looseObject({ login: z.string() }).nullish(),
  html_url: z.string(),
  upload_url: z.string(),
  assets: z.array(asset),
});

/** A repository's releases at GitHub; drafts are shown, and anything is written, with `contents: write`. */
export class GithubReleases implements ForgeReleases {
  readonly #at: GithubRepository;

  constructor(at: GithubRepository) {
    this.#at = at;
  }

  all(): Promise<Answer<readonly ForgeRelease[]>> {
    return this.#listed(() => false);
  }

  async ofTag(tag: string): Promise<Answer<readonly ForgeRelease[]>> {
    // Of published ones a tag has one; drafts come before it in the list.
    const all = await this.#listed((read) => read.some((each) => each.tag === tag && !each.isDraft));
    if (all.kind !== "found") return all;
    return { kind: "found", value: all.value.filter((each) => each.tag === tag) };
  }

  async one(id: number): Promise<Answer<ForgeRelease>> {
    const answer = await this.#at.read("GET /repos/{owner}/{repo}/releases/{release_id}", { release_id: id });
    return this.#at.found(answer, CONTENTS, (data) => releaseOf(this.#at.shaped(release, data)));
  }

  async rewrite({ id }: ForgeRelease, given: NewRelease): Promise<void> {
    await this.#write({
      route: "PATCH /repos/{owner}/{repo}/releases/{release_id}",
      values: { release_id: id, ...draftValues(given) },
      what: `the draft of ${given.tag}`,
      repeatable: true,
    });
  }

  async draft(given: NewRelease): Promise<ForgeRelease> {
    const data = await this.#write({
      route: "POST /repos/{owner}/{repo}/releases",
      values: draftValues(given),
      what: `the draft of ${given.tag}`,
      repeatable: false,
    });
    return releaseOf(this.#at.shaped(release, data));
  }

  async discard({ id, tag }: ForgeRelease): Promise<void> {
    await this.#write({
      route: "DELETE /repos/{owner}/{repo}/releases/{release_id}",
      values: { release_id: id },
      what: `the second draft of ${tag}`,
      repeatable: false,
    });
  }

  /** https://docs.github.com/rest/releases/assets#upload-a-release-asset */
  async attach({ id }: ForgeRelease, { name, bytes }: NewAsset): Promise<void> {
    const route = "GET /repos/{owner}/{repo}/releases/{release_id}";
    const answer = await this.#at.read(route, { release_id: id });
    const what = `the file ${name}`;
    const now = this.#at.shown(answer, CONTENTS, what, (data) => this.#at.shaped(release, data));
    const address = this.#at.uploads(now.upload_url.replace(/\{\?[^}]*\}$/, ""));
    await this.#write({
      route: `POST ${address}?name=${encodeURIComponent(name)}`,
      values: {},
      what,
      repeatable: false,
      bytes,
    });
  }

  async detach({ id, name }: ReleaseAsset): Promise<void> {
    await this.#write({
      route: "DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}",
      values: { asset_id: id },
      what: `that the file ${name} goes`,
      repeatable: false,
    });
  }

  async bytesOf({ id }: ReleaseAsset): Promise<Answer<Buffer>> {
    const route = "GET /repos/{owner}/{repo}/releases/assets/{asset_id}";
    const answer = await this.#at.bytes(route, { asset_id: id });
    return this.#at.found(answer, CONTENTS, (data) => Buffer.from(data as ArrayBuffer));
  }

  async publish({ id, tag }: ForgeRelease, { isLatest }: { readonly isLatest: boolean }): Promise<void> {
    await this.#write({
      route: "PATCH /repos/{owner}/{repo}/releases/{release_id}",
      values: { release_id: id, draft: false, make_latest: isLatest ? "true" : "false" },
      what: `that ${tag} is published`,
      repeatable: true,
    });
  }

  #listed(isEnough: (read: readonly ForgeRelease[]) => boolean): Promise<Answer<readonly ForgeRelease[]>> {
    return this.#at.pages(
      "GET /repos/{owner}/{repo}/releases",
      {},
      CONTENTS,
      (data) => releaseOf(this.#at.shaped(release, data)),
      isEnough,
    );
  }

  #write(write: Omit<GithubWrite, "denied" | "refused">): Promise<unknown> {
    return this.#at.write({ ...write, denied: CONTENTS_WRITE_HINT, refused: refusedHint });
  }
}

function draftValues({
  tag,
  commit,
  name,
  body,
  isPrerelease,
}: NewRelease): Readonly<Record<string, unknown>> {
  return { tag_name: tag, target_commitish: commit, name, body, draft: true, prerelease: isPrerelease };
}

function releaseOf(each: z.infer<typeof release>): ForgeRelease {
  return {
    id: each.id,
    tag: each.tag_name,
    target: each.target_commitish,
    name: each.name ?? "",
    body: each.body ?? "",
    isDraft: each.draft,
    isPrerelease: each.prerelease,
    publishedAt: each.draft || each.published_at == null ? undefined : new Date(each.published_at),
    isImmutable: each.immutable === true,
    author: each.author?.login ?? "ghost",
    url: each.html_url,
    assets: each.assets.map(({ id, name, size, state, digest }) => ({
      id,
      name,
      size,
      sha256: /^sha256:([0-9a-f]{64})$/.exec(digest ?? "")?.[1],
      isWhole: state === "uploaded",
    })),
  };
}
