import { createHash } from "node:crypto";
import type { ApiDescription, Operation } from "./description.ts";
import { DENIED, FakeForge, NOT_FOUND, type KeptPull } from "./fake-forge.ts";
import { DOCS, page, type Plain } from "./fake-rules.ts";
import { runSmall } from "../small-process.ts";

/** A file of a release; `open` where it has not wholly arrived. */
export interface KeptAsset {
  readonly id: number;
  readonly name: string;
  bytes: Buffer;
  state: "uploaded" | "open";
}

export interface KeptRelease {
  readonly id: number;
  tag: string;
  commitish: string;
  name: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  immutable: boolean;
  author: string;
  latest: boolean;
  /** When it was published; of a draft nobody asks. */
  published: Date;
  assets: KeptAsset[];
}

/** A run of a workflow that was started by a call. */
export interface KeptRun {
  readonly workflow: string;
  /** Name of its branch or tag. */
  readonly ref: string;
  /** Hash of its commit. */
  readonly sha: string;
  readonly inputs: Plain;
  status: string;
  conclusion: string | null;
  /** Just now, unless told. */
  readonly created?: Date;
}

/** What nobody may write into a body: https://docs.github.com/rest/releases/releases */
const BODY_MAX = 125_000;
const PULL_BODY_MAX = 65_536;
const PULL_TITLE_MAX = 256;

/**
 * One repository at GitHub with its releases, and real git behind its git data: branches and tags are
 * those of
 * a bare repository, which tests clone. See {@link FakeForge}.
 */
export class FakeReleases extends FakeForge {
  releases: KeptRelease[] = [];
  runs: KeptRun[] = [];
  /** Files below .github/workflows that can be started. */
  workflows = ["deploy.yml"];
  /** Whose token it is. */
  login = "holdfast[bot]";
  /** Whether releases cannot be changed once they are published. */
  immutable = false;
  mayWriteContents = true;
  mayOpenPulls = true;
  mayStart = true;
  /** What time it is there. */
  now: () => Date = () => new Date("2026-11-28T12:00:00Z");
  /** Refs, by their whole names, that a rule forbids to make or move. */
  ruled: (ref: string) => boolean = () => false;
  readonly #origin: string;
  #next = 1;

  /** @param origin path of the bare repository */
  constructor(description: ApiDescription, token: string, origin: string) {
    super(description, token);
    this.#origin = origin;
  }

