import * as z from "zod";
import { HoldfastError } from "../../kernel/errors.ts";
import { printableLine } from "../../kernel/printable.ts";
import type { Answer } from "../../ports/forge.ts";
import { GithubClient, messageOf, type GithubAccess, type GithubAnswer } from "./github-client.ts";

const PAGE = 100;
/** A list without an end is an error and no answer; of releases GitHub lists 10,000. */
const PAGES_MAX = 100;
const PLAN = "a plan of GitHub that has this for private repositories";

type Values = Readonly<Record<string, unknown>>;

/** What is to be written, and what to say where it is not taken. */
export interface GithubWrite {
  readonly route: string;
  readonly values: Values;
  /** `the ruleset 'main'` */
  readonly what: string;
  /** Where doing it twice is the same as doing it once. */
  readonly repeatable: boolean;
  /** Hint where the token may not. */
  readonly denied: string;
  /** Hint where GitHub understood, and would not. */
  readonly refused: (message: string) => string;
  /** Whether a 404 with these words says that a thing is not there, and nothing of rights. */
  readonly tellsAbsence?: (message: string) => boolean;
  /** What is sent instead of JSON. */
  readonly bytes?: Buffer;
}

/** One repository's calls: what comes is checked, and what is not shown is told from what is not there. */
export class GithubRepository {
  readonly repository: string;
  readonly #api: string;
  readonly #client: GithubClient;
  readonly #names: { readonly owner: string; readonly repo: string };

  constructor(repository: string, access: GithubAccess) {
    this.repository = repository;
    this.#api = access.api;
    this.#client = new GithubClient(access);
    const [owner = "", repo = ""] = repository.split("/");
    this.#names = { owner, repo };
  }

  read(route: string, values: Values = {}): Promise<GithubAnswer> {
    return this.#client.ask({ route, values: { ...this.#names, ...values }, repeatable: true });
  }

  /** The bytes of a file; where GitHub keeps it elsewhere, it is followed there without the token. */
  bytes(route: string, values: Values): Promise<GithubAnswer> {
    const accept = "application/octet-stream";
    return this.#client.ask({ route, values: { ...this.#names, ...values }, repeatable: true, accept });
  }

  /** Where files are sent: https://docs.github.com/rest/releases/assets#upload-a-release-asset */
  uploads(given: string): string {
    const [api, to] = [new URL(this.#api), URL.canParse(given) ? new URL(given) : undefined];
    const own = [api.host, api.host.replace(/^api\./, "uploads.")];
    if (to?.protocol === api.protocol && own.includes(to.host)) return given;
    throw this.#noAnswer(`it wants files sent to ${to?.host ?? "no address"}, which gets no token`);
  }

  /**
   * All of a list, page by page.
   *
   * @param isEnough whether what was read so far is all that is wanted
   */
  async pages<T>(
    route: string,
    values: Values,
    permission: string,
    read: (data: unknown) => T,
    isEnough: (all: readonly T[]) => boolean = () => false,
  ): Promise<Answer<readonly T[]>> {
    const all: T[] = [];
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const answer = await this.read(route, { ...values, per_page: PAGE, page });
      const found = this.found(answer, permission, (data) =>
        this.shaped(z.array(z.unknown()), data).map(read),
      );
      if (found.kind !== "found") return found;
      all.push(...found.value);
      const isLast = !/rel="next"/.test(String(answer.headers["link"] ?? ""));
      if (isLast || isEnough(all)) return { kind: "found", value: all };
    }
    throw this.#noAnswer(`more than ${PAGES_MAX} pages of ${route}`);
  }

  /** Everything but a found thing is hidden: a 404 does not say that something is not there. */
  found<T>(answer: GithubAnswer, permission: string, read: (data: unknown) => T): Answer<T> {
    if (answer.status === 200) return { kind: "found", value: read(answer.data) };
    const message = printableLine(messageOf(answer.data)).slice(0, 200);
    const isPlan = answer.status === 403 && /\bupgrade\b/i.test(message);
    return {
      kind: "hidden",
      why: `${answer.status} ${message}`.trim(),
      permission: isPlan ? PLAN : permission,
    };
  }

  /** What has to be shown for something to be written. @throws forge.untold */
  shown<T>(answer: GithubAnswer, permission: string, what: string, read: (data: unknown) => T): T {
    const found = this.found(answer, permission, read);
    if (found.kind === "found") return found.value;
    const why = found.kind === "hidden" ? found.why : "it is not there";
    throw new HoldfastError("forge.untold", `${what} cannot be made at ${this.repository}: ${why}`, {
      hint: `Give the token '${permission}', and look that the commit is at GitHub.`,
    });
  }

  /** @throws forge.denied, forge.refused, with the words of {@link GithubWrite} */
  async write({ route, values, what, repeatable, bytes, ...hints }: GithubWrite): Promise<unknown> {
    const answer = await this.#client.ask({
      route,
      values: { ...this.#names, ...values },
      repeatable,
      ...(bytes === undefined ? {} : { bytes }),
    });
    if ([200, 201, 204].includes(answer.status)) return answer.data;
    const message = printableLine(messageOf(answer.data)).slice(0, 300);
    const said = `${what} was not written at ${this.repository}: ${answer.status} ${message}`;
    const isHidden = answer.status === 404 && hints.tellsAbsence?.(message) !== true;
    const isDenied = answer.status === 403 || isHidden;
    throw new HoldfastError(isDenied ? "forge.denied" : "forge.refused", said, {
      hint: isDenied ? hints.denied : hints.refused(message),
    });
  }

  shaped<T>(schema: z.ZodType<T>, data: unknown): T {
    const read = schema.safeParse(data);
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw this.#noAnswer(`${issue?.path.join(".")}: ${issue?.message}`);
  }

  #noAnswer(why: string): HoldfastError {
    return new HoldfastError("forge.unreachable", `${this.#api} answered with what is no answer: ${why}`, {
      hint: "Look whether GITHUB_API_URL is GitHub's API, or a proxy answers in its place.",
    });
  }
}