  /** Runs git in the repository. */
  git(words: readonly string[], input?: string): { readonly ok: boolean; readonly out: string } {
    const identity = ["-c", "user.name=GitHub", "-c", "user.email=noreply@github.com"];
    const all = ["-C", this.#origin, ...identity, ...words];
    const { status, stdout } = runSmall("git", all, { input: input ?? "" });
    return { ok: status === 0, out: stdout.toString("utf8").trim() };
  }

  /** Hash of a ref's object; undefined where there is none. */
  ref(name: string): string | undefined {
    const { ok, out } = this.git(["rev-parse", "--verify", "--quiet", name]);
    return ok ? out : undefined;
  }

  /** Puts a release there as somebody would in the browser. */
  release(given: Partial<KeptRelease> & Pick<KeptRelease, "tag">): KeptRelease {
    const kept: KeptRelease = {
      id: this.#id(),
      commitish: "main",
      name: given.tag,
      body: "",
      draft: false,
      prerelease: false,
      immutable: false,
      author: this.login,
      latest: false,
      published: this.now(),
      assets: [],
      ...given,
    };
    this.releases.unshift(kept);
    return kept;
  }

  /** Merges a pull request as somebody would with the button. @returns the commit that its base is on then */
  merge(number: number, how: "merge" | "squash" = "merge"): string {
    const pull = this.pulls.find((each) => each.number === number)!;
    const [base, head] = [`refs/heads/${pull.base}`, `refs/heads/${pull.branch}`];
    const tree = this.git(["merge-tree", "--write-tree", base, head]);
    if (!tree.ok) throw new Error(`#${number} conflicts`);
    const parents = how === "merge" ? ["-p", base, "-p", head] : ["-p", base];
    const title = how === "merge" ? `Merge pull request #${number} from acme/${pull.branch}` : pull.title;
    const { out } = this.git(["commit-tree", tree.out, ...parents, "-m", title]);
    pull.sha = this.ref(head)!;
    this.git(["update-ref", base, out]);
    Object.assign(pull, { state: "closed", merged: true });
    this.associated.set(out, [number]);
    return out;
  }

  protected override more(operation: Operation, url: URL, body: Plain): [number, unknown] | undefined {
    const called = `${operation.method} ${operation.path.slice("/repos/{owner}/{repo}".length)}`;
    const isContents = /^\w+ \/(git|releases|compare)/.test(called);
    if (isContents && operation.method !== "GET" && !this.mayWriteContents) return DENIED;
    if (isContents && !this.mayReadContents) return DENIED;
    return (
      this.#gitData(called, operation, body) ??
      (called === "GET /tags" ? [200, this.#listedTags(operation, url)] : undefined) ??
      this.#releases(called, operation, url, body) ??
      this.#work(called, operation, url, body) ??
      this.#proposals(called, operation, url, body) ??
      super.more(operation, url, body)
    );
  }

  #id(): number {
    return (this.#next += 1);
  }

  #gitData(called: string, operation: Operation, body: Plain): [number, unknown] | undefined {
    const { values } = operation;
    switch (called) {
      case "GET /git/matching-refs/{ref}":
        return [200, this.#matching(operation)];
      case "POST /git/refs":
        return this.#createRef(operation, String(body["ref"]), String(body["sha"]));
      case "PATCH /git/refs/{ref}":
        return this.#moveRef(
          operation,
          `refs/${values["ref"]!}`,
          String(body["sha"]),
          body["force"] === true,
        );
      case "POST /git/tags":
        return this.#tagObject(operation, body);
      case "GET /git/tags/{tag_sha}": {
        const { ok, out } = this.git(["cat-file", "tag", values["tag_sha"]!]);
        return ok ? [200, tagOf(operation.example(200) as Plain, values["tag_sha"]!, out)] : NOT_FOUND;
      }
      case "GET /git/commits/{commit_sha}": {
        const tree = this.git(["rev-parse", "--verify", "--quiet", `${values["commit_sha"]!}^{tree}`]);
        return tree.ok ? [200, this.#commit(operation, 200, values["commit_sha"]!, tree.out)] : NOT_FOUND;
      }
      case "POST /git/trees":
        return this.#tree(operation, body);
      case "POST /git/commits": {
        const parents = (body["parents"] as string[]).flatMap((each) => ["-p", each]);
        const words = ["commit-tree", String(body["tree"]), ...parents, "-F", "-"];
        const { out } = this.git(words, String(body["message"]));
        return [201, this.#commit(operation, 201, out, String(body["tree"]))];
      }
      case "GET /compare/{basehead}":
        return this.#compared(operation);
      default:
        return undefined;
    }
  }

  #matching(operation: Operation): unknown {
    const [example] = operation.example(200) as Plain[];
    const format = "--format=%(objecttype) %(objectname) %(refname)";
    const all = this.git(["for-each-ref", format, "refs/heads/", "refs/tags/", "refs/holdfast/"]).out;
    return all
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, , name]) => name?.startsWith(`refs/${operation.values["ref"]!}`))
      .map(([type, sha, ref]) => ({
        ...example,
        ref,
        object: { ...(example!["object"] as Plain), type, sha },
      }));
  }

  /** With the commits that they name in the end; the greatest name first. */
  #listedTags(operation: Operation, url: URL): unknown {
    const [example] = operation.example(200) as Plain[];
    const format = "--format=%(objectname) %(*objectname) %(refname:strip=2)";
    const all = this.git(["for-each-ref", "--sort=-refname", format, "refs/tags/"]).out.split("\n");
    return page(url, all.filter(Boolean)).map((line) => {
      const [object = "", peeled = "", name = ""] = line.split(" ");
      const sha = peeled === "" ? object : peeled;
      return { ...example, name, commit: { ...(example!["commit"] as Plain), sha } };
    });
  }

  #createRef(operation: Operation, ref: string, sha: string): [number, unknown] {
    if (this.ref(ref) !== undefined) return invalid("Reference already exists");
    if (this.ref(`${sha}^{object}`) === undefined) return invalid("Object does not exist");
    return this.#updated(operation, 201, ref, sha);
  }

  #moveRef(operation: Operation, ref: string, sha: string, force: boolean): [number, unknown] {
    const now = this.ref(`${ref}^{commit}`);
    if (now === undefined) return invalid("Reference does not exist");
    const isForward = this.git(["merge-base", "--is-ancestor", now, sha]).ok;
    if (!force && !isForward) return invalid("Update is not a fast forward");
    return this.#updated(operation, 200, ref, sha);
  }

  #updated(operation: Operation, status: number, ref: string, sha: string): [number, unknown] {
    if (this.ruled(ref)) {
      return invalid(
        "Repository rule violations found\n\nCannot create ref due to creations being restricted.",
      );
    }
    if (this.#isFrozen(ref) && this.ref(ref) !== undefined) {
      return invalid("Cannot update this protected ref.");
    }
    // As a push would: hooks of the repository are asked.
    this.git(["update-ref", ref, sha]);
    const example = operation.example(status) as Plain;
    const type = this.git(["cat-file", "-t", sha]).out;
    return [status, { ...example, ref, object: { ...(example["object"] as Plain), sha, type } }];
  }

  #isFrozen(ref: string): boolean {
    return this.releases.some(
      ({ tag, draft, immutable }) => immutable && !draft && ref === `refs/tags/${tag}`,
    );
  }

  #tagObject(operation: Operation, body: Plain): [number, unknown] {
    const { tag, message, object, type } = body as Record<string, string>;
    const tagger = "tagger GitHub <noreply@github.com> 1700000000 +0000";
    const text = `object ${object}\ntype ${type}\ntag ${tag}\n${tagger}\n\n${message}\n`;
    const { ok, out } = this.git(["mktag"], text);
    if (!ok) return invalid("Object does not exist");
    return [201, tagOf(operation.example(201) as Plain, out, text)];
  }

  #tree(operation: Operation, body: Plain): [number, unknown] {
    const index = ["-c", "core.bare=true"];
    const lines = this.git(["ls-tree", "-r", "-z", String(body["base_tree"])])
      .out.split("\0")
      .filter(Boolean);
    const files = new Map(lines.map((line) => [line.slice(line.indexOf("\t") + 1), line]));
    for (const { path, mode, content } of body["tree"] as Record<string, string>[]) {
      const { out } = this.git([...index, "hash-object", "-w", "--stdin"], content);
      files.set(path!, `${mode} blob ${out}\t${path}`);
    }
    const root = this.#written([...files].map(([path, line]) => [path.split("/"), line] as const));
    return [201, { ...(operation.example(201) as Plain), sha: root }];
  }

  /** `git mktree` makes one level at a time. */
  #written(files: readonly (readonly [readonly string[], string])[]): string {
    const [here, below] = [
      files.filter(([path]) => path.length === 1),
      files.filter(([path]) => path.length > 1),
    ];
    const folders = Map.groupBy(below, ([path]) => path[0]!);
    const lines = [
      ...here.map(([[name], line]) => `${line.slice(0, line.indexOf("\t"))}\t${name}`),
      ...[...folders].map(
        ([name, inside]) =>
          `040000 tree ${this.#written(inside.map(([path, line]) => [path.slice(1), line]))}\t${name}`,
      ),
    ];
    return this.git(["mktree"], lines.map((line) => `${line}\n`).join("")).out;
  }

  #commit(operation: Operation, status: number, sha: string, tree: string): Plain {
    const example = operation.example(status) as Plain;
    const [parents = "", ...message] = this.git(["show", "--no-patch", "--format=%P%n%B", sha]).out.split(
      "\n",
    );
    const [parent] = example["parents"] as Plain[];
    return {
      ...example,
      sha,
      tree: { ...(example["tree"] as Plain), sha: tree },
      message: message.join("\n"),
      parents: parents
        .split(" ")
        .filter(Boolean)
        .map((each) => ({ ...parent, sha: each })),
    };
  }

  #compared(operation: Operation): [number, unknown] {
    const [base = "", head = ""] = operation.values["basehead"]!.split("...");
    const [one, other] = [this.ref(`${base}^{commit}`), this.ref(`${head}^{commit}`)];
    if (one === undefined || other === undefined) return NOT_FOUND;
    const count = this.git(["rev-list", "--left-right", "--count", `${one}...${other}`]).out;
    const [behind = 0, ahead = 0] = count.split("\t").map(Number);
    const status =
      behind > 0 && ahead > 0 ? "diverged" : ahead > 0 ? "ahead" : behind > 0 ? "behind" : "identical";
    const example = operation.example(200) as Plain;
    return [200, { ...example, status, ahead_by: ahead, behind_by: behind }];
  }

  #releases(called: string, operation: Operation, url: URL, body: Plain): [number, unknown] | undefined {
    const { values } = operation;
    if (!/^\w+ \/releases/.test(called)) return undefined;
    const kept = this.releases.find(({ id }) => id === Number(values["release_id"]));
    switch (called) {
      case "GET /releases": {
        const [example] = operation.example(200) as Plain[];
        const seen = this.releases.filter(({ draft }) => !draft || this.mayWriteContents);
        return [200, page(url, seen).map((each) => this.#release(example!, each, url))];
      }
      case "POST /releases":
        return this.#drafted(operation, url, body);
      case "GET /releases/tags/{tag}": {
        // Drafts have none yet.
        const tagged = this.releases.find(({ tag, draft }) => !draft && tag === values["tag"]);
        return tagged === undefined
          ? NOT_FOUND
          : [200, this.#release(operation.example(200) as Plain, tagged, url)];
      }
      case "GET /releases/{release_id}":
        return kept === undefined
          ? NOT_FOUND
          : [200, this.#release(operation.example(200) as Plain, kept, url)];
      case "PATCH /releases/{release_id}":
        return kept === undefined ? NOT_FOUND : this.#published(operation, url, kept, body);
      case "DELETE /releases/{release_id}":
        this.releases = this.releases.filter((each) => each !== kept);
        return kept === undefined ? NOT_FOUND : [204, undefined];
      case "POST /releases/{release_id}/assets":
        return kept === undefined ? NOT_FOUND : this.#attached(operation, url, kept, body["bytes"] as Buffer);
      default:
        return this.#asset(called, Number(values["asset_id"]));
    }
  }

  #drafted(operation: Operation, url: URL, body: Plain): [number, unknown] {
    if (String(body["body"]).length > BODY_MAX) {
      return invalid("body is too long (maximum is 125000 characters)");
    }
    const kept = this.release({
      tag: String(body["tag_name"]),
      commitish: String(body["target_commitish"]),
      name: String(body["name"]),
      body: String(body["body"]),
      draft: body["draft"] === true,
      prerelease: body["prerelease"] === true,
    });
    return [201, this.#release(operation.example(201) as Plain, kept, url)];
  }

  #published(operation: Operation, url: URL, kept: KeptRelease, body: Plain): [number, unknown] {
    const { tag_name: tag, target_commitish: commitish, name, body: text, prerelease } = body;
    const given = { tag, commitish, name, body: text, prerelease };
    Object.assign(kept, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
    if (body["draft"] === false) {
      // GitHub makes the tag where there is none.
      if (this.ref(`refs/tags/${kept.tag}`) === undefined) {
        this.git(["update-ref", `refs/tags/${kept.tag}`, kept.commitish]);
      }
      Object.assign(kept, { draft: false, immutable: this.immutable, published: this.now() });
    }
    if (body["make_latest"] === "true") {
      for (const each of this.releases) each.latest = each === kept;
    }
    return [200, this.#release(operation.example(200) as Plain, kept, url)];
  }

  #attached(operation: Operation, url: URL, kept: KeptRelease, bytes: Buffer): [number, unknown] {
    const name = url.searchParams.get("name")!;
    if (kept.immutable) return invalid("Cannot upload assets to an immutable release.");
    if (kept.assets.some((each) => each.name === name)) {
      return [422, { message: "Validation Failed", documentation_url: DOCS, errors: [ALREADY] }];
    }
    const made: KeptAsset = { id: this.#id(), name, bytes, state: "uploaded" };
    kept.assets.push(made);
    return [201, assetOf(operation.example(201) as Plain, made)];
  }

  #asset(called: string, id: number): [number, unknown] | undefined {
    const kept = this.releases.find(({ assets }) => assets.some((each) => each.id === id));
    const asset = kept?.assets.find((each) => each.id === id);
    if (kept === undefined || asset === undefined) return NOT_FOUND;
    if (called.startsWith("GET ")) return [200, asset.bytes];
    if (kept.immutable) return invalid("Cannot delete asset from an immutable release.");
    kept.assets = kept.assets.filter((each) => each !== asset);
    return [204, undefined];
  }

  #release(example: Plain, kept: KeptRelease, url: URL): Plain {
    const [asset] = example["assets"] as Plain[];
    return {
      ...example,
      id: kept.id,
      tag_name: kept.tag,
      target_commitish: kept.commitish,
      name: kept.name,
      body: kept.body,
      draft: kept.draft,
      published_at: kept.draft ? null : kept.published.toISOString(),
      prerelease: kept.prerelease,
      immutable: kept.immutable,
      author: { ...(example["author"] as Plain), login: kept.author },
      html_url: `https://github.com/acme/shop/releases/tag/${kept.tag}`,
      upload_url: `${url.origin}/repos/acme/shop/releases/${kept.id}/assets{?name,label}`,
      assets: kept.assets.map((each) => assetOf(asset!, each)),
    };
  }

  #work(called: string, operation: Operation, url: URL, body: Plain): [number, unknown] | undefined {
    const workflow = operation.values["workflow_id"];
    if (workflow === undefined) return undefined;
    if (!this.workflows.includes(workflow)) return NOT_FOUND;
    if (called.startsWith("POST ")) {
      if (!this.mayStart) return DENIED;
      const given = String(body["ref"]);
      // Of a short name that a branch and a tag have, nobody says which is meant.
      const whole = [given, `refs/heads/${given}`, `refs/tags/${given}`].find(
        (name) => name.startsWith("refs/") && this.ref(name) !== undefined,
      );
      if (whole === undefined) return invalid(`No ref found for: ${given}`);
      this.runs.unshift({
        workflow,
        ref: whole.replace(/^refs\/(?:heads|tags)\//, ""),
        sha: this.ref(`${whole}^{commit}`)!,
        inputs: (body["inputs"] ?? {}) as Plain,
        status: "queued",
        conclusion: null,
        created: this.now(),
      });
      return [204, undefined];
    }
    const example = operation.example(200) as { readonly workflow_runs: Plain[] };
    const wanted = this.runs.filter(
      (each) => each.workflow === workflow && each.ref === (url.searchParams.get("branch") ?? each.ref),
    );
    const shown = page(url, wanted).map((kept) => ({
      ...example.workflow_runs[0]!,
      head_branch: kept.ref,
      head_sha: kept.sha,
      status: kept.status,
      conclusion: kept.conclusion,
      created_at: (kept.created ?? this.now()).toISOString(),
      // The oldest is the first.
      html_url: `https://github.com/acme/shop/actions/runs/${this.runs.length - this.runs.indexOf(kept)}`,
    }));
    return [200, { total_count: wanted.length, workflow_runs: shown }];
  }

  #proposals(called: string, operation: Operation, url: URL, body: Plain): [number, unknown] | undefined {
    if (called === "POST /pulls") return this.#opened(operation, body);
    if (called === "PATCH /pulls/{pull_number}") return this.#described(operation, body);
    if (called !== "GET /pulls") return undefined;
    if (!this.mayReadPulls) return DENIED;
    const [example] = operation.example(200) as Plain[];
    const [head, base] = [url.searchParams.get("head"), url.searchParams.get("base")];
    const all = this.pulls.filter(
      (each) => head === `acme:${each.branch}` && (base === null || base === each.base),
    );
    return [200, page(url, [...all].reverse()).map((each) => this.shownPull(example!, each))];
  }

  #described(operation: Operation, body: Plain): [number, unknown] {
    if (!this.mayOpenPulls) return DENIED;
    const kept = this.pulls.find(({ number }) => number === Number(operation.values["pull_number"]));
    if (kept === undefined) return NOT_FOUND;
    kept.body = String(body["body"]);
    return [200, this.shownPull(operation.example(200) as Plain, kept)];
  }

  #opened(operation: Operation, body: Plain): [number, unknown] {
    const { head, base, title, body: text } = body as Record<string, string>;
    if (!this.mayOpenPulls) {
      return [
        403,
        {
          message: "GitHub Actions is not permitted to create or approve pull requests.",
          documentation_url: DOCS,
        },
      ];
    }
    if ((text ?? "").length > PULL_BODY_MAX) return invalid("body is too long (maximum is 65536 characters)");
    if (title!.length > PULL_TITLE_MAX) return invalid("title is too long (maximum is 256 characters)");
    const sha = this.ref(`refs/heads/${head}`);
    if (sha === undefined) return invalid("head invalid");
    if (this.ref(`refs/heads/${base}`) === undefined) return invalid("base invalid");
    const isSame = ({ branch, base: into, repository }: KeptPull): boolean =>
      repository === "acme/shop" && branch === head && into === base;
    if (this.pulls.some((each) => each.state === "open" && isSame(each))) {
      return invalid(`A pull request already exists for acme:${head}.`);
    }
    if (this.git(["merge-base", "--is-ancestor", sha, `refs/heads/${base}`]).ok) {
      return invalid(`No commits between ${base} and ${head}`);
    }
    const number = 1 + Math.max(0, ...this.pulls.map((each) => each.number));
    const kept = this.pull({ number, title: title!, body: text ?? "", branch: head!, base: base!, sha });
    return [201, this.shownPull(operation.example(201) as Plain, kept)];
  }

  protected override shownPull(example: Plain, kept: KeptPull): Plain {
    const sha = kept.state === "open" ? (this.ref(`refs/heads/${kept.branch}`) ?? kept.sha) : kept.sha;
    const shown = super.shownPull(example, { ...kept, sha });
    const clean = this.git(["merge-tree", "--write-tree", `refs/heads/${kept.base}`, sha]);
    return {
      ...shown,
      html_url: `https://github.com/acme/shop/pull/${kept.number}`,
      merged_at: kept.merged ? "2026-11-28T00:00:00Z" : null,
      ...("mergeable" in example ? { mergeable: kept.state === "open" ? clean.ok : null } : {}),
    };
  }
}

const ALREADY = { resource: "ReleaseAsset", code: "already_exists", field: "name" };

function invalid(message: string): [number, unknown] {
  return [422, { message, documentation_url: DOCS }];
}

function tagOf(example: Plain, sha: string, text: string): Plain {
  const [, object] = /^object (\S+)$/m.exec(text)!;
  const [, type] = /^type (\S+)$/m.exec(text)!;
  const [, tag] = /^tag (.+)$/m.exec(text)!;
  const message = text.slice(text.indexOf("\n\n") + 2);
  return { ...example, sha, tag, message, object: { ...(example["object"] as Plain), sha: object, type } };
}

function assetOf(example: Plain, { id, name, bytes, state }: KeptAsset): Plain {
  const digest = state === "uploaded" ? `sha256:${createHash("sha256").update(bytes).digest("hex")}` : null;
  return { ...example, id, name, size: bytes.length, state, digest };
}
